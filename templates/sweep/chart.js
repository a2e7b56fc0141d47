// The points: each can be reached by Tab and arrows and chosen, those on the front have names.

const DIAMOND = "M0-7L7 0L0 7L-7 0Z";
const CIRCLE = "M-4.5 0a4.5 4.5 0 1 0 9 0a4.5 4.5 0 1 0-9 0Z";
const LONGEST_NAME = 30;
const REACH = 14; // pixels from a point at which it is pointed at

// Colours of few values, and of a ramp, on a light page and on a dark one.
const LIGHT_HUES = ["#1b9e77", "#d95f02", "#7570b3", "#e7298a", "#66a61e", "#a6761d", "#666666", "#8c6d00"];
const DARK_HUES = ["#66c2a5", "#fc8d62", "#8da0cb", "#e78ac3", "#a6d854", "#e5c494", "#b3b3b3", "#ffd92f"];
const RAMP = [[68, 1, 84], [65, 68, 135], [42, 120, 142], [34, 168, 132], [122, 209, 81], [253, 231, 37]];

function mixRamp(share) {
  const place = Math.min(Math.max(share, 0), 1) * (RAMP.length - 1);
  const [first, second] = [RAMP[Math.floor(place)], RAMP[Math.ceil(place)]];
  return `rgb(${first.map((part, index) => Math.round(part + (second[index] - part) * (place % 1))).join(" ")})`;
}

// How points are coloured: a function from a row's number, and the legend's entries.
function chooseColours(store) {
  if (!store.colour) return { fill: () => null, legend: [] };
  const name = store.colour;
  const values = store.known(name);
  if (store.tints[name] === "quantitative") {
    const [low, high] = values.reduce(([least, most], value) => [Math.min(least, value), Math.max(most, value)], [Infinity, -Infinity]);
    const fill = (value) => {
      if (value === null) return null;
      const share = high > low ? (value - low) / (high - low) : 0.5;
      return `light-dark(${mixRamp(share * 0.75)}, ${mixRamp(0.35 + share * 0.65)})`;
    };
    return { fill: (number) => fill(store.valueOf(name, number)), legend: [low, (low + high) / 2, high].map((value) => [writeValue(value), fill(value)]) };
  }
  const distinct = [...new Set(values)];
  const hues = new Map(distinct.map((value, place) => [value, `light-dark(${LIGHT_HUES[place % 8]}, ${DARK_HUES[place % 8]})`]));
  return { fill: (number) => hues.get(store.valueOf(name, number)), legend: distinct.map((value) => [writeValue(value), hues.get(value)]) };
}

