// Joins the parts of the page, once its text is there.

function startSweep() {
  const store = makeSweepStore(JSON.parse(byId("contents").textContent));
  const form = byId("axes");
  form.hidden = false;
  for (const axis of ["x", "y"]) {
    const select = byId(axis);
    const log = byId(`log-${axis}`);
    for (const [key, label] of Object.entries(store.axes)) select.add(new Option(label, key, key === store[axis], key === store[axis]));
    const follow = () => {
      log.disabled = !store.canBeLog(store[axis]);
      log.checked = store.isLog(store[axis]);
    };
    select.addEventListener("change", () => store.change({ [axis]: select.value, framed: null }));
    log.addEventListener("change", () => store.change({ logs: { ...store.logs, [store[axis]]: log.checked } }));
    store.subscribe(follow);
    follow();
  }
  const colour = byId("colour");
  colour.add(new Option("Pareto front", ""));
  for (const key of Object.keys(store.tints)) colour.add(new Option(store.axes[key], key));
  colour.addEventListener("change", () => store.change({ colour: colour.value }));
  form.addEventListener("submit", (event) => event.preventDefault());
  makePoints(store, byId("chart"), byId("legend"), byId("chart-note"), byId("hint"));
  makeBounds(store, byId("bounds"));
  makeRows(store);
  makeChosen(store);
}

startSweep();
