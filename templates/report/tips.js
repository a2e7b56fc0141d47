// A small box beside what is pointed at or has the focus, which says why a number is so.

function makeTips(store) {
  const tip = element("div", { role: "tooltip", class: "tip", hidden: true });
  document.body.append(tip);

  function explain(target) {
    const why = target.dataset.why;
    const part = store.network.byId.get(target.closest("[data-id]")?.dataset.id);
    if (!part) return "";
    if (why === "size") return part.layer ? explainSize(store, part.layer) : "";
    const { label, write } = LENSES[why];
    const reason = explainAmount(store, part, why);
    return `${part.name}, ${label}: ${write(store.amountOf(part, why))}${reason ? `; ${reason}` : ""}. ${CONVENTIONS[why]}`.replace("..", ".");
  }

  function show(event) {
    const target = event.target instanceof Element && store.root.contains(event.target) ? event.target.closest("[data-why]") : null;
    const text = target ? explain(target) : "";
    tip.hidden = !text;
    if (!text) return;
    tip.textContent = text;
    const box = target.getBoundingClientRect();
    const [width, height] = [tip.offsetWidth, tip.offsetHeight];
    const left = Math.min(Math.max(box.left + box.width / 2 - width / 2, 8), innerWidth - width - 8);
    const below = box.bottom + 6 + height < innerHeight;
    tip.style.left = `${left}px`;
    tip.style.top = `${below ? box.bottom + 6 : Math.max(box.top - height - 6, 8)}px`;
  }

  addEventListener("mouseover", show);
  addEventListener("focusin", show);
  addEventListener("scroll", () => (tip.hidden = true), { capture: true, passive: true });
  addEventListener("keydown", (event) => {
    if (event.key === "Escape") tip.hidden = true;
  });
}
