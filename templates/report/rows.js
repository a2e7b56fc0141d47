// The rows of the layer table: its columns, and which layers they are of.

const collator = new Intl.Collator("en", { numeric: true });

// A column: its value for sorting, its text, and whether it always fits, or where there is room.
const COLUMNS = {
  index: { title: "#", number: true, usual: true, value: (store, layer) => layer.index },
  name: { title: "layer", usual: true, value: (store, layer) => layer.name },
  differs: { title: "change", usual: true, value: (store, layer) => store.marks?.get(layer)?.numbers ?? "" },
  type: { title: "type", wide: true, value: (store, layer) => layer.type },
  what: { title: "what", usual: true, brief: true, value: (store, layer) => describeLayer(layer, store.shapeOf(layer)) },
  part: { title: "stage", value: (store, layer) => findStageName(layer) },
  input_shapes: {
    title: "input",
    wide: true,
    value: (store, layer) => sum(layer.sources.map((_, place) => product(store.inputShape(layer, place)))),
    text: (store, layer) => layer.sources.map((_, place) => formatSizes(store.readInput(layer, place))).join(" + "),
  },
  output_shape: {
    title: "output",
    usual: true,
    value: (store, layer) => product(store.shapeOf(layer)),
    text: (store, layer) => formatSizes(store.readOutput(layer)),
  },
  kernel: windowColumn("kernel"),
  stride: windowColumn("stride"),
  padding: windowColumn("padding"),
  dilation: windowColumn("dilation"),
  groups: { title: "groups", value: (store, layer) => layer.window?.groups ?? "" },
  field: { title: "field", number: true, lens: "field", wide: true, value: (store, layer) => measureField(layer) || NaN, text: (store, layer) => { const field = measureField(layer); return field === Infinity ? "all" : field ? groupDigits(field) : ""; } },
  activations: { title: "activations", number: true, lens: "activations", value: (store, layer) => store.numbers.activations[layer.index] },
  elements: { title: "elements", number: true, value: (store, layer) => store.numbers.elements[layer.index] },
  allocated: { title: "allocates", number: true, lens: "memory", value: (store, layer) => store.numbers.allocated[layer.index], text: (store, layer) => formatBytes(store.numbers.allocated[layer.index]) },
  held: { title: "held", number: true, beside: "memory", value: (store, layer) => store.numbers.held[layer.index], text: (store, layer) => formatBytes(store.numbers.held[layer.index]) },
  params: { title: "params", number: true, lens: "params", bar: true, usual: true, value: (store, layer) => layer.params },
  macs: { title: "MACs", number: true, lens: "macs", bar: true, usual: true, value: (store, layer) => macsOf(store, layer), text: (store, layer) => writeMacs(store, layer) },
};

function windowColumn(key) {
  return { title: key, wide: true, value: (store, layer) => (layer.window ? formatAxes(layer.window[key]) : "") };
}

// What is known of a count that is not wholly known has a sign; what is not, a word.
function macsOf(store, layer) {
  const macs = store.numbers.macs[layer.index];
  return layer.isUnknown && !macs ? NaN : macs;
}

function writeMacs(store, layer) {
  const macs = macsOf(store, layer);
  return Number.isNaN(macs) ? "unknown" : (layer.isUnknown ? "≥ " : "") + groupDigits(macs);
}

function writeCell(store, layer, key) {
  const column = COLUMNS[key];
  if (column.text) return column.text(store, layer);
  const value = column.value(store, layer);
  return column.number && key !== "index" ? groupDigits(value) : String(value);
}

// Columns that say something of this network; those that fit, or all.
function chooseColumns(store) {
  const { layers } = store.network;
  const plain = ["dilation", "groups"].filter((key) => layers.every((layer) => ["1", 1, ""].includes(COLUMNS[key].value(store, layer))));
  const absent = layers.some((layer) => layer.window) ? plain : ["kernel", "stride", "padding", "dilation", "groups"];
  const memory = store.network.hasMemory ? [] : ["allocated", "held"];
  const fields = layers.some((layer) => layer.field) ? [] : ["field"];
  const changes = store.marks?.size ? [] : ["differs"];
  const omitted = new Set([...absent, ...memory, ...fields, ...changes]);
  return Object.keys(COLUMNS).filter((key) => {
    const column = COLUMNS[key];
    const isRoomy = store.isWide || store.allColumns;
    if (omitted.has(key) || (isRoomy && column.brief)) return false;
    return store.allColumns || column.usual || (isRoomy && column.wide) || (column.lens ?? column.beside) === store.lens;
  });
}

// What rows are of: the part that is shown, or all where something is asked for.
const isFiltered = (store) => Boolean(store.query.trim() || store.kind || store.concerned);
const findScope = (store) => (isFiltered(store) ? store.network.root : store.scope);

// The layers that are shown: those of the selection, or all that match what is asked for.
function listRows(store) {
  const words = store.query.toLowerCase().split(/\s+/);
  const scope = findScope(store);
  const hits = scope.layers.filter((layer) => {
    if (store.concerned && !store.concerned.layers.has(layer)) return false;
    if (store.kind && !layer.kinds.includes(store.kind)) return false;
    if (!store.query.trim()) return true;
    layer.words ??= `${layer.name} ${layer.type} ${findStageName(layer)}`.toLowerCase();
    return words.every((word) => layer.words.includes(word));
  });
  return { scope, layers: sortLayers(store, hits) };
}

function sortLayers(store, layers) {
  const { key, direction } = store.sort;
  const sign = direction === "ascending" ? 1 : -1;
  const keyed = layers.map((layer) => ({ layer, value: COLUMNS[key].value(store, layer) }));
  const missing = (value) => value === "" || Number.isNaN(value);
  keyed.sort((a, b) => {
    // What has no value comes last, whichever way the rest is sorted.
    if (missing(a.value) || missing(b.value)) return missing(a.value) - missing(b.value);
    return sign * (typeof a.value === "number" ? a.value - b.value : collator.compare(a.value, b.value));
  });
  return keyed.map((each) => each.layer);
}