function makePoints(store, holder, legend, note, hint) {
  let points = [];

  function draw() {
    const width = Math.max(holder.clientWidth, 260);
    const height = width < 560 ? 340 : 430;
    const plot = { left: 68, right: width - 14, top: 14, bottom: height - 52 };
    const [across, up] = [
      makeScale(store.known(store.x), { isWord: store.isWord(store.x), isLog: store.isLog(store.x), start: plot.left, end: plot.right, room: width < 560 ? 4 : 8 }),
      makeScale(store.known(store.y), { isWord: store.isWord(store.y), isLog: store.isLog(store.y), start: plot.bottom, end: plot.top, room: 6 }),
    ];
    const shown = store.sound.filter((number) => [store.x, store.y].every((name) => store.valueOf(name, number) !== null));
    points = shown.map((number) => ({ number, x: across.place(store.valueOf(store.x, number)), y: up.place(store.valueOf(store.y, number)) }));
    points.sort((a, b) => a.x - b.x || b.y - a.y);
    const colours = chooseColours(store);
    const picture = drawn("svg", { viewBox: `0 0 ${width} ${height}`, width, height, role: "group", "aria-label": `Points: ${store.axes[store.x]} across, ${store.axes[store.y]} up` });
    picture.append(drawAxes(store, across, up, plot, width, height));
    const ground = drawn("rect", { class: "ground", x: plot.left, y: plot.top, width: plot.right - plot.left, height: plot.bottom - plot.top });
    const front = points.filter((point) => store.front.has(point.number));
    const line = drawn("path", { class: "step", d: drawStep(store, front) });
    const others = points.filter((point) => !store.front.has(point.number));
    for (const point of points) point.mark = drawPoint(store, point, colours.fill(point.number), tell);
    picture.append(ground, line, ...[...others, ...front].map((point) => point.mark));
    holder.replaceChildren(picture);
    const left = nameFront(store, picture, front, points, plot);
    addFrame(store, picture, ground, points, plot);
    picture.addEventListener("keydown", move);
    picture.addEventListener("click", (event) => {
      const near = findNearest(event, picture);
      if (near) choose(near.number);
    });
    picture.addEventListener("pointermove", (event) => tell(findNearest(event, picture)?.number ?? null));
    picture.addEventListener("pointerleave", () => tell(null));
    drawLegend(colours.legend);
    mark();
    const hidden = store.sound.length - points.length;
    const words = [
      store.objectives.length !== 2 || isAimedAt(store) ? "" : "The front is drawn as a line where both axes are aimed at.",
      hidden ? `${plural(hidden, "variant")} without a value here.` : "",
      left ? `${plural(left, "name")} of the front left out, for want of room.` : "",
    ];
    note.textContent = words.filter(Boolean).join(" ");
  }

  function drawLegend(entries) {
    const sign = (d, attributes) => drawn("svg", { viewBox: "-8 -8 16 16", width: 14, height: 14, "aria-hidden": "true" }, drawn("path", { d, ...attributes }));
    const front = [["on the front", sign(DIAMOND, { class: "on" })], ["not on it", sign(CIRCLE, { class: "off" })]];
    const tinted = entries.map(([text, fill]) => [text, sign(CIRCLE, { style: { fill } })]);
    const title = store.colour ? [element("span", {}, `${store.axes[store.colour]}:`)] : [];
    const shapes = store.colour ? [["on the front", sign(DIAMOND, { class: "plain" })]] : front;
    legend.replaceChildren(...title, ...[...tinted, ...shapes].map(([text, picture]) => element("span", { class: "entry" }, picture, text)));
  }

  function tell(number) {
    hint.textContent = number === null ? "" : `${store.specs[number]}: ${describePlace(store, number)}`;
  }

  // Marks overlap, so that what is pointed at is the nearest; a click without a place is its point's.
  function findNearest(event, picture) {
    const pressed = points.find((point) => point.mark.contains(event.target));
    if (event.type === "click" && !event.detail) return pressed;
    const box = picture.getBoundingClientRect();
    const distance = (point) => Math.hypot(event.clientX - box.left - point.x, event.clientY - box.top - point.y);
    const nearest = points.reduce((best, point) => (!best || distance(point) < distance(best) ? point : best), null);
    return nearest && distance(nearest) <= REACH ? nearest : null;
  }

  function choose(number) {
    store.change({ chosen: number });
  }

  // Right and left by the horizontal axis, up and down by the vertical one.
  function move(event) {
    const place = points.findIndex((point) => point.mark === event.target);
    if (place < 0) return;
    const rising = [...points].sort((a, b) => b.y - a.y || a.x - b.x);
    const high = rising.indexOf(points[place]);
    const next = { ArrowRight: points[place + 1], ArrowLeft: points[place - 1], ArrowUp: rising[high + 1], ArrowDown: rising[high - 1], Home: points[0], End: points.at(-1) }[event.key];
    if (next) {
      setRovingFocus(points.map((point) => point.mark), next.mark);
      next.mark.focus();
    } else if (event.key === "Enter" || event.key === " ") choose(points[place].number);
    else if (event.key === "p") store.togglePin(points[place].number);
    else if (event.key === "Escape") store.change({ chosen: null, framed: null });
    else if (!event.key.startsWith("Arrow")) return;
    event.preventDefault();
  }

  function mark() {
    for (const { number, mark: sign } of points) {
      sign.setAttribute("aria-pressed", String(number === store.chosen));
      sign.classList.toggle("pinned", store.pins.includes(number));
      sign.classList.toggle("outside", Boolean(store.framed) && !store.framed.has(number));
    }
    const current = points.find((point) => point.number === store.chosen) ?? points.find((point) => store.front.has(point.number)) ?? points[0];
    if (current) setRovingFocus(points.map((point) => point.mark), current.mark);
  }

  store.subscribe((keys) => {
    if (["x", "y", "colour", "logs"].some((key) => keys.has(key))) draw();
    else mark();
  });
  let width = 0;
  new ResizeObserver(() => {
    if (holder.clientWidth !== width) draw();
    width = holder.clientWidth;
  }).observe(holder);
}

const describePlace = (store, number) => [store.x, store.y].map((name) => `${store.axes[name]} ${writeValue(store.valueOf(name, number))}`).join(", ");

function drawAxes(store, across, up, plot, width, height) {
  const group = drawn("g", { class: "axes", "aria-hidden": "true" });
  for (const { place, text } of across.ticks) group.append(drawn("line", { x1: place, x2: place, y1: plot.top, y2: plot.bottom }), drawn("text", { x: place, y: plot.bottom + 18, "text-anchor": "middle" }, text));
  for (const { place, text } of up.ticks) group.append(drawn("line", { x1: plot.left, x2: plot.right, y1: place, y2: place }), drawn("text", { x: plot.left - 8, y: place + 4, "text-anchor": "end" }, text));
  const title = (name) => `${store.axes[name]}${store.isLog(name) ? " (log)" : ""}`;
  group.append(
    drawn("text", { class: "title", x: (plot.left + plot.right) / 2, y: height - 8, "text-anchor": "middle" }, title(store.x)),
    drawn("text", { class: "title", transform: `translate(14 ${(plot.top + plot.bottom) / 2}) rotate(-90)`, "text-anchor": "middle" }, title(store.y)),
  );
  return group;
}

