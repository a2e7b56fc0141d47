// Starts the page of several networks: which one is shown, and what changed from the first.

function startComparison() {
  makeTheme();
  const { letters, pairs: written } = JSON.parse(byId("comparisons").textContent);
  const stores = letters.map((letter) => readStore(`${letter}-`));
  if (stores.includes(null)) return;
  const pairs = written.map((pair) => readPair(pair, stores));
  const view = { shown: 0, variant: 1, isBeside: false };
  const findPair = () => pairs[view.variant - 1];
  const [presses, beside] = [[...byId("networks").querySelectorAll("button")], byId("beside")];
  byId("chooser").hidden = false;
  let keepAddress = () => {};
  const isDrawn = new Set(); // a panel is drawn when it is first seen

  // How the layers of one network lead to those of another, by way of the first.
  const leadsTo = (from, to) => {
    const back = from ? pairs[from - 1].back : null;
    const forth = to ? pairs[to - 1].forth : null;
    if (!back || !forth) return back ?? forth;
    return new Map([...back].map(([layer, middle]) => [layer, forth.get(middle)]).filter(([, layer]) => layer));
  };
  const areRelated = (...numbers) => numbers.every((number) => !number || pairs[number - 1].isTold);

  function draw() {
    const visible = view.isBeside ? [0, view.variant] : [view.shown];
    stores.forEach((store, number) => {
      store.root.hidden = !visible.includes(number);
      store.isAside = number !== view.shown;
      if (store.root.hidden || isDrawn.has(store)) return;
      isDrawn.add(store);
      drawPanel(store);
    });
    for (const press of presses) press.setAttribute("aria-pressed", String(Number(press.value) === view.shown));
    beside.setAttribute("aria-pressed", String(view.isBeside));
    byId("panels").classList.toggle("beside", view.isBeside);
    const other = view.shown ? 0 : view.variant;
    byId("beside-what").textContent = findPair().isTold ? `beside ${letters[other].toUpperCase()}, ${stores[other].network.title}` : "between networks of one family; these are of two";
    dispatchEvent(new Event("resize"));
  }

  function show(number) {
    if (number && number !== view.variant) {
      view.variant = number;
      markPair(findPair(), stores);
    }
    view.shown = number;
    draw();
    keepAddress();
  }

  function selectChange(number, place) {
    const change = pairs[number - 1].changes[place - 1];
    if (!change) return;
    show(view.isBeside || view.shown === 0 ? view.shown : number);
    if (view.variant !== number) {
      view.variant = number;
      markPair(findPair(), stores);
      draw();
    }
    const sides = [[stores[0], change.before], [stores[number], change.after]];
    const counterparts = [leadsTo(number, 0), leadsTo(0, number)];
    const holders = sides.map(([, layers]) => findHolder(layers));
    withoutFollowing(() => sides.forEach(([store, layers], side) => {
      const twin = holders[1 - side] && findCounterpart(holders[1 - side], counterparts[side], store.network.root);
      const concerned = layers.size ? { layers, words: `those of change ${place}`, number: place } : null;
      store.change({ selected: holders[side] ?? twin ?? store.network.root, concerned, query: "", kind: "" });
    }));
  }

  // What is selected in one is in the others, and so are the lens and the picture.
  let isFollowing = false;
  function withoutFollowing(action) {
    const before = isFollowing;
    isFollowing = true;
    action();
    isFollowing = before;
  }
  stores.forEach((store, number) => store.subscribe((keys) => {
    if (isFollowing) return;
    withoutFollowing(() => stores.forEach((other, place) => {
      if (place === number) return;
      const lens = other.lenses.includes(store.lens) ? { lens: store.lens } : {};
      const isLed = keys.has("selected") && areRelated(number, place);
      const selected = isLed ? { selected: findCounterpart(store.selected, leadsTo(number, place), other.network.root) } : {};
      other.change({ ...lens, view: store.view, ...selected });
    }));
  }));

  stores.forEach((store, number) => {
    store.reveal = (part) => {
      show(number);
      store.select(part);
    };
    store.describeBeside = (part) => {
      const other = number ? 0 : view.variant;
      if (!areRelated(number, other)) return [];
      return describeCounterpart(part, store, stores[other], leadsTo(number, other), letters[other], !number);
    };
    for (const kind of ["focusin", "pointerdown"]) {
      store.root.addEventListener(kind, () => {
        if (view.shown === number) return;
        view.shown = number;
        draw();
      });
    }
  });
  pairs.forEach((pair) => markPair(pair, stores));
  markPair(findPair(), stores);

  for (const press of presses) press.addEventListener("click", () => show(Number(press.value)));
  beside.addEventListener("click", () => {
    view.isBeside = !view.isBeside;
    draw();
  });
  for (const link of document.querySelectorAll("[data-change]")) {
    link.addEventListener("click", (event) => {
      event.preventDefault();
      const number = letters.indexOf(link.dataset.letter);
      if (!view.isBeside) show(number);
      selectChange(number, Number(link.dataset.change));
      byId("chooser").scrollIntoView();
    });
  }

  const shared = byId("other-input") ? makeOtherInput(stores, "") : null;
  const inputs = stores.map((store, number) => shared ?? makeOtherInput([store], `${letters[number]}-`));
  for (const store of stores) store.subscribe((keys) => keys.has("numbers") && drawCompared(stores));
  exposeTotals(stores, () => view.shown);
  draw();
  const panels = stores.map((store, number) => ({ store, input: inputs[number], letter: letters[number] }));
  keepAddress = makeLinks(panels, () => view.shown, (number, wanted) => {
    show(number);
    if (wanted.change) selectChange(number || view.variant, Number(wanted.change));
  });
}

// The totals beside one another, at the inputs of now.
function drawCompared(stores) {
  const note = byId("compared-note");
  const amounts = {
    input: ({ numbers }) => numbers.inputs.map(formatSizes).join(" and "),
    macs: ({ numbers }) => sum(numbers.macs),
    activations: ({ numbers }) => sum(numbers.activations),
    held: ({ numbers }) => numbers.held.reduce((most, bytes) => Math.max(most, bytes), 0),
  };
  for (const [key, find] of Object.entries(amounts)) {
    const row = document.querySelector(`[data-compared="${key}"]`);
    const values = stores.map(find);
    stores.forEach((store, number) => {
      const cell = row?.cells[number + 1];
      if (!cell) return;
      const difference = values[number] - values[0];
      const bound = key === "macs" && signBound(store.network.root);
      const written = difference ? element("span", { class: "difference" }, `${difference > 0 ? "+" : "−"}${groupDigits(Math.abs(difference))}`) : "";
      if (key === "input") cell.textContent = values[number];
      else cell.replaceChildren((bound || "") + groupDigits(values[number]), ...(written ? [" ", written] : []));
    });
  }
  const isOther = stores.some((store) => !store.numbers.isRecord);
  note.textContent = isOther ? "Totals are worked out for the input above; shares of changes and figures stay at the recorded one." : "";
  note.hidden = !isOther;
}

startComparison();
