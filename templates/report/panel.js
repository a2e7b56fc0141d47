// The store of one network; null where it has no layers.

function readStore(prefix) {
  const network = readNetwork(JSON.parse(byId(`${prefix}network`).textContent));
  if (!network.layers.length) return null;
  const store = makeStore(network, prefix);
  store.answers = makeAnswers(store);
  return store;
}

// The views that the store joins.
function drawPanel(store) {
  store.find("explorer").hidden = false;

  const panels = { shares: store.find("shares"), pass: store.find("pass"), overview: store.find("overview-view") };
  const caption = store.find("picture-caption");
  const drawView = () => {
    for (const [name, panel] of Object.entries(panels)) panel.hidden = name !== store.view;
    if (store.view === "overview") caption.textContent = "Boxes select what they stand for.";
  };
  store.subscribe((keys) => {
    if (keys.has("view")) drawView();
  });
  drawView();

  makeTree(store, store.find("tree"));
  makeIcicle(store, panels.shares, caption);
  makePass(store, panels.pass, caption);
  const overview = makeOverview(store, panels.overview);
  const shown = makeTable(store);
  makeInspector(store, store.find("selection"));
  makeCopying(store, shown);
  makeChoice(store, "lens", store.find("lenses"));
  makeChoice(store, "view", store.find("views"));
  makeQuestions(store, store.find("questions"));
  makeSearch(store, shown);
  makeTips(store);
  makeFigures(store);
  store.subscribe((keys) => keys.has("numbers") && drawTotals(store));
  if (!store.numbers.isRecord) drawTotals(store);

  const print = (isOn) => {
    shown.print(isOn);
    if (isOn) overview?.goHome();
    else overview?.place();
  };
  matchMedia("print").addEventListener("change", (event) => print(event.matches));
  addEventListener("beforeprint", () => print(true));
  addEventListener("afterprint", () => print(false));
}
