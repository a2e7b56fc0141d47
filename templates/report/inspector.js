// What is selected, in full: its sizes and costs, why they are so, its shortcuts.

const MOST_NAMED = 12; // blocks of one reason that are named

function makeInspector(store, holder) {
  // With a lens, the value says by what convention it is counted when it has the focus.
  const fact = (label, value, why, lens) =>
    element("div", {}, element("dt", {}, label), element("dd", {}, element("span", { class: "value", "data-why": lens, tabindex: lens ? 0 : undefined }, value), why ? element("span", { class: "reason" }, why) : null));

  function describePart(part) {
    if (part.layer) return part.layer.type;
    if (part.kind === "block") return `${part.block.type} block${part.block.path ? `, ${part.block.path}` : ""}`;
    if (part.kind === "fold") return `${part.parts.length} equal blocks`;
    return KIND_WORDS[part.kind];
  }

  function listSizes(part) {
    const [first, last] = [part.layers[0], part.layers.at(-1)];
    if (!first) return [];
    const { layer } = part;
    const inputs = first.sources.map((_, place) => formatSizes(store.readInput(first, place)));
    const facts = [fact("in", [...new Set(inputs)].join(" and ") || "none"), fact("out", formatSizes(store.readOutput(last)), layer && explainSize(store, layer))];
    if (layer?.window) {
      const { window } = layer;
      const extra = [
        window.padding.some(Boolean) && `padding ${formatAxes(window.padding)}`,
        window.dilation.some((step) => step > 1) && `dilation ${formatAxes(window.dilation)}`,
        window.groups > 1 && `${window.groups} groups`,
        window.transposed && "transposed",
      ].filter(Boolean);
      facts.push(fact("window", [formatSizes(window.kernel), `stride ${formatAxes(window.stride)}`, ...extra].join(", ")));
    }
    if (!layer) facts.push(fact("layers", groupDigits(part.layers.length)));
    return facts;
  }

  function listCosts(part) {
    return store.lenses.map((lens) => {
      const { label, adds, write } = LENSES[lens];
      const amount = store.amountOf(part, lens);
      const whole = measureWhole(store, lens);
      const exact = lens === "memory" || !adds ? write(amount) : groupDigits(amount);
      const share = adds && part.parent ? ` · ${formatShare(amount, whole)}` : "";
      const bound = lens === "macs" ? signBound(part) : "";
      const made = fact(lens === "memory" ? "Allocates" : label, bound + exact + share, explainAmount(store, part, lens), lens);
      made.classList.toggle("chosen", lens === store.lens);
      return made;
    });
  }

  function listMemory(part) {
    if (!store.network.hasMemory || !part.layers.length) return [];
    const held = part.layers.map((layer) => store.numbers.held[layer.index]);
    const most = held.reduce((best, bytes) => Math.max(best, bytes), 0);
    const at = part.layers[held.indexOf(most)];
    return [
      fact("Holds at most", formatBytes(most), part.layer ? "With all that later layers still read." : `While ${at.name} runs.`),
      ...listKept(part),
    ];
  }

  // At another input it is known of the whole network alone.
  function listKept(part) {
    const { kept, keptInAll } = store.numbers;
    if (kept) return [fact("Kept for training", formatBytes(sum(part.layers.map((layer) => kept[layer.index]))))];
    return part.parent || keptInAll === null ? [] : [fact("Kept for training", formatBytes(keptInAll))];
  }

  function describeShortcuts(part) {
    const block = part.kind === "fold" ? part.parts[0].block : part.block;
    if (!block) return [];
    return block.units.map((unit) => {
      const params = sum(unit.layers.map((index) => store.network.layers[index].params));
      const macs = sum(unit.layers.map((index) => store.numbers.macs[index]));
      const cost = params || macs ? ` It costs ${formatCount(params)} parameters and ${formatCount(macs)} MACs.` : "";
      const label = unit.label === unit.kind ? "" : ` ${unit.label}`;
      return element("p", { class: "shortcut" }, element("span", { class: `kind ${unit.kind}` }, unit.kind), `${label}. ${explainShortcut(store, unit)}${cost}`);
    });
  }

  // Which of the blocks in a part are no identities, and why, each a press that leads to it.
  function listReasons(part) {
    const blocks = [...iterateParts(part)].filter((each) => each.block);
    if (part.block || part.kind === "fold" || !blocks.length) return [];
    const groups = new Map();
    const found = listProjecting(part);
    for (const each of found) {
      const unit = each.block.units.find(({ kind }) => kind !== "identity");
      const key = `${unit.kind} ${unit.reason}`;
      groups.set(key, { unit, members: [...(groups.get(key)?.members ?? []), each] });
    }
    const lines = [...groups.values()].map(({ unit, members }) => {
      const presses = members.slice(0, MOST_NAMED).flatMap((each, place) => [place ? ", " : " ", element("button", { type: "button", onclick: () => store.select(each) }, each.name)]);
      const rest = members.length > MOST_NAMED ? ` and ${members.length - MOST_NAMED} more` : "";
      const cause = SHORTCUT_CAUSES[unit.reason];
      return element("p", { class: "shortcut" }, element("span", { class: `kind ${unit.kind}` }, unit.kind), `${cause ? `, as ${cause}` : ""}:`, ...presses, `${rest}.`);
    });
    const count = found.length ? `${found.length} of ${plural(blocks.length, "block")} ${found.length === 1 ? "has" : "have"} more than an identity` : `${plural(blocks.length, "block")}, all with identities alone`;
    return [element("p", { class: "shortcut" }, `${count}.`), ...lines];
  }

  // The square that one position sees, over that of the input.
  function drawField(part) {
    const field = store.amountOf(part, "field");
    const side = measureInputSide(store);
    if (!field || !side) return null;
    const seen = Math.min(field, 2 * side);
    const scale = 110 / Math.max(seen, side);
    const square = (size, css) => drawn("rect", { class: css, x: 60 - (size * scale) / 2, y: 60 - (size * scale) / 2, width: size * scale, height: size * scale });
    const words = field === Infinity ? "all of the input" : `${groupDigits(field)} of ${groupDigits(side)} pixels${field > side ? ", more than there are" : ""}`;
    return element(
      "figure",
      { class: `seen ${part.tint}` },
      drawn("svg", { viewBox: "0 0 120 120", width: 120, height: 120, "aria-hidden": "true" }, square(side, "image"), square(seen, "field")),
      element("figcaption", {}, `One position sees ${words} along the longest side.`),
    );
  }

  function drawPath(part) {
    const above = [...iterateAbove(part)].reverse();
    const crumbs = above.map((outer) => element("li", {}, element("button", { type: "button", onclick: () => store.select(outer) }, outer.name)));
    return above.length ? element("ol", { class: "path", "aria-label": "Lies in" }, ...crumbs) : null;
  }

  function draw() {
    const part = store.selected;
    const heading = element("h3", { id: "selection-title" }, part.name);
    const join = part.layer?.join;
    holder.dataset.id = part.id;
    holder.replaceChildren(
      ...[
        drawPath(part),
        heading,
        element("p", { class: "subtitle" }, describePart(part)),
        ...describeShortcuts(part),
        ...listReasons(part),
        join && element("p", { class: "shortcut" }, element("span", { class: "kind" }, join.verdict), `: ${join.reason}`),
        ...(store.describeBeside?.(part) ?? []),
        element("dl", {}, ...listSizes(part), ...listCosts(part), ...listMemory(part)),
        drawField(part),
      ].filter(Boolean),
    );
  }

  store.subscribe((keys) => {
    if (["selected", "lens", "numbers", "marks"].some((key) => keys.has(key))) draw();
  });
  draw();
}
