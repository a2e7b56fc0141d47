// What if the input were another: all numbers from formulas, which `makeWhatIf` works out.

const readSizes = (text) => text.split(/[\s×x,]+/).filter(Boolean).map(Number);

// The numbers of one network at another input, or the reason why there are none.
function makeAnswers(store) {
  const { network } = store;
  const { formulas, given, operations, dtype, fixed, reason } = network.whatIf;
  const recorded = store.numbers;
  const whatIf = formulas && makeWhatIf(formulas);
  const inputs = new Set(given);
  const keep = new Set(fixed);

  // Bytes that each layer makes, and that are held while it runs.
  function measureMemory(bytes) {
    const during = listHeldBytes(formulas, bytes);
    const made = new Float64Array(formulas.operations + 1);
    formulas.storages.forEach(([, maker], number) => {
      if (!inputs.has(number)) made[maker] += bytes[number];
    });
    const [allocated, held] = [[], []];
    let first = 0;
    for (const count of operations) {
      allocated.push(sum([...made.subarray(first, first + count)]));
      held.push(Math.max(0, ...during.subarray(first, first + count)));
      first += count;
    }
    return { allocated, held };
  }

  return {
    recorded,
    reason,
    isKnown: Boolean(formulas),
    dtype: FLOAT_BYTES[dtype] ? dtype : "",
    hasBatch: Boolean(formulas?.inputs.some((axes) => axes.includes(SAMPLES))),
    listSamples: (shapes = formulas.recorded) => listSampleSizes(formulas, shapes),
    // Raises the reason where there is no answer.
    find(samples, batch, wantedType) {
      const found = whatIf(samples, batch);
      const factor = dtype ? FLOAT_BYTES[wantedType] / FLOAT_BYTES[dtype] : 1;
      const bytes = found.storages.map((size, number) => (keep.has(number) ? size : size * factor));
      const column = (key) => found.layers.map((layer) => layer[key]);
      const { allocated, held } = network.hasMemory ? measureMemory(bytes) : recorded;
      return {
        isRecord: false,
        inputs: found.inputs,
        batch: batch ?? recorded.batch,
        dtype: wantedType,
        outputs: column("outputs"),
        macs: column("macs"),
        activations: column("activations"),
        elements: column("elements"),
        allocated,
        held,
        kept: null,
        keptInAll: formulas.kept && sum(formulas.kept.map((number) => bytes[number])),
      };
    },
    totals(samples, batch) {
      if (!whatIf) throw new Error(reason);
      const { params, macs, activations, outputs } = whatIf(samples, batch);
      return { params, macs, activations, output: outputs[0] };
    },
  };
}

