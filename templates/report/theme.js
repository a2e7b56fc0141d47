// Light and dark, and paper, which is white.

function makeTheme() {
  const root = document.documentElement;
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const button = byId("theme");

  const theme = () => root.dataset.theme || (dark.matches ? "dark" : "light");
  const nameTheme = () => {
    button.textContent = theme() === "dark" ? "Light theme" : "Dark theme";
  };

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
}
