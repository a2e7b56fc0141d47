// Text for the clipboard, and for a shell.

const quoteForShell = (text) => (/^[\w./:=,-]+$/.test(text) ? text : `'${text.replace(/'/g, "'\\''")}'`);

async function writeToClipboard(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // A page inside another may not; there the old way is left.
    const area = element("textarea", { class: "aside", "aria-hidden": "true" });
    const before = document.activeElement;
    area.value = text;
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    before?.focus({ preventScroll: true });
    return done;
  }
}
