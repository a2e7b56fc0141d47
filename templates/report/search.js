// Search, the kinds of layers, and the keys that work everywhere.

function makeSearch(store, shown) {
  const [search, kind] = [store.find("search"), store.find("kind")];

  search.addEventListener("input", () => store.change({ query: search.value }));
  kind.addEventListener("change", () => store.change({ kind: kind.value }));
  store.find("clear").addEventListener("click", () => {
    search.value = kind.value = "";
    store.change({ query: "", kind: "", concerned: null });
    search.focus();
  });
  store.find("columns").addEventListener("change", (event) => store.change({ allColumns: event.target.checked }));

  search.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      search.value = "";
      store.change({ query: "" });
      focusTree();
    } else if (event.key === "Enter" || event.key === "ArrowDown") {
      const [first] = shown.rows;
      if (!first) return;
      event.preventDefault();
      store.select(first.part);
      store.root.querySelector(`table.layers [data-id="${CSS.escape(first.part.id)}"]`)?.focus({ preventScroll: true });
    }
  });

  const focusTree = () => store.root.querySelector('[role="treeitem"][tabindex="0"]')?.focus();

  addEventListener("keydown", (event) => {
    if (store.isAside || isTyping(event.target) || event.altKey || event.ctrlKey || event.metaKey) return;
    const place = Number(event.key);
    if (event.key === "/") search.focus();
    else if (event.key === "Escape" && store.selected.parent) store.select(store.selected.parent);
    else if (event.key === "t") focusTree();
    else if (store.lenses[place - 1]) store.change({ lens: store.lenses[place - 1] });
    else return;
    event.preventDefault();
  });
}

// Buttons of which one is pressed: the lenses, the views.
function makeChoice(store, key, group) {
  const presses = [...group.querySelectorAll("button")];
  const draw = () => {
    for (const press of presses) press.setAttribute("aria-pressed", String(press.value === store[key]));
  };
  for (const press of presses) press.addEventListener("click", () => store.change({ [key]: press.value }));
  store.subscribe((keys) => {
    if (keys.has(key)) draw();
  });
  draw();
}

// Questions that set the views so that they answer.
const QUESTIONS = {
  macs: { lens: "macs", view: "shares", sort: { key: "macs", direction: "descending" } },
  params: { lens: "params", view: "shares", sort: { key: "params", direction: "descending" } },
  projections: { lens: "macs", view: "shares", projects: true },
  resolution: { lens: "activations", view: "overview", kind: "resolution" },
  memory: { lens: "memory", view: "pass", sort: { key: "held", direction: "descending" } },
  field: { lens: "field", view: "pass", seesAll: true },
};

function makeQuestions(store, group) {
  const [search, kind] = [store.find("search"), store.find("kind")];
  group.addEventListener("click", (event) => {
    const { projects, seesAll, ...changes } = QUESTIONS[event.target.closest("button")?.value] ?? {};
    if (!changes.lens) return;
    const { root } = store.network;
    const open = new Set(store.open);
    for (const part of projects ? listProjecting(root) : []) for (const outer of iterateAbove(part)) open.add(outer);
    const selected = (seesAll && findWholeView(store)?.part) || root;
    search.value = "";
    kind.value = changes.kind ?? "";
    store.change({ query: "", kind: "", concerned: null, open, selected, sort: { key: "index", direction: "ascending" }, ...changes });
  });
}
