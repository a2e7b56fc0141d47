// A network as the page has it: its layers, and the tree of parts that they lie in.

function readNetwork(data) {
  const columns = data.layers;
  const layers = columns.name?.map((name, index) => readLayer(data, columns, name, index)) ?? [];
  const network = { ...data, layers, columns, byId: new Map(), hasMemory: Boolean(columns.held) };
  network.root = makePart(network, ["network", data.title, data.parts], null, "");
  nameParts(network);
  for (const [index, verdict, reason] of data.joins) layers[index].join = { verdict, reason };
  return network;
}

function readLayer(data, columns, name, index) {
  const window = columns.windows[columns.window[index]];
  const weights = columns.weights[index].map((number) => columns.shapes[number]);
  const field = columns.fields[columns.field[index]];
  return {
    index,
    name,
    type: columns.types[columns.type[index]],
    sources: columns.sources[index].map((each) => (Array.isArray(each) ? each : [each, 0])),
    order: columns.orders[columns.order[index]] ?? null,
    window: window && {
      kernel: window[0], stride: window[1], padding: window[2], dilation: window[3],
      groups: window[4], transposed: Boolean(window[5]), ceil: Boolean(window[6]),
    },
    weights,
    params: sum(weights.map(product)),
    kinds: data.kinds.filter((_, bit) => columns.kinds[index] & (1 << bit)),
    isUnknown: Boolean(columns.unknown[index]),
    field: field && field.map((axis) => (Array.isArray(axis) ? { size: axis[0], stride: axis[1], centre: axis[2] } : axis)),
  };
}

// A part of the tree; of a layer, `layer` is it, and it has no parts.
function makePart(network, written, parent, tint) {
  if (typeof written === "number") {
    const layer = network.layers[written];
    const part = { kind: "layer", name: layer.name, parent, parts: [], layers: [layer], layer, tint };
    layer.part = part;
    return part;
  }
  const [kind, name, inner, block] = written;
  const own = ["stage", "stem", "head"].includes(kind) ? network.tints[name] || tint : tint;
  const part = { kind, name: name || "in between", parent, tint: own };
  if (block) {
    const [path, type, units] = block;
    part.block = { path, type, units: units.map(readUnit) };
  }
  part.parts = inner.map((each) => makePart(network, each, part, own));
  part.layers = part.parts.flatMap((each) => each.layers).sort((a, b) => a.index - b.index);
  return part;
}

function readUnit([fork, join, kind, label, reason, layers]) {
  return { fork, join, kind, label, reason, layers };
}

// Layers have their names first; another part of a name says its kind too.
function nameParts(network) {
  const every = [...iterateParts(network.root)];
  for (const part of [...every.filter((each) => each.layer), ...every.filter((each) => !each.layer)]) {
    let id = part.kind === "network" ? "" : part.name;
    while (network.byId.has(id)) id += `~${part.kind}`;
    part.id = id;
    network.byId.set(id, part);
  }
  for (const part of every) {
    const path = part.block?.path;
    if (path && !network.byId.has(path)) network.byId.set(path, part);
  }
}

function* iterateParts(part) {
  yield part;
  for (const inner of part.parts) yield* iterateParts(inner);
}

function* iterateAbove(part) {
  for (let outer = part.parent; outer; outer = outer.parent) yield outer;
}

// The blocks in a part whose shortcuts are not all identities.
const listProjecting = (part) => [...iterateParts(part)].filter((each) => each.block?.units.some((unit) => unit.kind !== "identity"));

// The smallest part that holds both layers.
function findCommonPart(first, last) {
  if (first === last) return first.part;
  const holders = new Set(iterateAbove(first.part));
  for (const part of iterateAbove(last.part)) if (holders.has(part)) return part;
  return null;
}

// The stage, stem or head of a layer, as tables call it; "" where there is none.
function findStageName(layer) {
  const named = [...iterateAbove(layer.part)].find((each) => ["stage", "stem", "head"].includes(each.kind));
  return named ? named.name : "";
}

// A layer's name without that of the block that it lies in.
function shortenName(part) {
  const holder = [...iterateAbove(part)].find((each) => each.block?.path || each.kind === "call");
  const path = holder?.block?.path ?? holder?.name;
  const rest = path && part.name.startsWith(path) ? part.name.slice(path.length) : "";
  return rest.length > 1 && /^[.:]/.test(rest) ? rest.slice(1) : part.name;
}

// "conv4_2 – 6" of the blocks conv4_2 to conv4_6.
function nameBriefly(part) {
  if (part.layer) return shortenName(part);
  if (part.kind !== "fold") return part.name;
  const [first, last] = [part.parts[0].name, part.parts.at(-1).name];
  const [, stem, number] = last.match(/^(.*?)(\d+)$/) ?? [];
  return number && first.startsWith(stem) && /^\d+$/.test(first.slice(stem.length)) ? `${first} – ${number}` : part.name;
}

// What a layer is, in a few words: "3×3, 64, /2".
function describeLayer(layer, shape) {
  const { window } = layer;
  if (!window) return layer.type;
  const words = [formatSizes(window.kernel)];
  if (layer.weights.length && shape.length > 1) words.push(String(shape[1]));
  if (window.stride.some((step) => step > 1)) words.push(`/${formatAxes(window.stride)}`);
  if (window.groups > 1) words.push(`${window.groups} groups`);
  if (window.dilation.some((step) => step > 1)) words.push(`dilation ${formatAxes(window.dilation)}`);
  return layer.weights.length ? words.join(", ") : `${layer.type} ${words.join(", ")}`;
}

const MARKS = { added: "+", removed: "−", changed: "≠" };

// How a part stands beside another network: "added" or "removed" where all of it is, else
// "changed" where anything is; "" where nothing is, or there is no other.
function findMark(store, part) {
  if (!store.marks) return "";
  const kinds = new Set(part.layers.map((layer) => store.marks.get(layer)?.kind ?? ""));
  const [kind] = kinds;
  return kinds.size > 1 ? "changed" : kind ?? "";
}

// A sign, as colours alone would not do, and a word for those who hear the page.
function makeMark(store, part) {
  const kind = findMark(store, part);
  return kind && element("span", { class: `mark ${kind}`, title: kind }, element("span", { "aria-hidden": "true" }, MARKS[kind]), element("span", { class: "aside" }, kind));
}
