// The one state of the page: what is chosen, and the numbers that all views show.

const LENSES = {
  macs: { label: "MACs", long: "multiply-accumulates", write: formatCount, adds: true },
  params: { label: "Parameters", long: "parameters", write: formatCount, adds: true },
  activations: { label: "Activations", long: "values out of convolutions", write: formatCount, adds: true },
  memory: { label: "Memory", long: "bytes allocated", write: formatBytes, adds: true },
  field: { label: "Receptive field", long: "pixels of the input that are seen", write: (n) => (n === Infinity ? "all" : n ? `${groupDigits(n)} px` : "–"), adds: false },
};

// The numbers of the record, at the input that it was made with.
function readRecordNumbers(network) {
  const { columns } = network;
  const count = network.layers.length;
  const none = new Array(count).fill(0);
  return {
    isRecord: true,
    inputs: network.inputs.map((input) => input.shape),
    batch: network.batch,
    dtype: network.inputs[0]?.dtype ?? "",
    outputs: (columns.outputs ?? []).map((tensors) => tensors.map((number) => columns.shapes[number])),
    macs: columns.macs ?? none,
    activations: columns.activations ?? none,
    elements: columns.elements ?? none,
    allocated: columns.allocated ?? none,
    held: columns.held ?? none,
    kept: columns.kept ?? none,
  };
}

// `prefix` stands before the ids of its elements, where a page has several networks.
function makeStore(network, prefix = "") {
  const listeners = [];
  const lenses = Object.keys(LENSES).filter((key) => key !== "memory" || network.hasMemory);
  const store = {
    network,
    root: prefix ? byId(`${prefix}panel`) : document.querySelector("main"),
    find: (id) => byId(prefix + id),
    lenses,
    numbers: readRecordNumbers(network),
    selected: network.root,
    scope: network.root, // the part whose layers have rows
    lens: "macs",
    view: "shares",
    query: "",
    concerned: null, // the layers of a change, and what that is called
    isAside: false, // whether keys are another network's
    marks: null, // what changed of each layer, beside another network
    kind: "",
    sort: { key: "index", direction: "ascending" },
    allColumns: false,
    isWide: false, // whether the table has room for more than the usual columns
    open: new Set([network.root]),
    // Views are told which keys changed, in the order in which they subscribed.
    subscribe(listener) {
      listeners.push(listener);
    },
    change(changes) {
      const keys = Object.keys(changes).filter((key) => store[key] !== changes[key]);
      Object.assign(store, changes);
      const isLeft = store.concerned && !("concerned" in changes) && !store.concerned.layers.has(store.selected.layer);
      if (keys.includes("selected") && isLeft) {
        store.concerned = null;
        keys.push("concerned");
      }
      if (keys.includes("selected")) {
        for (const part of iterateAbove(store.selected)) store.open.add(part);
        const isShown = store.selected.layer && store.scope.layers.includes(store.selected.layer);
        if (!isShown) store.scope = store.selected.layer ? store.selected.parent : store.selected;
      }
      if (keys.includes("numbers")) store.amounts.clear();
      if (keys.length) for (const listener of listeners) listener(new Set(keys));
    },
    select(part) {
      store.change({ selected: part });
    },
    toggle(part, isOpen = !store.open.has(part)) {
      const open = new Set(store.open);
      if (isOpen) open.add(part);
      else open.delete(part);
      store.change({ open });
    },
    amounts: new Map(),
    amountOf(part, lens = store.lens) {
      let known = store.amounts.get(part);
      if (!known) store.amounts.set(part, (known = {}));
      known[lens] ??= measurePart(store, part, lens);
      return known[lens];
    },
    shapeOf(layer, output = 0) {
      return store.numbers.outputs[layer.index][output] ?? [];
    },
    inputShape(layer, place = 0) {
      const [source, output] = layer.sources[place] ?? [];
      if (source === undefined) return [];
      return source < 0 ? store.numbers.inputs[output] : store.numbers.outputs[source][output];
    },
    // A shape as people read it: one sample, positions before channels.
    readShape(shape, order, batch = store.numbers.batch) {
      if (!order) return shape;
      return order.map((axis) => (axis >= network.folded ? shape[axis - network.folded] / Math.max(batch, 1) : shape[axis]));
    },
    readInput(layer, place = 0) {
      const [source, output] = layer.sources[place] ?? [];
      if (source === undefined) return [];
      const order = source < 0 ? network.columns.orders[network.inputs[output].order] : output ? null : network.layers[source].order;
      return store.readShape(store.inputShape(layer, place), order);
    },
    readOutput(layer) {
      return store.readShape(store.shapeOf(layer), layer.order);
    },
  };
  return store;
}

function measureLayer(store, layer, lens) {
  if (lens === "params") return layer.params;
  if (lens === "memory") return store.numbers.allocated[layer.index];
  if (lens === "field") return measureField(layer);
  return store.numbers[lens][layer.index];
}

// Of an axis of which all is seen, infinity; 0 where nothing is known or seen.
function measureField(layer) {
  const sizes = (layer.field ?? []).map((axis) => (axis === "all" ? Infinity : axis ? axis.size : NaN));
  return sizes.length && !sizes.some(Number.isNaN) ? Math.max(...sizes) : 0;
}

function measurePart(store, part, lens) {
  const amounts = part.layers.map((layer) => measureLayer(store, layer, lens));
  return LENSES[lens].adds ? sum(amounts) : amounts.reduce((most, amount) => Math.max(most, amount), 0);
}

// The total of a cost, with what no layer has.
function measureWhole(store, lens) {
  return lens === "params" ? store.network.params : store.amountOf(store.network.root, lens);
}

// "≥ " where layers of a part are not wholly counted.
function signBound(part) {
  return part.layers.some((layer) => layer.isUnknown) ? "≥ " : "";
}

// How strongly a part is coloured: by its share, or by how much of the input it sees.
function measureStrength(store, part) {
  const amount = store.amountOf(part);
  if (LENSES[store.lens].adds) return amount / (measureWhole(store, store.lens) || 1);
  return Math.min(amount / (measureInputSide(store) || 1), 1);
}

// The first layer whose positions see as much as the longest side of the input.
function findWholeView(store) {
  const side = measureInputSide(store);
  return side ? store.network.layers.find((layer) => measureField(layer) >= side) : undefined;
}

// The longest side of the input along the axes of receptive fields.
function measureInputSide(store) {
  return Math.max(...store.network.fieldAxes.map((axis) => store.numbers.inputs[0][axis]), 0);
}