// Fields for the input of one network, or of several that take the same.
function makeOtherInput(stores, prefix) {
  const form = byId(`${prefix}other-input`);
  const trouble = byId(`${prefix}other-trouble`);
  const note = byId(`${prefix}other-note`);
  const [first] = stores;
  const { network, answers } = first;
  const { recorded, hasBatch } = answers;
  const dtype = stores.every((store) => store.answers.dtype === answers.dtype) ? answers.dtype : "";
  const unknown = stores.find((store) => !store.answers.isKnown);
  if (unknown) {
    form.textContent = `Another input cannot be tried: ${unknown.answers.reason}`;
    return { write: () => {}, setting: () => [] };
  }
  const fields = () => [...form.querySelectorAll("[data-input]")];
  const field = (name) => byId(`${prefix}other-${name}`);

  function readForm() {
    const samples = fields().map((each) => readSizes(each.value));
    const batch = hasBatch ? Number(field("batch").value) : recorded.batch;
    return { samples, batch, dtype: field("dtype")?.value ?? recorded.dtype };
  }

  function isRecorded(wanted) {
    return `${wanted.samples}` === `${answers.listSamples()}` && wanted.batch === recorded.batch && wanted.dtype === recorded.dtype;
  }

  // All of the networks follow, or none, so that what is compared is at one input.
  function follow() {
    const wanted = readForm();
    let message = "";
    let failing = null;
    try {
      const found = stores.map((store) => {
        failing = store;
        return isRecorded(wanted) ? store.answers.recorded : store.answers.find(wanted.samples, hasBatch ? wanted.batch : undefined, dtype ? wanted.dtype : store.answers.recorded.dtype);
      });
      stores.forEach((store, number) => store.change({ numbers: found[number] }));
    } catch (error) {
      message = (stores.length > 1 ? `${failing.network.title}: ` : "") + error.message;
    }
    trouble.textContent = message && `${message}. Shown is what stood here before.`;
    trouble.hidden = !message;
    for (const each of fields()) each.setAttribute("aria-invalid", String(Boolean(message)));
  }

  function write({ samples, batch, dtype: wanted }) {
    fields().forEach((each, number) => {
      if (samples?.[number]) each.value = samples[number].join("×");
    });
    if (batch && field("batch")) field("batch").value = batch;
    if (wanted && field("dtype")) field("dtype").value = wanted;
    follow();
  }

  function drawNote() {
    const { numbers } = first;
    const size = numbers.inputs.map(formatSizes).join(" and ");
    note.textContent = numbers.isRecord ? "" : `Worked out for ${size}, ${numbers.dtype}. Receptive fields, and what says so below, stay at the recorded ${recorded.inputs.map(formatSizes).join(" and ")}.`;
    note.hidden = numbers.isRecord;
  }

  function makeFields() {
    const samples = answers.listSamples();
    const inputs = samples.map((sample, number) => {
      const id = `${prefix}other-size-${number}`;
      const name = samples.length > 1 ? network.inputs[number].name : "Input";
      return [element("label", { for: id }, name), element("input", { id, "data-input": number, type: "text", inputmode: "numeric", autocomplete: "off", spellcheck: "false", value: sample.join("×"), "aria-describedby": trouble.id })];
    });
    const [batchId, typeId] = ["batch", "dtype"].map((name) => `${prefix}other-${name}`);
    const batch = hasBatch ? [element("label", { for: batchId }, "Batch"), element("input", { id: batchId, type: "number", min: 1, step: 1, value: recorded.batch, "aria-describedby": trouble.id })] : [];
    const types = dtype ? [element("label", { for: typeId }, "Dtype"), element("select", { id: typeId }, ...Object.keys(FLOAT_BYTES).map((type) => element("option", { value: type, selected: type === dtype }, type)))] : [];
    const reset = element("button", { type: "button", onclick: () => write({ samples, batch: recorded.batch, dtype: recorded.dtype }) }, "As recorded");
    form.replaceChildren(...[...inputs, batch, types].filter((pair) => pair.length).map((pair) => element("span", { class: "field" }, ...pair)), reset);
  }

  makeFields();
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("input", follow);
  form.addEventListener("change", follow);
  first.subscribe((keys) => keys.has("numbers") && drawNote());

  return {
    write: (wanted) => write({
      samples: wanted.size ? wanted.size.split("_").map(readSizes) : answers.listSamples(),
      batch: Number(wanted.batch) || recorded.batch,
      dtype: wanted.dtype in FLOAT_BYTES ? wanted.dtype : recorded.dtype,
    }),
    // What the address says of the input that is shown.
    setting() {
      const { numbers } = first;
      if (numbers.isRecord) return [];
      const samples = answers.listSamples(numbers.inputs).map((sizes) => sizes.join("x"));
      return [`size=${samples.join("_")}`, numbers.batch === recorded.batch ? "" : `batch=${numbers.batch}`, numbers.dtype === recorded.dtype ? "" : `dtype=${numbers.dtype}`].filter(Boolean);
    },
  };
}

// The totals at the head of a network follow its numbers, and so does the batch they are of.
function drawTotals(store) {
  const { numbers } = store;
  const counting = store.root.querySelector(".counting")?.lastChild;
  if (counting) counting.data = counting.data.replace(/(batch of) \d+(?=\.)/, `$1 ${numbers.batch}`);
  const totals = { MACs: sum(numbers.macs), "element-wise": sum(numbers.elements), activations: sum(numbers.activations) };
  for (const entry of store.root.querySelectorAll("[data-total]")) {
    const number = totals[entry.dataset.total];
    if (number === undefined) continue;
    const [big, exact] = entry.querySelectorAll("dd");
    entry.dataset.words ??= `${big.textContent}\n${exact?.textContent ?? ""}`;
    const [first, words] = entry.dataset.words.split("\n");
    big.textContent = numbers.isRecord ? first : (first.startsWith("≥") ? "≥ " : "") + formatCount(number);
    const other = words.replace(/[\d,.]+(?: [kMGT])?/g, "#").replace("#", groupDigits(number)).replace("#", formatCount(2 * number));
    if (exact) exact.textContent = numbers.isRecord ? words : other;
  }
}

// `window.resviz`, for tests and the curious; its own totals are those of what is shown.
function exposeTotals(stores, findShown) {
  const networks = stores.map(({ network, answers }) => Object.freeze({ title: network.title, totals: answers.totals }));
  window.resviz = Object.freeze({ networks: Object.freeze(networks), totals: (...wanted) => networks[findShown()].totals(...wanted) });
}
