// Numbers and shapes as people write them, as `resviz.units` does.

const PREFIXES = [[1e3, "k"], [1e6, "M"], [1e9, "G"], [1e12, "T"]];

// Bytes of one value; networks are cast among the floating ones.
const FLOAT_BYTES = { float64: 8, float32: 4, float16: 2, bfloat16: 2 };
const VALUE_BYTES = { ...FLOAT_BYTES, int64: 8, int32: 4, int8: 1, uint8: 1, bool: 1 };

const groupDigits = (number) => Math.round(number).toLocaleString("en");

// "4.09 G": three digits, rounded before the unit is chosen.
function formatCount(number) {
  if (number < 1000) return String(Math.round(number * 100) / 100);
  for (const [size, prefix] of PREFIXES) {
    const whole = String(Math.floor(number / size)).length;
    const rounded = Number((number / size).toFixed(Math.max(3 - whole, 0)));
    if (rounded < 1000 || prefix === "T") {
      const digits = Math.max(3 - String(Math.trunc(rounded)).length, 0);
      return `${rounded.toFixed(digits)} ${prefix}`;
    }
  }
  return String(number);
}

function formatBytes(bytes) {
  const mebibytes = bytes / 2 ** 20;
  if (bytes > 0 && mebibytes < 0.01) return `${groupDigits(bytes)} B`;
  if (mebibytes >= 1024) return `${(mebibytes / 1024).toFixed(2)} GiB`;
  return `${mebibytes.toLocaleString("en", { minimumFractionDigits: 2, maximumFractionDigits: 2 })} MiB`;
}

function formatShare(part, whole) {
  if (!whole) return "–";
  const percent = (100 * part) / whole;
  return percent > 0 && percent < 0.05 ? "< 0.1 %" : `${percent.toFixed(1)} %`;
}

const formatSizes = (sizes) => (sizes.length ? sizes.join("×") : "scalar");

// One number where all axes agree, as "3" of (3, 3).
const formatAxes = (sizes) => (new Set(sizes).size === 1 ? String(sizes[0]) : sizes.join("×"));

const product = (sizes) => sizes.reduce((whole, size) => whole * size, 1);

const plural = (number, thing) => `${groupDigits(number)} ${thing}${number === 1 ? "" : "s"}`;

const sum = (numbers) => numbers.reduce((whole, number) => whole + number, 0);
