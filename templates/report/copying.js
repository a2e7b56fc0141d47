// Copies the rows that are shown as text for another document, or the command that makes it.

const SYNTAXES = {
  Markdown: (titles, rows) => {
    const line = (cells) => `| ${cells.map((cell) => cell.replace(/[\\|`*_<>[\]]/g, "\\$&")).join(" | ")} |`;
    return [line(titles), `|${titles.map(() => "---").join("|")}|`, ...rows.map(line)].join("\n");
  },
  CSV: (titles, rows) => {
    const cell = (text) => (/[",\n\r]/.test(text) ? `"${text.replace(/"/g, '""')}"` : text);
    // What a spreadsheet would run as a formula is text behind an apostrophe.
    const safe = (text) => cell(/^[=+\-@\t]/.test(text) ? `'${text}` : text);
    return [titles, ...rows].map((cells) => cells.map(safe).join(",")).join("\n");
  },
  LaTeX: (titles, rows, columns) => {
    const line = (cells) => `${cells.map(escapeLatex).join(" & ")} \\\\`;
    const kinds = columns.map((key) => (COLUMNS[key].number ? "r" : "l")).join("");
    return [`\\begin{tabular}{${kinds}}`, "\\hline", line(titles), "\\hline", ...rows.map(line), "\\hline", "\\end{tabular}"].join("\n");
  },
};

const LATEX_SIGNS = {
  "\\": "\\textbackslash{}", "{": "\\{", "}": "\\}", $: "\\$", "&": "\\&", "#": "\\#", _: "\\_", "%": "\\%",
  "~": "\\textasciitilde{}", "^": "\\textasciicircum{}", "<": "\\textless{}", ">": "\\textgreater{}", "|": "\\textbar{}",
  "×": "$\\times$", "→": "$\\rightarrow$", "≥": "$\\ge$", "–": "--", "−": "$-$", "·": "$\\cdot$", "…": "\\dots{}",
};
const escapeLatex = (text) => text.replace(/[\\{}$&#_%~^<>|×→≥–−·…]/g, (sign) => LATEX_SIGNS[sign]);

// A CSV has plain numbers, that programs read.
function writeRows(store, shown, syntax) {
  const { rows, columns } = shown;
  const titles = columns.map((key) => COLUMNS[key].title);
  const plain = (layer, key) => {
    const column = COLUMNS[key];
    const value = column.value(store, layer);
    if (syntax === "CSV" && column.number) return Number.isFinite(value) ? String(value) : value === Infinity ? "all" : "";
    return writeCell(store, layer, key);
  };
  return SYNTAXES[syntax](titles, rows.map((layer) => columns.map((key) => plain(layer, key))), columns);
}

// The command line that shows the selection, at the input of now.
function writeCommand(store) {
  const { network, numbers, selected } = store;
  const spec = quoteForShell(network.spec || "record.json");
  const block = selected.block ? selected : [...iterateAbove(selected)].find((each) => each.block);
  const stage = [selected, ...iterateAbove(selected)].find((each) => each.kind === "stage");
  const size = numbers.isRecord ? "" : writeInputOptions(store);
  if (block) return `resviz diagram ${spec} --figure block --at ${quoteForShell(block.name)}${size} -o block.pdf`;
  if (stage) return `resviz diagram ${spec} --stages ${quoteForShell(stage.name)}${size} -o stage.pdf`;
  return `resviz layers ${spec}${size}`;
}

function writeInputOptions({ network, numbers }) {
  const samples = listSampleSizes(network.whatIf.formulas, numbers.inputs).map((sizes) => sizes.join(","));
  return `${samples.map((sample) => ` --input ${sample}`).join("")} --batch ${numbers.batch}`;
}

function makeCopying(store, shown) {
  const status = store.find("copied");

  async function copy(text, message) {
    status.textContent = (await writeToClipboard(text)) ? message : "The browser lets no page write to the clipboard here.";
  }

  for (const press of store.root.querySelectorAll("[data-copy]")) {
    press.addEventListener("click", () => {
      const syntax = press.dataset.copy;
      if (syntax === "command") {
        const command = writeCommand(store);
        copy(command, `Copied: ${command}`);
      } else {
        const one = store.selected.layer && shown.rows.includes(store.selected.layer) ? [store.selected.layer] : shown.rows;
        copy(writeRows(store, { rows: one, columns: shown.columns }, syntax), `Copied ${plural(one.length, "row")} as ${syntax}.`);
      }
    });
  }
}
