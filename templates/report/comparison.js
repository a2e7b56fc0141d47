// Which part of one network is which of another, and what changed beside the first.

// Layers in runs, first and last of each.
function readRuns(network, runs) {
  const layers = new Set();
  for (let place = 0; place < runs.length; place += 2) {
    for (let index = runs[place]; index <= runs[place + 1]; index += 1) layers.add(network.layers[index]);
  }
  return layers;
}

// A pair of the first network and another: the changes, and counterparts both ways.
function readPair(written, stores) {
  const [base, variant] = [stores[0], stores[written.network]];
  const [forth, back] = [new Map(), new Map()];
  written.counterparts.forEach((index, own) => {
    if (index < 0) return;
    forth.set(base.network.layers[index], variant.network.layers[own]);
    back.set(variant.network.layers[own], base.network.layers[index]);
  });
  const changes = written.changes.map(([[before, after], kind], place) => ({
    number: place + 1,
    kind,
    before: readRuns(base.network, before),
    after: readRuns(variant.network, after),
  }));
  return { ...written, changes, forth, back };
}

// The smallest part that holds all of some layers.
function findHolder(layers) {
  let part = null;
  for (const layer of layers) {
    part ??= layer.part;
    while (!part.layers.includes(layer)) part = part.parent;
  }
  return part;
}

// The part of another network that one is; of what has none, that of the part around it.
function findCounterpart(part, counterparts, root) {
  if (!part.parent) return root;
  for (const outer of [part, ...iterateAbove(part)]) {
    const layers = outer.parent && outer.layers.map((layer) => counterparts.get(layer)).filter(Boolean);
    if (layers?.length) return findHolder(layers);
  }
  return root;
}
