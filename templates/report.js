"use strict";
(() => {
  const root = document.documentElement;
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const button = document.getElementById("theme");

  function theme() {
    return root.dataset.theme || (dark.matches ? "dark" : "light");
  }

  function nameTheme() {
    button.textContent = theme() === "dark" ? "Light theme" : "Dark theme";
  }

  button.addEventListener("click", () => {
    root.dataset.theme = theme() === "dark" ? "light" : "dark";
    nameTheme();
  });
  dark.addEventListener("change", nameTheme);
  nameTheme();
  button.hidden = false;

  // Paper is white: the figures follow the attribute, not the medium.
  let chosen;
  addEventListener("beforeprint", () => {
    chosen = root.dataset.theme;
    root.dataset.theme = "light";
  });
  addEventListener("afterprint", () => {
    if (chosen) root.dataset.theme = chosen;
    else delete root.dataset.theme;
  });

  const table = document.querySelector("table.layers");
  const body = table.tBodies[0];
  const headers = [...table.tHead.rows[0].cells];
  const at = (name) => headers.findIndex((header) => header.classList.contains(name));
  const collator = new Intl.Collator("en", { numeric: true });

  function count(text) {
    return text.trim() ? Number(text.replace(/[≥,\s]/g, "")) : NaN;
  }

  // The values of a tensor, "1×64×56×56"; several are added up.
  function values(text) {
    const tensors = text.match(/\d+(×\d+)*/g) || [];
    const sizes = tensors.map((it) => it.split("×").reduce((a, b) => a * Number(b), 1));
    return sizes.length ? sizes.reduce((a, b) => a + b) : NaN;
  }

  const text = (cell) => (cell.firstChild ? cell.firstChild.textContent : "").trim();
  const shapes = new Set([at("input_shapes"), at("output_shape")]);
  const rows = [...body.rows].map((row) => {
    const keys = headers.map((header, column) => {
      const cell = text(row.cells[column]);
      if (header.dataset.sort === "count") return count(cell);
      return shapes.has(column) ? values(cell) : cell;
    });
    const words = ["name", "type", "part"].map((name) => keys[at(name)]);
    return {
      row,
      keys,
      words: words.join(" ").toLowerCase(),
      kinds: row.dataset.kinds.split(" "),
      params: keys[at("params")],
      macs: keys[at("macs")],
      partial: text(row.cells[at("macs")]).startsWith("≥"),
    };
  });

  function compare(a, b) {
    return typeof a === "number" ? a - b : collator.compare(a, b);
  }

  const missing = (key) => key === "" || Number.isNaN(key);

  function sort(column, direction) {
    const sign = direction === "ascending" ? 1 : -1;
    const sorted = [...rows].sort((a, b) => {
      const [x, y] = [a.keys[column], b.keys[column]];
      // What has no value comes last, whichever way the rest is sorted.
      if (missing(x) || missing(y)) return missing(x) - missing(y);
      return sign * compare(x, y);
    });

    body.append(...sorted.map((it) => it.row));
    headers.forEach((header) => header.removeAttribute("aria-sort"));
    headers[column].setAttribute("aria-sort", direction);
  }

  headers.forEach((header, column) => {
    const press = document.createElement("button");
    press.type = "button";
    press.append(...header.childNodes);
    header.append(press);
    // Large numbers are looked for first; names and the order of execution begin.
    const first = header.classList.contains("index") || typeof rows[0]?.keys[column] === "string"
      ? "ascending"
      : "descending";
    const other = first === "ascending" ? "descending" : "ascending";
    press.addEventListener("click", () =>
      sort(column, header.getAttribute("aria-sort") === first ? other : first),
    );
  });
  headers[at("index")].setAttribute("aria-sort", "ascending");

  const search = document.getElementById("search");
  const kind = document.getElementById("kind");
  const grouped = (number) => number.toLocaleString("en");

  function filter() {
    const words = search.value.toLowerCase().split(/\s+/);
    let [shown, params, macs, unknown] = [0, 0, 0, false];
    for (const it of rows) {
      const hit =
        words.every((word) => it.words.includes(word)) &&
        (!kind.value || it.kinds.includes(kind.value));
      it.row.hidden = !hit;
      if (!hit) continue;
      shown += 1;
      params += it.params;
      if (it.partial || Number.isNaN(it.macs)) unknown = true;
      if (!Number.isNaN(it.macs)) macs += it.macs;
    }
    document.getElementById("shown").textContent =
      `${grouped(shown)} of ${grouped(rows.length)} layers`;
    document.getElementById("sum-params").textContent = grouped(params);
    document.getElementById("sum-macs").textContent = (unknown ? "≥ " : "") + grouped(macs);
  }

  search.addEventListener("input", filter);
  kind.addEventListener("change", filter);
  document.getElementById("clear").addEventListener("click", () => {
    search.value = kind.value = "";
    filter();
    search.focus();
  });
  document.querySelector(".filter").hidden = false;
  filter();
})();
