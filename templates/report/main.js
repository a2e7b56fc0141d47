// Starts the page of one network, once its text is there.

function startReport() {
  makeTheme();
  const store = readStore("");
  if (!store) return;
  drawPanel(store);
  const input = makeOtherInput([store], "");
  exposeTotals([store], () => 0);
  makeLinks([{ store, input, letter: "" }], () => 0, () => {});
}

startReport();
