// Marks of what came, went or changed, on the layers of two networks that are compared.

function listMarks(network, counterparts, changes, side, absent) {
  const marks = new Map();
  const numbers = new Map();
  for (const change of changes) for (const layer of change[side]) numbers.set(layer, [...(numbers.get(layer) ?? []), change.number]);
  for (const layer of network.layers) {
    const kind = counterparts.has(layer) ? (numbers.has(layer) ? "changed" : "") : absent;
    if (kind) marks.set(layer, { kind, numbers: (numbers.get(layer) ?? []).join(", ") });
  }
  return marks;
}

// Of two families nothing is marked, as all is otherwise.
function markPair(pair, stores) {
  const [base, variant] = [stores[0], stores[pair.network]];
  if (!pair.isTold) {
    base.change({ marks: new Map() });
    variant.change({ marks: new Map() });
    return;
  }
  base.change({ marks: listMarks(base.network, pair.forth, pair.changes, "before", "removed") });
  variant.change({ marks: listMarks(variant.network, pair.back, pair.changes, "after", "added") });
}

const writeSigned = (number) => (number ? `${number > 0 ? "+" : "−"}${formatCount(Math.abs(number))}` : "");

// What a part is in the other network, and by how much it costs more or less.
function describeCounterpart(part, store, other, counterparts, letter, isFirst) {
  if (!store.marks) return [];
  const kind = findMark(store, part);
  const found = part.parent ? part.layers.map((layer) => counterparts.get(layer)).filter(Boolean) : [...other.network.layers];
  const name = `${letter.toUpperCase()}, ${other.network.title}`;
  if (!found.length) return kind ? [element("p", { class: "beside-line" }, makeMark(store, part), ` ${kind === "added" ? "Not in" : "No longer in"} ${name}.`)] : [];
  const twin = findCounterpart(part, counterparts, other.network.root);
  const sign = isFirst ? -1 : 1;
  const amounts = ["params", "macs", "activations"]
    .map((lens) => [LENSES[lens].label, writeSigned(sign * (store.amountOf(part, lens) - other.amountOf(twin, lens)))])
    .filter(([, amount]) => amount)
    .map(([label, amount]) => `${amount} ${label === "MACs" ? label : label.toLowerCase()}`);
  const words = amounts.length ? ` ${isFirst ? "There" : "Here"} ${amounts.join(", ")}.` : kind ? " It costs the same." : " It is the same.";
  const press = element("button", { type: "button", onclick: () => other.reveal(twin) }, twin.parent ? twin.name : "the whole network");
  return [element("p", { class: "beside-line" }, makeMark(store, part), ` In ${name}: `, press, ".", words)];
}
