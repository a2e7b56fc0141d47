// Figures at another input: one follows where all of its sizes are known there, and what
// does not follow says so.

function makeFigures(store) {
  const { network, root } = store;
  const { recorded } = store.answers;
  const kernels = new Set(network.columns.windows.map(([kernel]) => formatSizes(kernel)));
  const writeTotals = (numbers) => `${formatCount(network.params)} parameters · ${formatCount(sum(numbers.macs))} multiply-adds`;
  const figures = [...root.querySelectorAll("figure:is(.lanes, .overview, .volumes):has(svg)")].map((figure) => ({
    texts: [...figure.querySelectorAll("text, tspan")].filter((each) => !each.children.length).map((each) => ({ element: each, words: each.textContent })),
    note: addNote((note) => figure.querySelector("figcaption").append(note), "span"),
    isToScale: figure.matches(".volumes"),
  }));
  const tables = ["stages", "costs", "flow", "shortcuts"].map((name) => store.find(name).querySelector("h2")).concat([...root.querySelectorAll(".column > :first-child")]);
  const notes = tables.map((place) => addNote((note) => (place.matches("h2") ? place.after(note) : place.before(note)), "p"));

  function addNote(put, tag) {
    const note = element(tag, { class: "note", hidden: true });
    put(note);
    return note;
  }

  // What each size of the record is now; null of a size that became several.
  function mapSizes(now) {
    const known = new Map();
    const add = (before, after) => known.set(before, known.has(before) && known.get(before) !== after ? null : after);
    const addShapes = (shapes, order) => {
      const [before, after] = shapes.map((shape, place) => store.readShape(shape, order, [recorded, now][place].batch));
      add(formatSizes(before), formatSizes(after));
      if (order && before.length > 2) add(formatSizes(before.slice(0, -1)), formatSizes(after.slice(0, -1)));
    };
    network.inputs.forEach((input, place) => addShapes([recorded.inputs[place], now.inputs[place]], network.columns.orders[input.order]));
    for (const layer of network.layers) {
      recorded.outputs[layer.index].forEach((shape, place) => addShapes([shape, now.outputs[layer.index][place]], place ? null : layer.order));
    }
    return known;
  }

  // A text with the sizes of now; null where they are not known. A kernel is no size.
  function rewrite(words, known, now) {
    if (words.includes("multiply-adds")) return words === writeTotals(recorded) ? writeTotals(now) : null;
    const changes = (size) => known.has(size) && known.get(size) !== size;
    const [, before = "", size] = words.match(/^(input |output )?(\d+(?:×\d+)*)$/) ?? [];
    if (!size) return (words.match(/\d+(×\d+)+/g) ?? []).some((each) => changes(each) && !kernels.has(each)) ? null : words;
    if (!known.has(size)) return kernels.has(size) || !size.includes("×") ? words : null;
    if (!changes(size)) return words;
    return known.get(size) && !kernels.has(size) ? before + known.get(size) : null;
  }

  function follow() {
    const now = store.numbers;
    const known = now.isRecord ? null : mapSizes(now);
    const at = recorded.inputs.map(formatSizes).join(" and ");
    for (const { texts, note, isToScale } of figures) {
      const words = texts.map((text) => (known ? rewrite(text.words, known, now) : text.words));
      const isKnown = !words.includes(null);
      texts.forEach((text, place) => (text.element.textContent = isKnown ? words[place] : text.words));
      note.textContent = isKnown ? ` Drawn to the scale of the recorded ${at}.` : ` At the recorded ${at}.`;
      note.hidden = !known || (isKnown && !isToScale);
    }
    for (const note of notes) {
      note.textContent = `At the recorded ${at}.`;
      note.hidden = now.isRecord;
    }
  }

  store.subscribe((keys) => keys.has("numbers") && follow());
  if (!store.numbers.isRecord) follow();
}
