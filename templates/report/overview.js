// The overview as a view: its boxes select, and what is selected has a frame.

function makeOverview(store, holder) {
  // The graph, where there is one, stands above the overview.
  const figure = store.root.querySelector("figure.lanes, figure.overview");
  if (!figure.querySelector("svg")) return null;
  const home = { parent: figure.parentElement, next: figure.nextSibling };
  const layer = element("div", { class: "boxes" });
  const boxes = store.network.boxes.map(([left, top, width, height, first, last]) => {
    const part = findCommonPart(store.network.layers[first], store.network.layers[last]) ?? store.network.root;
    const press = element("button", { type: "button", "aria-label": part.name, title: part.name, "data-id": part.id, style: { left: `${left}%`, top: `${top}%`, width: `${width}%`, height: `${height}%` }, onclick: () => store.select(part) });
    return { press, part, first, last };
  });
  layer.append(...boxes.map((box) => box.press));

  function mark() {
    const { layers } = store.selected;
    const [first, last] = [layers[0]?.index ?? 0, layers.at(-1)?.index ?? -1];
    const isRoot = !store.selected.parent;
    for (const { press, part, ...box } of boxes) {
      const isInside = !isRoot && box.first <= last && box.last >= first;
      press.classList.toggle("inside", isInside && part !== store.network.root);
      press.setAttribute("aria-pressed", String(part === store.selected));
    }
    const shown = boxes.find(({ press }) => press.classList.contains("inside"));
    if (shown) scrollInto(figure.querySelector(".scroll"), shown.press);
  }

  layer.addEventListener("keydown", (event) => {
    const place = boxes.findIndex((box) => box.press === event.target);
    const next = { ArrowDown: place + 1, ArrowRight: place + 1, ArrowUp: place - 1, ArrowLeft: place - 1 }[event.key];
    if (next === undefined || !boxes[next]) return;
    event.preventDefault();
    setRovingFocus(boxes.map((box) => box.press), boxes[next].press);
    boxes[next].press.focus();
  });
  if (boxes.length) setRovingFocus(boxes.map((box) => box.press), boxes[0].press);

  function place() {
    const isHere = store.view === "overview";
    if (isHere === holder.contains(figure)) return;
    const frame = figure.querySelector(".scroll");
    if (isHere) {
      holder.append(figure);
      const canvas = element("div", { class: "canvas" });
      canvas.append(...frame.childNodes, layer);
      frame.append(canvas);
      mark();
    } else goHome();
  }

  // On paper, and in its section, it stands without boxes to press.
  function goHome() {
    const canvas = figure.querySelector(".canvas");
    if (!canvas) return;
    layer.remove();
    canvas.replaceWith(...canvas.childNodes);
    home.parent.insertBefore(figure, home.next);
  }

  store.subscribe((keys) => {
    if (keys.has("view")) place();
    if (keys.has("selected") && store.view === "overview") mark();
  });
  place();
  return { goHome, place };
}
