// The forward from its first layer to its last: a bar a layer, and a line over all.

const PASS_SIZE = { width: 1000, height: 190, top: 28, bottom: 18 };

// What is drawn for each lens: a bar and a height of the line for each layer.
function listPass(store, lens) {
  const { layers } = store.network;
  const bars = layers.map((layer) => measureLayer(store, layer, lens));
  if (lens === "memory") return { bars: null, line: store.numbers.held, words: "Bytes held while each layer runs" };
  if (lens === "field") return { bars: null, line: bars, words: "What one position of each layer sees of the input" };
  let total = 0;
  const line = bars.map((amount) => (total += amount));
  return { bars, line, words: `${LENSES[lens].label} so far (line) and of each layer (bars, to their own scale)` };
}

function makePass(store, holder, caption) {
  const { width, height, top, bottom } = PASS_SIZE;
  const floor = height - bottom;
  const count = store.network.layers.length;
  const x = (index) => (width * index) / Math.max(count, 1);
  const picture = drawn("svg", { viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: "none", "aria-hidden": "true" });
  const marks = element("div", { class: "marks", "aria-hidden": "true" });
  const cursor = element("div", { class: "cursor", role: "slider", tabindex: 0, "aria-label": "Layer of the forward", "aria-valuemin": 1, "aria-valuemax": count });
  holder.append(picture, marks, cursor);

  function bands() {
    return store.network.root.parts
      .filter((part) => part.tint)
      .map((part) => {
        const [first, last] = [part.layers[0].index, part.layers.at(-1).index];
        return { part, left: x(first), width: x(last + 1) - x(first) };
      });
  }

  function draw() {
    const { bars, line, words } = listPass(store, store.lens);
    const shown = line.map((each) => (each === Infinity ? measureInputSide(store) : each));
    const side = store.lens === "field" ? measureInputSide(store) : 0;
    const most = shown.reduce((best, each) => Math.max(best, each), side) || 1;
    const y = (amount) => floor - ((floor - top) * amount) / most;
    const highest = (bars ?? []).reduce((best, each) => Math.max(best, each), 0) || 1;
    const path = shown.map((amount, index) => `${index ? "L" : "M"}${x(index).toFixed(1)},${y(amount).toFixed(1)}H${x(index + 1).toFixed(1)}`).join("");
    const stages = bands();
    picture.replaceChildren(
      ...stages.map((band) => drawn("rect", { class: `band ${band.part.tint}`, x: band.left, y: top, width: band.width, height: floor - top })),
      ...(bars ?? []).map((amount, index) => drawBar(amount, index)).filter(Boolean),
      drawn("path", { class: "line", d: path }),
      ...(side ? [drawn("path", { class: "limit", d: `M0,${y(side)}H${width}` })] : []),
    );
    function drawBar(amount, index) {
      const size = ((floor - top) * 0.6 * amount) / highest;
      return amount ? drawn("rect", { class: "each", x: x(index), y: floor - size, width: Math.max(x(1) * 0.8, 0.8), height: size }) : null;
    }
    const peak = shown.indexOf(shown.reduce((best, each) => Math.max(best, each), 0));
    const whole = store.lens === "field" ? findWholeView(store) : null;
    const write = LENSES[store.lens].write;
    const label = (index, level, words) => element("span", { class: `label peak${x(index) > width / 2 ? " before" : ""}`, style: place(x(index), level) }, words);
    const place = (left, level) => ({ left: `${(100 * left) / width}%`, top: `${(100 * level) / height}%` });
    marks.replaceChildren(
      ...stages.filter((band) => band.width > 70).map((band) => element("span", { class: "stage", style: place(band.left, floor) }, band.part.name)),
      ...(side ? [element("span", { class: "label", style: place(0, y(side)) }, `input: ${groupDigits(side)} px`)] : []),
      ...(store.lens === "memory" && count ? [label(peak, top, `peak ${write(shown[peak])} at ${store.network.layers[peak].name}`)] : []),
      ...(whole ? [label(whole.index, y(side), `${whole.name}: ${write(measureField(whole))}`)] : []),
    );
    caption.textContent = `${words}. Click, or move with the arrows, to select a layer.`;
    moveCursor();
  }

  function moveCursor() {
    const first = store.selected.layers[0];
    if (!first) return;
    const last = store.selected.layers.at(-1);
    const amount = store.selected.layer ? `: ${LENSES[store.lens].write(store.amountOf(store.selected))}` : "";
    cursor.style.left = `${(100 * x(first.index)) / width}%`;
    cursor.style.width = `${(100 * (x(last.index + 1) - x(first.index))) / width}%`;
    cursor.setAttribute("aria-valuenow", first.index + 1);
    cursor.setAttribute("aria-valuetext", `${store.selected.name}${amount}`);
  }

  const selectAt = (index) => store.select(store.network.layers[Math.min(Math.max(index, 0), count - 1)].part);

  holder.addEventListener("click", (event) => {
    const box = picture.getBoundingClientRect();
    selectAt(Math.floor((count * (event.clientX - box.left)) / box.width));
  });
  cursor.addEventListener("keydown", (event) => {
    const now = store.selected.layers[0]?.index ?? 0;
    const places = { ArrowRight: now + 1, ArrowUp: now + 1, ArrowLeft: now - 1, ArrowDown: now - 1, Home: 0, End: count - 1 };
    if (!(event.key in places)) return;
    event.preventDefault();
    selectAt(store.selected.layer || event.key === "Home" || event.key === "End" ? places[event.key] : now);
  });
  store.subscribe((keys) => {
    if (store.view !== "pass") return;
    if (["lens", "numbers", "view"].some((key) => keys.has(key))) draw();
    else if (keys.has("selected")) moveCursor();
  });
  if (store.view === "pass") draw();
}
