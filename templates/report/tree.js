// The tree: stages, their blocks, the layers in these; opened in place.

const KIND_WORDS = { stage: "stage", block: "block", fold: "equal blocks", stem: "stem", head: "head", between: "between stages", call: "module", network: "whole network" };

function makeTree(store, holder) {
  let rows = new Map();

  function countBlocks(part) {
    return [...iterateParts(part)].filter((each) => each.kind === "block").length;
  }

  function remark(part) {
    if (part.layer) return describeLayer(part.layer, store.shapeOf(part.layer));
    if (part.kind === "fold") return `×${part.parts.length}`;
    if (part.kind === "block") return "";
    const blocks = countBlocks(part);
    return blocks ? plural(blocks, "block") : "";
  }

  // An identity is what is usual, and is not said.
  function tag(part) {
    const block = part.kind === "fold" ? part.parts[0].block : part.block;
    const kinds = [...new Set((block?.units ?? []).map((unit) => unit.kind))];
    const shown = kinds.find((kind) => kind !== "identity");
    return shown && element("span", { class: `kind ${shown}` }, shown);
  }

  function makeRow(part, level) {
    const isOpen = store.open.has(part);
    const last = part.layers.at(-1);
    const name = nameBriefly(part);
    const share = measureStrength(store, part);
    const isSelected = part === store.selected;
    return element(
      "div",
      {
        role: "treeitem",
        "aria-level": level,
        "aria-selected": String(isSelected),
        "aria-expanded": part.parts.length ? String(isOpen) : undefined,
        "data-id": part.id,
        class: part.tint,
        style: { "--level": level - 1, "--share": Math.round(100 * share) },
        tabindex: isSelected ? 0 : -1,
      },
      element("span", { class: "twist", "aria-hidden": "true" }, part.parts.length ? (isOpen ? "▾" : "▸") : ""),
      element("span", { class: "what" }, makeMark(store, part), element("span", { class: "called" }, name), remark(part) && element("small", {}, remark(part)), tag(part)),
      element("span", { class: "shape" }, last ? formatSizes(store.readOutput(last)) : ""),
      element("span", { class: store.amountOf(part) ? "amount" : "amount zero", "data-why": store.lens }, signOf(part) + LENSES[store.lens].write(store.amountOf(part))),
    );
  }

  const signOf = (part) => (store.lens === "macs" ? signBound(part) : "");

  function draw() {
    const hadFocus = holder.contains(document.activeElement);
    rows = new Map();
    const put = (part, level) => {
      rows.set(part, makeRow(part, level));
      if (store.open.has(part)) for (const inner of part.parts) put(inner, level + 1);
    };
    put(store.network.root, 1);
    holder.dataset.lens = store.lens;
    holder.replaceChildren(...rows.values());
    const current = rows.get(store.selected);
    if (hadFocus) current?.focus({ preventScroll: true });
    if (current) scrollInto(holder.parentElement, current);
  }

  const partOf = (target) => store.network.byId.get(target.closest("[role=treeitem]")?.dataset.id);

  holder.addEventListener("click", (event) => {
    const part = partOf(event.target);
    if (!part) return;
    const isTwist = event.target.closest(".twist");
    if (part.parts.length && (isTwist || part === store.selected)) store.toggle(part);
    if (!isTwist) store.select(part);
    rows.get(part)?.focus({ preventScroll: true });
  });

  holder.addEventListener("keydown", (event) => {
    const part = partOf(event.target);
    if (!part || event.altKey || event.ctrlKey || event.metaKey) return;
    const order = [...rows.keys()];
    const place = order.indexOf(part);
    const open = store.open.has(part);
    const moves = {
      ArrowDown: () => order[place + 1],
      ArrowUp: () => order[place - 1],
      Home: () => order[0],
      End: () => order.at(-1),
      ArrowRight: () => (part.parts.length ? (open ? part.parts[0] : store.toggle(part, true)) : null),
      ArrowLeft: () => (open && part.parts.length ? store.toggle(part, false) : part.parent),
      Enter: () => (part.parts.length ? store.toggle(part) : null),
      " ": () => (part.parts.length ? store.toggle(part) : null),
    };
    if (!(event.key in moves)) return;
    event.preventDefault();
    const next = moves[event.key]();
    if (next) store.select(next);
  });

  store.subscribe((keys) => {
    if (["selected", "lens", "open", "numbers", "marks"].some((key) => keys.has(key))) draw();
  });
  draw();
}

// Scrolls a pane, never the page, so that something in it is seen.
function scrollInto(pane, inner) {
  const [outside, inside] = [pane.getBoundingClientRect(), inner.getBoundingClientRect()];
  if (inside.top < outside.top) pane.scrollTop -= outside.top - inside.top + 8;
  else if (inside.bottom > outside.bottom) pane.scrollTop += inside.bottom - outside.bottom + 8;
}
