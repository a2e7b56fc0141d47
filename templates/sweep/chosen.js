// The variant that is chosen: its numbers and overview; and two that are pinned, compared.

function makeChosen(store) {
  const panel = byId("chosen");
  const pinned = byId("pinned");

  function draw() {
    const number = store.chosen;
    if (number === null) {
      panel.replaceChildren(element("p", { class: "note" }, "Choose a point or a row, to see its numbers. Tab leads to the points, arrows from one to the next, Enter chooses, p pins."));
      return;
    }
    const isPinned = store.pins.includes(number);
    const command = store.commands[number];
    const status = element("p", { class: "note", role: "status" });
    const copy = async () => {
      status.textContent = (await writeToClipboard(command)) ? `Copied: ${command}` : `The browser lets no page write to the clipboard here: ${command}`;
    };
    const facts = store.columns.map(([name, , title], place) => [name, title, store.rows[number][place]]).filter(([name, , text]) => name !== "spec" && text);
    panel.replaceChildren(
      element("h3", {}, store.specs[number]),
      element("p", { class: "presses" }, element("button", { type: "button", class: "pin", "aria-pressed": String(isPinned), onclick: () => store.togglePin(number) }, isPinned ? "Unpin" : "Pin, to compare"), command ? element("button", { type: "button", onclick: copy }, "Copy command") : null),
      status,
      element("dl", { class: "numbers" }, ...facts.map(([, title, text]) => element("div", {}, element("dt", {}, title), element("dd", {}, text)))),
      drawOverview(number),
    );
  }

  // Drawn ahead, for some of the front; the page says so of all others.
  function drawOverview(number) {
    const held = byId(`overview-${number}`);
    if (!held) return element("p", { class: "note" }, `The page holds the overviews of ${plural(store.overviewsHeld, "variant")} on the front${store.commands[number] ? "; the command draws this one" : ""}.`);
    return element("div", { class: "scroll", role: "region", "aria-label": `Overview of ${store.specs[number]}`, tabindex: 0 }, held.content.cloneNode(true));
  }

  function drawPinned() {
    const [one, other] = store.pins;
    pinned.hidden = one === undefined;
    if (pinned.hidden) return;
    const list = element("ul", {}, ...store.pins.map((number) => element("li", {}, `${store.specs[number]} `, element("button", { type: "button", "aria-label": `Unpin ${store.specs[number]}`, onclick: () => store.togglePin(number) }, "Unpin"))));
    if (other === undefined) {
      byId("comparison").replaceChildren(list, element("p", { class: "note" }, "Pin a second variant, to compare the two."));
      return;
    }
    const names = Object.keys(store.axes).filter((name) => name !== "seconds");
    const rows = names.map((name) => [name, store.valueOf(name, one), store.valueOf(name, other)]).filter(([, a, b]) => a !== b);
    byId("comparison").replaceChildren(list, writeComparison(store, rows), element("p", { class: "note" }, `What is equal is left out.${tellCommand(one, other)}`));
  }

  // The table is of rows; layers are compared by a command, at the input that each was made for.
  function tellCommand(one, other) {
    const isPlain = (number) => store.commands[number] && !/ --(batch|input) /.test(store.commands[number]);
    return isPlain(one) && isPlain(other) ? ` Which layers differ: resviz compare ${quoteForShell(store.specs[one])} ${quoteForShell(store.specs[other])}` : "";
  }

  store.subscribe((keys) => {
    if (!keys.has("chosen") && !keys.has("pins")) return;
    const isInside = panel.contains(document.activeElement);
    draw();
    if (keys.has("pins")) drawPinned();
    if (isInside) panel.querySelector(".pin")?.focus({ preventScroll: true });
  });
  draw();
}

function writeComparison(store, rows) {
  if (!rows.length) return element("p", {}, "All numbers of the two are equal.");
  const heading = (text, isNumber) => element("th", { scope: "col", class: isNumber ? "number" : false }, text);
  const lines = rows.map(([name, a, b]) => {
    const isNumber = !store.isWord(name) && a !== null && b !== null;
    const ratio = isNumber && a > 0 && b > 0 ? `×${(b / a).toPrecision(3)}` : "";
    const change = isNumber ? `${b > a ? "+" : ""}${writeValue(Number((b - a).toPrecision(12)))}` : "";
    return element("tr", {}, element("th", { scope: "row" }, store.axes[name]), ...[writeValue(a), writeValue(b), change, ratio].map((text) => element("td", { class: "number" }, text)));
  });
  return element("div", { class: "scroll", role: "region", "aria-label": "Comparison", tabindex: 0 },
    element("table", { class: "comparison" }, element("thead", {}, element("tr", {}, heading("column"), heading("first", true), heading("second", true), heading("difference", true), heading("ratio", true))), element("tbody", {}, ...lines)));
}
