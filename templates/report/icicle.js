// The icicle: what each part has of a cost, the outer above the inner.

const ICICLE_LEVELS = 4;
const NARROW_PIXELS = 64; // where a name leaves out what the outer one says
const LETTER_PIXELS = 6.5; // of one letter of an amount, about
const LEAST_WIDTH = 0.25; // per cent of the whole, below which a part is not drawn

// The parts in a part; equal blocks stand one by one.
const listUnfolded = (part) => part.parts.flatMap((each) => (each.kind === "fold" ? each.parts : [each]));

// "conv2_1" in "conv2_x" is "_1" where there is no room for more.
function leaveOutOuter(name, outer) {
  const shared = outer ? nameBriefly(outer).replace(/_x$/, "") : "";
  return shared && /^[._]/.test(name.slice(shared.length)) && name.startsWith(shared) ? name.slice(shared.length) : name;
}

function makeIcicle(store, holder, caption) {
  let cells = new Map();

  // Fields do not add up: there a part is as long as its MACs, and as dark as its field.
  const lengthLens = () => (LENSES[store.lens].adds ? store.lens : "macs");

  function findTop() {
    const part = store.selected;
    return part.parts.length ? part : part.parent ?? store.network.root;
  }

  function makeCell(part, left, width, level, outer) {
    const amount = store.amountOf(part);
    const whole = measureWhole(store, store.lens);
    const share = LENSES[store.lens].adds ? formatShare(amount, whole) : "";
    const room = (width * (holder.clientWidth || 600)) / 100;
    const name = room < NARROW_PIXELS ? leaveOutOuter(nameBriefly(part), outer) : nameBriefly(part);
    const written = LENSES[store.lens].write(amount);
    const words = !share || LETTER_PIXELS * (share.length + written.length + 5) < room ? (share && `${share} · `) + written : share;
    const cell = element(
      "button",
      {
        type: "button",
        class: `slice ${part.tint}${room > 34 ? "" : " slim"}`,
        "aria-pressed": String(part === store.selected),
        "data-id": part.id,
        "data-why": store.lens,
        style: { left: `${left}%`, width: `${width}%`, top: `calc(${level} * 2.6rem)`, "--share": Math.round(100 * measureStrength(store, part)) },
        tabindex: -1,
      },
      element("span", { class: "called" }, name, " ", makeMark(store, part)),
      " ",
      element("span", { class: "words" }, words),
    );
    cells.set(part, cell);
    return cell;
  }

  function draw() {
    const hadFocus = holder.contains(document.activeElement);
    cells = new Map();
    const lens = lengthLens();
    const top = findTop();
    const made = [];
    let deepest = 0;
    const put = (part, left, width, level, outer) => {
      made.push(makeCell(part, left, width, level, outer));
      deepest = Math.max(deepest, level);
      const whole = store.amountOf(part, lens);
      if (level + 1 === ICICLE_LEVELS || !whole) return;
      let start = left;
      for (const inner of listUnfolded(part)) {
        const span = (width * store.amountOf(inner, lens)) / whole;
        if (span >= LEAST_WIDTH) put(inner, start, span, level + 1, part);
        start += span;
      }
    };
    put(top, 0, 100, 0);
    holder.replaceChildren(...made);
    holder.style.setProperty("--levels", deepest + 1);
    const current = cells.get(store.selected) ?? cells.get(top);
    setRovingFocus(cells.values(), current);
    if (hadFocus) current?.focus({ preventScroll: true });
    const what = LENSES[store.lens].adds
      ? `Length and colour: share of ${LENSES[lens].label === "MACs" ? "MACs" : LENSES[lens].long}`
      : "Length: share of MACs; colour: how much of the input is seen";
    caption.textContent = store.amountOf(top, lens) ? `${what}. What has none, or too little to be seen, is not drawn.` : `Nothing in ${top.name} has any ${LENSES[lens].long}.`;
  }

  holder.addEventListener("click", (event) => {
    const part = store.network.byId.get(event.target.closest("[data-id]")?.dataset.id);
    if (part) store.select(part);
  });

  holder.addEventListener("keydown", (event) => {
    const part = store.network.byId.get(event.target.dataset.id);
    if (!part) return;
    const outer = [...iterateAbove(part)].find((each) => cells.has(each));
    const siblings = (outer ? listUnfolded(outer) : [part]).filter((each) => cells.has(each));
    const place = siblings.indexOf(part);
    const moves = {
      ArrowRight: () => siblings[place + 1],
      ArrowLeft: () => siblings[place - 1],
      ArrowDown: () => listUnfolded(part).find((each) => cells.has(each)),
      ArrowUp: () => outer ?? part.parent,
    };
    if (!(event.key in moves)) return;
    event.preventDefault();
    const next = moves[event.key]();
    if (next) store.select(next);
  });

  addEventListener("resize", () => store.view === "shares" && draw());
  store.subscribe((keys) => {
    const concerns = ["selected", "lens", "numbers", "view", "marks"].some((key) => keys.has(key));
    if (concerns && store.view === "shares") draw();
  });
  draw();
}
