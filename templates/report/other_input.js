// What if the input were another: all numbers from formulas, which `makeWhatIf` works out.

function makeOtherInput(store) {
  const { network } = store;
  const form = byId("other-input");
  const trouble = byId("other-trouble");
  const note = byId("other-note");
  const { formulas, given, operations, dtype, fixed, reason } = network.whatIf;
  const recorded = store.numbers;
  const whatIf = formulas && makeWhatIf(formulas);

  // Raises the reason where there is no answer.
  function answer(samples, batch, wantedType) {
    const found = whatIf(samples, batch);
    const factor = dtype ? FLOAT_BYTES[wantedType] / FLOAT_BYTES[dtype] : 1;
    const keep = new Set(fixed);
    const bytes = found.storages.map((size, number) => (keep.has(number) ? size : size * factor));
    const kept = formulas.kept && sum(formulas.kept.map((number) => bytes[number]));
    return { ...found, batch, kept, dtype: wantedType, ...(network.hasMemory ? measureMemory(bytes) : {}) };
  }

  // Bytes that each layer makes, and that are held while it runs.
  function measureMemory(bytes) {
    const inputs = new Set(given);
    const changes = new Float64Array(formulas.operations + 1);
    const made = new Float64Array(formulas.operations + 1);
    formulas.storages.forEach(([, maker, released], number) => {
      changes[maker] += bytes[number];
      changes[released] -= bytes[number];
      if (!inputs.has(number)) made[maker] += bytes[number];
    });
    const [allocated, held] = [[], []];
    let [operation, now] = [0, 0];
    for (const count of operations) {
      let [most, sum] = [0, 0];
      for (const end = operation + count; operation < end; operation += 1) {
        now += changes[operation];
        sum += made[operation];
        most = Math.max(most, now);
      }
      allocated.push(sum);
      held.push(most);
    }
    return { allocated, held };
  }

  function makeNumbers(found) {
    const column = (key) => found.layers.map((layer) => layer[key]);
    return {
      isRecord: false,
      inputs: found.inputs,
      batch: found.batch ?? recorded.batch,
      dtype: found.dtype,
      outputs: column("outputs"),
      macs: column("macs"),
      activations: column("activations"),
      elements: column("elements"),
      allocated: found.allocated ?? recorded.allocated,
      held: found.held ?? recorded.held,
      kept: null,
      keptInAll: found.kept,
    };
  }

  const listSamples = () => listSampleSizes(formulas, formulas.recorded);
  const hasBatch = () => formulas.inputs.some((axes) => axes.includes(SAMPLES));
  const fields = () => [...form.querySelectorAll("[data-input]")];
  const readSizes = (text) => text.split(/[\s×x,]+/).filter(Boolean).map(Number);

  function readForm() {
    const samples = fields().map((field) => readSizes(field.value));
    const batch = hasBatch() ? Number(byId("other-batch").value) : recorded.batch;
    return { samples, batch, dtype: byId("other-dtype")?.value ?? recorded.dtype };
  }

  function isRecorded({ samples, batch, dtype: wanted }) {
    return `${samples}` === `${listSamples()}` && batch === recorded.batch && wanted === recorded.dtype;
  }

  function follow() {
    const asked = readForm();
    let [numbers, message] = [store.numbers, ""];
    try {
      numbers = isRecorded(asked) ? recorded : makeNumbers(answer(asked.samples, hasBatch() ? asked.batch : undefined, asked.dtype));
    } catch (error) {
      message = error.message;
    }
    trouble.textContent = message && `${message}. Shown is what stood here before.`;
    trouble.hidden = !message;
    for (const field of fields()) field.setAttribute("aria-invalid", String(Boolean(message)));
    store.change({ numbers });
  }

  function write({ samples, batch, dtype: wanted }) {
    fields().forEach((field, number) => {
      if (samples?.[number]) field.value = samples[number].join("×");
    });
    if (batch && byId("other-batch")) byId("other-batch").value = batch;
    if (wanted && byId("other-dtype")) byId("other-dtype").value = wanted;
    follow();
  }

  function drawTotals() {
    const { numbers } = store;
    const totals = { MACs: sum(numbers.macs), "element-wise": sum(numbers.elements), activations: sum(numbers.activations) };
    for (const entry of document.querySelectorAll("[data-total]")) {
      const number = totals[entry.dataset.total];
      if (number === undefined) continue;
      const [big, exact] = entry.querySelectorAll("dd");
      entry.dataset.words ??= `${big.textContent}\n${exact?.textContent ?? ""}`;
      const [first, words] = entry.dataset.words.split("\n");
      big.textContent = numbers.isRecord ? first : (first.startsWith("≥") ? "≥ " : "") + formatCount(number);
      const said = words.replace(/[\d,.]+(?: [kMGT])?/g, "#").replace("#", groupDigits(number)).replace("#", formatCount(2 * number));
      if (exact) exact.textContent = numbers.isRecord ? words : said;
    }
    const size = numbers.inputs.map(formatSizes).join(" and ");
    note.textContent = numbers.isRecord ? "" : `Worked out for ${size}, ${numbers.dtype}. Figures, receptive fields and the tables below stay at the recorded ${recorded.inputs.map(formatSizes).join(" and ")}.`;
    note.hidden = numbers.isRecord;
  }

  function makeFields() {
    const samples = listSamples();
    const inputs = samples.map((sample, number) => {
      const id = `other-size-${number}`;
      const name = samples.length > 1 ? network.inputs[number].name : "Input";
      return [element("label", { for: id }, name), element("input", { id, "data-input": number, type: "text", inputmode: "numeric", autocomplete: "off", spellcheck: "false", value: sample.join("×"), "aria-describedby": "other-trouble" })];
    });
    const batch = hasBatch() ? [element("label", { for: "other-batch" }, "Batch"), element("input", { id: "other-batch", type: "number", min: 1, step: 1, value: recorded.batch, "aria-describedby": "other-trouble" })] : [];
    const types = FLOAT_BYTES[dtype] ? [element("label", { for: "other-dtype" }, "Dtype"), element("select", { id: "other-dtype" }, ...Object.keys(FLOAT_BYTES).map((it) => element("option", { value: it, selected: it === dtype }, it)))] : [];
    const reset = element("button", { type: "button", onclick: () => write({ samples, batch: recorded.batch, dtype: recorded.dtype }) }, "As recorded");
    form.replaceChildren(...[...inputs, batch, types].filter((pair) => pair.length).map((pair) => element("span", { class: "field" }, ...pair)), reset);
  }

  window.resviz = Object.freeze({
    totals(samples, batch) {
      if (!whatIf) throw new Error(reason);
      const { params, macs, activations, outputs } = whatIf(samples, batch);
      return { params, macs, activations, output: outputs[0] };
    },
  });

  if (!whatIf) {
    form.textContent = `Another input cannot be tried: ${reason}`;
    return { write: () => {}, setting: () => [] };
  }
  makeFields();
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("input", follow);
  form.addEventListener("change", follow);
  store.subscribe((keys) => keys.has("numbers") && drawTotals());

  return {
    write: (asked) => write({
      samples: asked.size ? asked.size.split("_").map(readSizes) : listSamples(),
      batch: Number(asked.batch) || recorded.batch,
      dtype: asked.dtype in FLOAT_BYTES ? asked.dtype : recorded.dtype,
    }),
    // What the address says of the input that is shown.
    setting() {
      const { numbers } = store;
      if (numbers.isRecord) return [];
      const samples = listSampleSizes(formulas, numbers.inputs).map((sizes) => sizes.join("x"));
      return [`size=${samples.join("_")}`, numbers.batch === recorded.batch ? "" : `batch=${numbers.batch}`, numbers.dtype === recorded.dtype ? "" : `dtype=${numbers.dtype}`].filter(Boolean);
    },
  };
}
