// The table: rows as they come in, those of a frame alone, sorted by any column.

const ROWS_AT_ONCE = 200;
const SHORT_ERROR = 60;

function makeRows(store) {
  const body = document.querySelector("tbody");
  const more = byId("more");
  const headers = [...document.querySelectorAll("thead th")];
  const collator = new Intl.Collator("en", { numeric: true });
  const order = store.rows.map((_, number) => number);
  let [shown, sorted] = [ROWS_AT_ONCE, null];

  const parse = (text) => (/^[−-]?[\d.,]+$/.test(text) ? Number(text.replaceAll(",", "").replace("−", "-")) : NaN);

  function compare(one, other) {
    const [a, b] = [parse(one), parse(other)];
    if (Number.isNaN(a) !== Number.isNaN(b)) return Number.isNaN(a) ? 1 : -1;
    return Number.isNaN(a) ? collator.compare(one, other) : a - b;
  }

  function list() {
    const kept = store.framed ? order.filter((number) => store.framed.has(number)) : order;
    body.replaceChildren(...kept.slice(0, shown).map(makeRow));
    more.hidden = kept.length <= shown;
    byId("clear").disabled = !store.framed;
    const some = kept.length > shown ? `, the first ${shown} shown` : "";
    byId("count").textContent = `${groupDigits(kept.length)} of ${groupDigits(store.rows.length)} rows${some}`;
  }

  function makeRow(number) {
    const isFailed = store.failed.has(number);
    const kind = isFailed ? "failed" : store.front.has(number) ? "on" : "off";
    const made = element("tr", { class: `${kind}${number === store.chosen ? " chosen" : ""}` });
    store.rows[number].forEach((text, place) => {
      const [name, numeric] = store.columns[place];
      const cell = made.insertCell();
      if (numeric) cell.className = "number";
      if (name === "spec") {
        cell.className = "words";
        cell.append(isFailed ? text : element("button", { type: "button", class: "pick", "aria-pressed": String(number === store.chosen), onclick: () => store.change({ chosen: number }) }, text));
      } else if (name === "error" && text.length > SHORT_ERROR) {
        cell.className = "error";
        cell.append(element("details", {}, element("summary", {}, shorten(text, SHORT_ERROR)), text));
      } else cell.textContent = isFailed && text === "unknown" ? "" : text;
    });
    return made;
  }

  headers.forEach((header, place) => header.querySelector("button").addEventListener("click", () => {
    const way = sorted === place && header.getAttribute("aria-sort") === "ascending" ? -1 : 1;
    for (const other of headers) other.removeAttribute("aria-sort");
    header.setAttribute("aria-sort", way === 1 ? "ascending" : "descending");
    sorted = place;
    order.sort((a, b) => way * compare(store.rows[a][place], store.rows[b][place]) || a - b);
    list();
  }));
  more.addEventListener("click", () => {
    shown += ROWS_AT_ONCE;
    list();
  });
  byId("clear").addEventListener("click", () => store.change({ framed: null }));
  store.subscribe((keys) => {
    if (keys.has("framed")) shown = ROWS_AT_ONCE;
    if (!keys.has("framed") && !keys.has("chosen")) return;
    const place = [...body.querySelectorAll(".pick")].indexOf(document.activeElement);
    list();
    if (place >= 0) body.querySelectorAll(".pick")[place]?.focus({ preventScroll: true });
  });
  list();
}
