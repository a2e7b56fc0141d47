// Joins the parts of the page, once its text is there.

function startReport() {
  makeTheme();
  const network = readNetwork(JSON.parse(byId("network").textContent));
  if (!network.layers.length) return;
  const store = makeStore(network);
  const explorer = byId("explorer");
  explorer.hidden = false;

  const panels = { shares: byId("shares"), pass: byId("pass"), overview: byId("overview-view") };
  const caption = byId("picture-caption");
  const drawView = () => {
    for (const [name, panel] of Object.entries(panels)) panel.hidden = name !== store.view;
    if (store.view === "overview") caption.textContent = "Boxes select what they stand for.";
  };
  store.subscribe((keys) => {
    if (keys.has("view")) drawView();
  });
  drawView();

  makeTree(store, byId("tree"));
  makeIcicle(store, panels.shares, caption);
  makePass(store, panels.pass, caption);
  const overview = makeOverview(store, panels.overview);
  const shown = makeTable(store);
  makeInspector(store, byId("selection"));
  makeCopying(store, shown);
  makeChoice(store, "lens", byId("lenses"));
  makeChoice(store, "view", byId("views"));
  makeQuestions(store, byId("questions"));
  makeSearch(store, shown);
  makeTips(store);
  makeLinks(store, makeOtherInput(store));

  const print = (isOn) => {
    shown.print(isOn);
    if (isOn) overview?.goHome();
    else overview?.place();
  };
  matchMedia("print").addEventListener("change", (event) => print(event.matches));
  addEventListener("beforeprint", () => print(true));
  addEventListener("afterprint", () => print(false));
}

startReport();
