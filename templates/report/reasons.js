// Why a number is what it is, in the arithmetic of a textbook. Nothing is counted here:
// a reason is shown only where it comes out at the number that the page has.

const CONVENTIONS = {
  macs: "One MAC is one multiply-accumulate of a convolution, linear layer or matrix product; 1 MAC = 2 FLOPs.",
  params: "Every parameter tensor is counted once, where it is read first.",
  activations: "Values that convolutions give, as Radosavovic et al. 2020 count activations.",
  memory: "Bytes of the tensors that the forward makes; what works in place makes none.",
  field: "r = 1 + Σ (k − 1) · Π s: pixels of the input that one position sees, which borders do not cut.",
};

// "floor((56 + 2·1 − 3)/2) + 1 = 28", a line for each different axis.
function explainSize(store, layer) {
  const { window } = layer;
  const axes = window?.kernel.length;
  const before = window && store.inputShape(layer).slice(-axes);
  const after = window && store.shapeOf(layer).slice(-axes);
  if (!window || before.length !== axes || after.length !== axes) return "";
  const lines = window.kernel.map((kernel, axis) => {
    const [size, step, padding, dilation] = [before[axis], window.stride[axis], window.padding[axis], window.dilation[axis]];
    const reach = dilation > 1 ? `${dilation}·(${kernel} − 1) − 1` : String(kernel);
    const covered = dilation * (kernel - 1) + 1;
    if (window.transposed) {
      const grown = (size - 1) * step - 2 * padding + covered;
      const line = `(${size} − 1)·${step} − 2·${padding} + ${dilation > 1 ? `${dilation}·(${kernel} − 1) + 1` : kernel}`;
      const rest = after[axis] - grown;
      return rest >= 0 && rest < Math.max(step, dilation) ? `${line}${rest ? ` + ${rest}` : ""} = ${after[axis]}` : "";
    }
    const places = (size + 2 * padding - covered) / step;
    const result = (window.ceil ? Math.ceil(places) : Math.floor(places)) + 1;
    const padded = padding ? `${size} + 2·${padding}` : String(size);
    return result === after[axis] ? `${window.ceil ? "ceil" : "floor"}((${padded} − ${reach})/${step}) + 1 = ${result}` : "";
  });
  return lines.includes("") ? "" : [...new Set(lines)].join("; ");
}

// "64 · 256 · 1 · 1 · 56²": the weights, and at how many positions they are used.
function explainMacs(store, layer) {
  const macs = store.numbers.macs[layer.index];
  const weight = layer.weights.find((sizes) => sizes.length > 1);
  if (!macs) return layer.isUnknown ? "No rule says what it costs." : "";
  if (weight && macs % product(weight) === 0) {
    const places = macs / product(weight);
    const words = describePlaces(store, layer, places, weight);
    if (words !== null) return `${[...weight, words].filter((each) => each !== "").join(" · ")} = ${groupDigits(macs)}`;
  }
  return explainProduct(store, layer, macs);
}

// So many positions as sizes of what a layer gives or reads: "56²", "8 · 14²"; else null.
function describePlaces(store, layer, places, weight) {
  if (places === 1) return "";
  const axes = weight.length - 2;
  for (const shape of [store.shapeOf(layer), store.inputShape(layer)]) {
    const positions = axes > 0 ? shape.slice(-axes) : shape.slice(0, -1).filter((size, axis) => axis || size > 1);
    const batch = axes > 0 ? shape.slice(0, -axes - 1) : [];
    if (product(positions) * product(batch) !== places) continue;
    const isSquare = positions.length > 1 && new Set(positions).size === 1;
    const power = isSquare ? [`${positions[0]}${positions.length === 2 ? "²" : "³"}`] : positions.filter((size) => size > 1);
    return [...batch.filter((size) => size > 1), ...power].join(" · ");
  }
  return null;
}

// A product of two activations, (…, M, K) by (…, K, N).
function explainProduct(store, layer, macs) {
  const output = store.shapeOf(layer);
  const values = product(output);
  const inner = values ? macs / values : 0;
  const isShared = store.inputShape(layer).includes(inner) && layer.sources.length > 1;
  return isShared ? `${[...output.filter((size) => size > 1), inner].join(" · ")} = ${groupDigits(macs)}` : "";
}