function drawPoint(store, { number, x, y }, fill, tell) {
  const isFront = store.front.has(number);
  const label = `${store.specs[number]}: ${describePlace(store, number)}${isFront ? ", on the front" : ""}`;
  return drawn(
    "g",
    { class: "point", role: "button", "aria-label": label, transform: `translate(${x} ${y})`, "data-row": number, onfocus: () => tell(number), onblur: () => tell(null) },
    drawn("circle", { class: "reach", r: 11 }),
    drawn("path", { class: isFront ? "on" : "off", d: isFront ? DIAMOND : CIRCLE, style: fill ? { fill } : {} }),
  );
}

const isAimedAt = ({ x, y, objectives }) => x !== y && objectives.length === 2 && objectives.every(([name]) => name === x || name === y);

// What lies behind the steps is beaten by a point of the front, where both axes are aimed at.
function listSteps(store, front) {
  if (!isAimedAt(store)) return [];
  const isLess = new Map(store.objectives).get(store.x);
  return front.slice(1).flatMap((point, place) => {
    const before = front[place];
    const corner = isLess ? [point.x, before.y] : [before.x, point.y];
    return [[before.x, before.y, ...corner], [...corner, point.x, point.y]];
  });
}

const drawStep = (store, front) => listSteps(store, front).map(([x1, y1, x2, y2]) => `M${x1} ${y1}L${x2} ${y2}`).join("");

// Names of the front, each where it hides no other name and no point; gives how many have no room.
function nameFront(store, picture, front, points, plot) {
  const taken = points.map(({ x, y }) => [x - 6, y - 6, x + 6, y + 6]);
  const steps = listSteps(store, front).map(([x1, y1, x2, y2]) => [Math.min(x1, x2) - 1, Math.min(y1, y2) - 1, Math.max(x1, x2) + 1, Math.max(y1, y2) + 1]);
  const overlaps = ([left, top, right, bottom], others) => others.some((other) => left < other[2] && right > other[0] && top < other[3] && bottom > other[1]);
  let without = 0;
  for (const { x, y, number } of front) {
    const label = drawn("text", { class: "name", "aria-hidden": "true" }, shorten(store.names[number], LONGEST_NAME));
    picture.append(label);
    const size = label.getComputedTextLength();
    const places = [[x + 10, y + 4], [x + 8, y - 9], [x + 8, y + 18], [x - 10 - size, y + 4], [x - 8 - size, y - 9], [x - 8 - size, y + 18]];
    const boxes = places.map(([left, base]) => [left - 2, base - 13, left + size + 2, base + 5]);
    const fits = (box, others) => box[0] >= plot.left && box[2] <= plot.right && box[1] >= plot.top && box[3] <= plot.bottom && !overlaps(box, others);
    // Beside the line if there is room, else over it.
    const beside = boxes.findIndex((box) => fits(box, [...taken, ...steps]));
    const found = beside < 0 ? boxes.findIndex((box) => fits(box, taken)) : beside;
    if (found < 0) {
      without += 1;
      label.remove();
      continue;
    }
    taken.push(boxes[found]);
    setAttributes(label, { x: places[found][0], y: places[found][1] });
  }
  return without;
}

// A frame that is drawn over the points keeps their rows in the table.
function addFrame(store, picture, ground, points, plot) {
  let [start, kept] = [null, null];
  const frame = drawn("rect", { class: "frame" });
  const placeOf = (event) => {
    const box = picture.getBoundingClientRect();
    return [Math.min(Math.max(event.clientX - box.left, plot.left), plot.right), Math.min(Math.max(event.clientY - box.top, plot.top), plot.bottom)];
  };
  const sidesTo = ([x, y]) => ({ x: Math.min(x, start[0]), y: Math.min(y, start[1]), width: Math.abs(x - start[0]), height: Math.abs(y - start[1]) });
  ground.addEventListener("pointerdown", (event) => {
    start = placeOf(event);
    ground.setPointerCapture(event.pointerId);
    setAttributes(frame, sidesTo(start));
    ground.after(frame);
  });
  ground.addEventListener("pointermove", (event) => start && setAttributes(frame, sidesTo(placeOf(event))));
  const end = (event) => {
    if (!start) return;
    const { x, y, width, height } = sidesTo(placeOf(event));
    start = null;
    const isFrame = width > 3 && height > 3;
    if (!isFrame) frame.remove();
    const inside = points.filter((point) => point.x >= x && point.x <= x + width && point.y >= y && point.y <= y + height);
    kept = isFrame ? new Set(inside.map((point) => point.number)) : null;
    store.change({ framed: kept });
  };
  ground.addEventListener("pointerup", end);
  ground.addEventListener("pointercancel", end);
  store.subscribe((keys) => keys.has("framed") && store.framed !== kept && frame.remove());
}
