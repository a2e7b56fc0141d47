"use strict";
(() => {
  const told = JSON.parse(document.getElementById("contents").textContent);
  const [x, y] = ["x", "y"].map((id) => document.getElementById(id));
  const colour = document.getElementById("colour");
  const clear = document.getElementById("clear");
  const body = document.querySelector("tbody");
  const more = document.getElementById("more");
  const headers = [...document.querySelectorAll("thead th")];
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const SHOWN = 200, MANY = 2000, SPREAD = 20;

  // A point knows its row: rows that failed have none.
  const failed = new Set(told.failed);
  const sound = told.rows.map((_, number) => number).filter((it) => !failed.has(it));
  told.points.forEach((point, place) => { point.row = sound[place]; });
  const pointOf = new Map(told.points.map((point) => [point.row, point]));

  let view, chosen = null, shown = SHOWN, sorted = null;
  let order = told.rows.map((_, number) => number);

  for (const [select, name] of [[x, told.places[0]], [y, told.places[1]]]) {
    for (const [key, label] of Object.entries(told.axes)) {
      select.add(new Option(label, key, key === name, key === name));
    }
    select.addEventListener("change", draw);
  }
  colour.add(new Option("Pareto front", ""));
  for (const key of Object.keys(told.tints)) colour.add(new Option(told.axes[key], key));
  colour.addEventListener("change", draw);
  clear.addEventListener("click", draw);
  dark.addEventListener("change", draw);
  more.addEventListener("click", () => { shown += SHOWN; list(); });

  // Vega reads no variable of CSS; what light-dark() gives is asked of an element.
  function resolved(name) {
    const probe = document.createElement("span");
    probe.style.color = `var(${name})`;
    document.body.append(probe);
    const found = getComputedStyle(probe).color;
    probe.remove();
    return found;
  }

  const worded = (name) => told.words.includes(name);

  function spread(name) {
    if (worded(name)) return false;
    const values = told.points.map((point) => point[name]).filter((it) => it !== null);
    let least = Infinity, most = -Infinity;
    for (const it of values) { least = Math.min(least, it); most = Math.max(most, it); }
    return least > 0 && most > SPREAD * least;
  }

  function spec() {
    const made = structuredClone(told.chart);
    for (const [axis, select] of [["x", x], ["y", y]]) {
      const encoding = made.encoding[axis];
      encoding.field = select.value;
      encoding.title = told.axes[select.value];
      if (spread(select.value)) encoding.scale = told.log;
      if (!worded(select.value)) continue;
      encoding.type = "nominal";
      encoding.sort = null; // as they come in the space
      encoding.axis = { grid: true, labelAngle: 0, labelLimit: 160, labelOverlap: true };
      delete encoding.scale;
    }
    if (colour.value) made.encoding.color = tint(colour.value);
    else made.encoding.color.scale.range = [resolved("--projection"), resolved("--accent")];
    const text = resolved("--text"), muted = resolved("--muted");
    Object.assign(made.config.axis, {
      labelColor: muted, titleColor: text, tickColor: muted, domainColor: muted,
      gridColor: resolved("--rule"),
    });
    Object.assign(made.config.legend, { labelColor: muted, titleColor: text, symbolBaseFillColor: muted });
    made.config.background = "transparent";
    made.datasets = { points: told.points };
    return made;
  }

  // The shape of a point still tells of the front; colours are legible on either page.
  function tint(name) {
    const [type, night] = [told.tints[name], dark.matches];
    const ramp = { name: "viridis", extent: night ? [0.35, 1] : [0, 0.75] };
    const scheme = type !== "nominal" ? ramp : night ? "set2" : "dark2";
    const legend = { columns: 6, symbolLimit: 24, titleOrient: "left" };
    return { field: name, type, sort: null, title: told.axes[name], scale: { scheme }, legend };
  }

  async function draw() {
    chosen = null;
    if (view) view.finalize();
    const renderer = told.points.length > MANY ? "canvas" : "svg";
    const options = { actions: false, ast: true, renderer, tooltip: { theme: "custom" } };
    view = (await vegaEmbed("#chart", spec(), options)).view;
    view.addSignalListener("brush", (_, frame) => choose(frame));
    list();
  }

  function choose(frame) {
    const spans = Object.entries(frame);
    chosen = spans.length ? spans : null;
    shown = SHOWN;
    list();
  }

  function within(number) {
    if (!chosen) return true;
    const point = pointOf.get(number);
    return point && chosen.every(([name, span]) => {
      if (worded(name)) return span.includes(point[name]);
      const [low, high] = [Math.min(...span), Math.max(...span)];
      return point[name] !== null && low <= point[name] && point[name] <= high;
    });
  }

  function list() {
    const kept = order.filter(within);
    const fresh = kept.slice(0, shown).map(row);
    body.replaceChildren(...fresh);
    more.hidden = kept.length <= shown;
    clear.disabled = !chosen;
    const some = kept.length > shown ? `, the first ${shown} shown` : "";
    document.getElementById("count").textContent =
      `${kept.length.toLocaleString("en")} of ${told.rows.length.toLocaleString("en")} rows${some}`;
  }

  function row(number) {
    const made = document.createElement("tr");
    const point = pointOf.get(number);
    if (failed.has(number)) made.className = "failed";
    else if (point && point.front === "on the front") made.className = "on";
    told.rows[number].forEach((text, place) => {
      const [name, numeric] = told.columns[place];
      const cell = made.insertCell();
      cell.textContent = failed.has(number) && text === "unknown" ? "" : text;
      if (numeric) cell.className = "number";
      else if (name === "spec" || name === "error") cell.className = "words";
    });
    return made;
  }

  const collator = new Intl.Collator("en", { numeric: true });
  const number = (text) => (/^[\d.,]+$/.test(text) ? Number(text.replaceAll(",", "")) : NaN);

  function compare(one, other) {
    const [a, b] = [number(one), number(other)];
    if (Number.isNaN(a) || Number.isNaN(b)) {
      if (Number.isNaN(a) !== Number.isNaN(b)) return Number.isNaN(a) ? 1 : -1;
      return collator.compare(one, other);
    }
    return a - b;
  }

  headers.forEach((header, place) => header.querySelector("button").addEventListener("click", () => {
    const way = sorted === place && header.getAttribute("aria-sort") === "ascending" ? -1 : 1;
    headers.forEach((it) => it.removeAttribute("aria-sort"));
    header.setAttribute("aria-sort", way === 1 ? "ascending" : "descending");
    sorted = place;
    order.sort((a, b) => way * compare(told.rows[a][place], told.rows[b][place]) || a - b);
    list();
  }));

  draw();
})();
