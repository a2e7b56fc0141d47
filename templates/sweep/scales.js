// Where values lie along an axis: numbers, their logarithms, or words, each a place.

const roundSteps = [1, 2, 5, 10];

function makeScale(values, { isWord, isLog, start, end, room }) {
  const known = values.filter((value) => value !== null);
  if (isWord) return makeWordScale([...new Set(known)], start, end);
  const turn = isLog ? Math.log10 : (value) => value;
  let [low, high] = [Infinity, -Infinity];
  for (const value of known) [low, high] = [Math.min(low, turn(value)), Math.max(high, turn(value))];
  if (low > high) [low, high] = [0, 1];
  const margin = low === high ? Math.abs(low) * 0.05 || 1 : (high - low) * 0.06;
  [low, high] = [low - margin, high + margin];
  const place = (value) => start + ((turn(value) - low) / (high - low)) * (end - start);
  const numbers = isLog ? listLogTicks(low, high, room) : listTicks(low, high, room);
  return { place, ticks: numbers.map(([value, text]) => ({ place: place(value), text })) };
}

function makeWordScale(words, start, end) {
  const numbers = new Map(words.map((word, number) => [word, number]));
  const place = (word) => start + ((numbers.get(word) + 0.5) / words.length) * (end - start);
  return { place, ticks: words.map((word) => ({ place: place(word), text: shorten(word, 14) })) };
}

function listTicks(low, high, room) {
  const rough = (high - low) / room;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = roundSteps.find((it) => it * power >= rough) * power;
  const digits = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  const ticks = [];
  for (let number = Math.ceil(low / step); number * step <= high; number += 1) ticks.push([number * step, writeTick(number * step, digits)]);
  return ticks;
}

function listLogTicks(low, high, room) {
  const ticks = [];
  for (let power = Math.floor(low); power <= high; power += 1) {
    for (const step of [1, 2, 5]) {
      const value = step * 10 ** power;
      if (Math.log10(value) >= low && Math.log10(value) <= high) ticks.push([value, writeTick(value, Math.max(0, -power))]);
    }
  }
  const decades = ticks.filter(([value]) => Number.isInteger(Math.round(Math.log10(value) * 1e9) / 1e9));
  return ticks.length > room && decades.length > 1 ? decades : ticks;
}

function writeTick(value, digits) {
  const sign = value < 0 ? "−" : "";
  const size = Math.abs(value);
  return sign + (size >= 1000 ? formatCount(size).replace(/\.0+(?= )/, "") : size.toFixed(digits));
}

const shorten = (text, most) => (text.length > most ? `${text.slice(0, most - 1)}…` : text);

// A number as the page says it, exactly; words as they are.
function writeValue(value) {
  if (value === null || value === undefined) return "unknown";
  if (typeof value !== "number") return String(value);
  return `${value < 0 ? "−" : ""}${Math.abs(value).toLocaleString("en", { maximumFractionDigits: 6 })}`;
}
