// The layer table: of thousands of rows, only those that can be seen are there.

const ROW_HEIGHT = 30;
const ALL_AT_ONCE = 400; // rows up to which all of them are there
const WIDE = 1000; // pixels from which there is room for windows and types
const BEYOND = 30; // rows above and below those that can be seen

function makeTable(store) {
  const table = store.root.querySelector("table.layers");
  const [head, body] = [table.tHead, table.tBodies[0]];
  const frame = table.parentElement;
  const status = store.find("shown");
  let rows = [];
  let { scope, sort } = store;
  let columns = [];
  let span = [0, 0];
  let isPrinting = false;

  function drawHead() {
    columns = chooseColumns(store);
    const cells = columns.map((key) => {
      const column = COLUMNS[key];
      const press = element("button", { type: "button", "data-key": key }, column.title);
      const css = [key, column.number ? "number" : "", column.lens === store.lens ? "lens" : ""].filter(Boolean).join(" ");
      return element("th", { scope: "col", class: css, "aria-sort": store.sort.key === key ? store.sort.direction : undefined }, press);
    });
    const focused = head.contains(document.activeElement) ? document.activeElement.dataset.key : null;
    head.replaceChildren(element("tr", {}, ...cells));
    if (focused) head.querySelector(`[data-key="${focused}"]`)?.focus({ preventScroll: true });
  }

  function makeRow(layer, place) {
    const isSelected = layer.part === store.selected;
    const change = layer.kinds.includes("resolution");
    const row = element("tr", { class: [layer.part.tint, change ? "changes" : ""].join(" ").trim(), "data-id": layer.part.id, "aria-rowindex": place + 2, "aria-selected": String(isSelected), tabindex: -1 });
    for (const key of columns) row.append(makeCell(layer, key, change));
    return row;
  }

  function makeCell(layer, key, change) {
    const column = COLUMNS[key];
    const text = writeCell(store, layer, key);
    if (key === "name") return element("th", { scope: "row", class: key, title: text }, text);
    if (key === "differs") return element("td", { class: key }, makeMark(store, layer.part), text && ` ${text}`);
    if (key === "part" && text) return element("td", {}, element("span", { class: "chip" }, text));
    const why = column.lens ? { "data-why": column.lens } : key === "output_shape" ? { "data-why": "size" } : {};
    const value = column.number ? column.value(store, layer) : null;
    const css = [column.number ? "number" : "", column.bar ? "bar" : "", value === 0 && key !== "index" ? "zero" : ""].filter(Boolean).join(" ");
    const cell = element("td", { class: css || undefined, ...why }, text);
    if (column.bar && value) cell.style.setProperty("--bar", Math.round((100 * value) / largest(key)));
    if (key === "output_shape" && change && (store.isWide || store.allColumns)) cell.append(" ", element("span", { class: "change" }, describeChange(layer)));
    return cell;
  }

  function describeChange(layer) {
    const axes = store.shapeOf(layer).length - 2;
    const sizes = [store.inputShape(layer), store.shapeOf(layer)].map((shape) => formatAxes(shape.slice(-axes)));
    return sizes.join("→");
  }

  let maxima = new Map();
  function largest(key) {
    if (!maxima.has(key)) maxima.set(key, store.network.layers.reduce((most, layer) => Math.max(most, COLUMNS[key].value(store, layer) || 0), 1));
    return maxima.get(key);
  }

  // Draws the rows that can be seen, between two that are as high as all others.
  function drawRows(isForced) {
    const whole = isPrinting || rows.length <= ALL_AT_ONCE;
    const first = Math.max(Math.floor(frame.scrollTop / ROW_HEIGHT) - BEYOND, 0);
    const count = Math.ceil((frame.clientHeight || 800) / ROW_HEIGHT) + 2 * BEYOND;
    const wanted = whole ? [0, rows.length] : [first - (first % 2), Math.min(first + count, rows.length)];
    if (!isForced && (whole || (wanted[0] === span[0] && wanted[1] === span[1]))) return;
    const focused = body.contains(document.activeElement) ? document.activeElement.dataset.id : null;
    span = wanted;
    const drawn = rows.slice(...span).map((layer, place) => makeRow(layer, span[0] + place));
    const gap = (count) => (count ? [element("tr", { class: "gap-row", "aria-hidden": "true" }, element("td", { colspan: columns.length, style: { height: `${count * ROW_HEIGHT}px` } }))] : []);
    body.replaceChildren(...gap(span[0]), ...drawn, ...gap(rows.length - span[1]));
    table.setAttribute("aria-rowcount", rows.length + 1);
    const current = drawn.find((row) => row.dataset.id === store.selected.id) ?? drawn[0];
    if (current) current.tabIndex = 0;
    if (focused !== null) (drawn.find((row) => row.dataset.id === focused) ?? current)?.focus({ preventScroll: true });
  }

  function drawSums() {
    const all = store.network.layers.length;
    const params = sum(rows.map((layer) => layer.params));
    const macs = sum(rows.map((layer) => macsOf(store, layer) || 0));
    const unknown = rows.some((layer) => layer.isUnknown);
    const what = isFiltered(store)
      ? [store.concerned?.words, store.query.trim() && `matching “${store.query.trim()}”`, store.kind && `of kind ${store.kind === "resolution" ? "“changes resolution”" : store.kind}`].filter(Boolean).join(", ")
      : scope.parent && `those in ${scope.name}`;
    status.textContent = `${groupDigits(rows.length)} of ${groupDigits(all)} layers${what ? `, ${what}` : ""}`;
    const widths = columns.length - 2;
    const foot = table.tFoot.rows[0];
    foot.cells[0].colSpan = Math.max(widths, 1);
    store.find("sum-params").textContent = groupDigits(params);
    store.find("sum-macs").textContent = (unknown ? "≥ " : "") + groupDigits(macs);
  }

  function draw() {
    maxima = new Map();
    const found = listRows(store);
    const isOther = found.scope !== scope || store.sort !== sort;
    [rows, scope, sort] = [found.layers, found.scope, store.sort];
    table.classList.toggle("roomy", store.allColumns || store.isWide);
    table.classList.toggle("whole", store.allColumns);
    drawHead();
    if (isOther) frame.scrollTop = 0;
    drawRows(true);
    drawSums();
    showSelected();
  }

  function showSelected() {
    const place = rows.findIndex((layer) => layer.part === store.selected);
    if (place < 0) return;
    const [top, bottom] = [place * ROW_HEIGHT, (place + 1) * ROW_HEIGHT];
    const room = frame.clientHeight - 3 * ROW_HEIGHT;
    if (top < frame.scrollTop || bottom > frame.scrollTop + room) frame.scrollTop = Math.max(top - room / 2, 0);
    drawRows(false);
  }

  function markSelected() {
    for (const row of body.rows) {
      const isSelected = row.dataset.id === store.selected.id;
      row.setAttribute("aria-selected", String(isSelected));
      if (!isSelected) row.tabIndex = -1;
    }
    const current = body.querySelector('[aria-selected="true"]') ?? body.querySelector("[data-id]");
    if (current) current.tabIndex = 0;
  }

  const layerOf = (target) => store.network.byId.get(target.closest("tr[data-id]")?.dataset.id)?.layer;

  function moveTo(place) {
    const layer = rows[Math.min(Math.max(place, 0), rows.length - 1)];
    if (!layer) return;
    store.select(layer.part);
    body.querySelector(`[data-id="${CSS.escape(layer.part.id)}"]`)?.focus({ preventScroll: true });
  }

  body.addEventListener("click", (event) => {
    const layer = layerOf(event.target);
    if (layer) moveTo(rows.indexOf(layer));
  });
  body.addEventListener("keydown", (event) => {
    const place = rows.indexOf(layerOf(event.target));
    const page = Math.max(Math.floor(frame.clientHeight / ROW_HEIGHT) - 3, 1);
    const moves = { ArrowDown: place + 1, ArrowUp: place - 1, PageDown: place + page, PageUp: place - page, Home: 0, End: rows.length - 1, Enter: place, " ": place };
    if (!(event.key in moves) || place < 0) return;
    event.preventDefault();
    moveTo(moves[event.key]);
  });
  head.addEventListener("click", (event) => {
    const key = event.target.closest("button")?.dataset.key;
    if (!key) return;
    // Large numbers are looked for first; names and the order of execution begin.
    const isNumber = typeof COLUMNS[key].value(store, store.network.layers[0]) === "number" && key !== "index";
    const [first, other] = isNumber ? ["descending", "ascending"] : ["ascending", "descending"];
    const { sort } = store;
    store.change({ sort: { key, direction: sort.key === key && sort.direction === first ? other : first } });
  });
  frame.addEventListener("scroll", () => drawRows(false), { passive: true });
  const measureRoom = () => store.change({ isWide: frame.clientWidth >= WIDE });
  addEventListener("resize", () => {
    measureRoom();
    drawRows(false);
  });

  store.subscribe((keys) => {
    if (["query", "kind", "sort", "numbers", "lens", "allColumns", "isWide", "concerned", "marks"].some((key) => keys.has(key))) draw();
    else if (keys.has("selected")) {
      if (findScope(store) !== scope) draw();
      else {
        markSelected();
        showSelected();
      }
    }
  });
  store.isWide = frame.clientWidth >= WIDE;
  draw();

  return {
    get rows() { return rows; },
    get columns() { return columns; },
    get scope() { return scope; },
    print(isOn) {
      isPrinting = isOn;
      store.isWide = isOn || frame.clientWidth >= WIDE;
      draw();
    },
  };
}