function explainParams(layer) {
  if (!layer.params) return "";
  const tensors = layer.weights.map((sizes) => (sizes.length > 1 ? sizes.join(" · ") : String(product(sizes))));
  const counted = tensors.length > 4 ? [...tensors.slice(0, 3), `${tensors.length - 3} more tensors`] : tensors;
  const words = counted.join(" + ");
  return words === String(layer.params) ? "" : `${words} = ${groupDigits(layer.params)}`;
}

function explainActivations(store, layer) {
  const number = store.numbers.activations[layer.index];
  const shape = store.shapeOf(layer);
  if (!number || product(shape) !== number) return "";
  return `${shape.filter((size) => size > 1).join(" · ")} = ${groupDigits(number)}`;
}

function explainMemory(store, layer) {
  const bytes = store.numbers.allocated[layer.index];
  const each = VALUE_BYTES[store.numbers.dtype];
  const values = product(store.shapeOf(layer));
  if (!bytes) return "It works in place, or gives a view of what there is.";
  return values * each === bytes ? `${groupDigits(values)} values · ${each} bytes of ${store.numbers.dtype}` : "";
}

// "19 = 11 + (3 − 1) · 4", or that branches meet.
function explainField(store, layer) {
  const sizes = measureField(layer);
  if (sizes === Infinity) return "It sees all of the input.";
  if (!sizes) return layer.field ? "No rule says what it sees." : "It does not see the input.";
  const before = layer.sources.map(([source]) => (source < 0 ? { size: 1, stride: 1 } : store.network.layers[source].field?.[0]));
  const own = layer.field[0];
  const { window } = layer;
  if (window && before[0]?.size && layer.field.every((axis) => axis.size === own.size)) {
    const grown = before[0].size + window.dilation[0] * (window.kernel[0] - 1) * before[0].stride;
    const step = window.dilation[0] > 1 ? `${window.dilation[0]} · (${window.kernel[0]} − 1)` : `(${window.kernel[0]} − 1)`;
    if (grown === own.size && window.kernel[0] > 1) return `${before[0].size} + ${step} · ${before[0].stride} = ${own.size}`;
  }
  if (before.length > 1) return "The union of what its branches see.";
  return before[0]?.size === own.size ? "As what it reads." : "";
}

const REASONS = { macs: explainMacs, activations: explainActivations, memory: explainMemory, field: explainField, params: (_, layer) => explainParams(layer) };

// What an amount of a part comes from, in a few words.
function explainAmount(store, part, lens) {
  if (part.layer) return REASONS[lens](store, part.layer);
  const known = part.layers.filter((layer) => measureLayer(store, layer, lens));
  if (!known.length) return "";
  const most = known.reduce((best, layer) => (measureLayer(store, layer, lens) > measureLayer(store, best, lens) ? layer : best));
  const amount = LENSES[lens].write(measureLayer(store, most, lens));
  return LENSES[lens].adds ? `${plural(known.length, "layer")}, most in ${most.name}: ${amount}` : `first at ${most.name}`;
}

const SHORTCUT_REASONS = {
  resolution: (before, after) => `the resolution changes, ${before} to ${after}, so its input cannot be added as it is`,
  channels: (before, after) => `the channels change, ${before} to ${after}, so its input cannot be added as it is`,
  both: (before, after) => `resolution and channels change, ${before} to ${after}, so its input cannot be added as it is`,
  always: (before, after) => `nothing makes it: ${before} comes in and ${after} goes out, an identity would fit`,
};

const SHORTCUT_CAUSES = {
  resolution: "the resolution changes",
  channels: "the channels change",
  both: "resolution and channels change",
  always: "it always does",
};

// Why the shortcut of a unit is what it is, with the sizes of now.
function explainShortcut(store, unit) {
  const before = unit.fork < 0 ? store.numbers.inputs[0] : store.readOutput(store.network.layers[unit.fork]);
  const after = unit.join < 0 ? null : store.readOutput(store.network.layers[unit.join]);
  if (unit.kind === "identity") return after ? `Input and output are ${formatSizes(after)}, so the input is added as it is.` : "The input is added as it is.";
  const why = SHORTCUT_REASONS[unit.reason];
  return why && after ? `It projects because ${why(formatSizes(before), formatSizes(after))}.`.replace("because nothing makes it", "though nothing makes it") : "";
}
