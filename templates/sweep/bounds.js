// Bounds of both axes as fields: what a frame over the points does, by keys.

const SCALES = { "": 1, k: 1e3, M: 1e6, G: 1e9, T: 1e12 };

// "1,000", "1.5 G" or "−2e-3" as a number; NaN of anything else.
function readNumber(text) {
  const [, digits, scale] = text.trim().replaceAll(",", "").replace("−", "-").match(/^(-?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)\s*([kMGT]?)$/) ?? [];
  return digits === undefined ? NaN : Number(digits) * SCALES[scale];
}

function makeBounds(store, form) {
  const ENDS = { from: (value, bound) => value >= bound, to: (value, bound) => value <= bound };
  let fields = [];
  let isOwn = false;

  // Each field that holds a number keeps the rows on its side; without one, all are kept.
  function follow() {
    for (const { input } of fields) input.setAttribute("aria-invalid", String(Boolean(input.value.trim()) && Number.isNaN(readNumber(input.value))));
    const bounds = fields.map(({ name, end, input }) => ({ name, keeps: ENDS[end], bound: readNumber(input.value) })).filter(({ bound }) => !Number.isNaN(bound));
    const isInside = (number) => bounds.every(({ name, keeps, bound }) => store.valueOf(name, number) !== null && keeps(store.valueOf(name, number), bound));
    isOwn = true;
    store.change({ framed: bounds.length ? new Set(store.sound.filter(isInside)) : null });
    isOwn = false;
  }

  // A frame's least and greatest values keep the same rows as it does.
  function write() {
    for (const { name, end, input } of fields) {
      const values = [...(store.framed ?? [])].map((number) => store.valueOf(name, number));
      const most = values.reduce((best, value) => (best === null || ENDS[end](best, value) ? value : best), null);
      input.value = most === null ? "" : String(most);
      input.removeAttribute("aria-invalid");
    }
  }

  function draw() {
    fields = [...new Set([store.x, store.y])].filter((name) => !store.isWord(name)).flatMap((name) =>
      Object.keys(ENDS).map((end) => ({ name, end, input: element("input", { type: "text", autocomplete: "off", size: 9, "aria-label": `${store.axes[name]}, ${end}` }) })),
    );
    const names = [...new Set(fields.map(({ name }) => name))];
    form.replaceChildren(...names.map((name) => {
      const own = fields.filter((field) => field.name === name).flatMap(({ end, input }) => [element("span", { "aria-hidden": "true" }, end), input]);
      return element("span", { class: "field" }, element("span", { "aria-hidden": "true" }, store.axes[name]), ...own);
    }));
    write();
  }

  form.addEventListener("input", follow);
  form.addEventListener("submit", (event) => event.preventDefault());
  store.subscribe((keys) => {
    if (keys.has("x") || keys.has("y")) draw();
    else if (keys.has("framed") && !isOwn) write();
  });
  draw();
  form.hidden = false;
}
