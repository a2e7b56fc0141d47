// Light and dark, and paper, which is white. In a frame it goes by the page around, until the reader chooses.

function makeTheme() {
  const root = document.documentElement;
  root.classList.toggle("framed", parent !== window);
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const button = byId("theme");

  const theme = () => root.dataset.theme || (dark.matches ? "dark" : "light");
  const nameTheme = () => {
    button.textContent = theme() === "dark" ? "Light theme" : "Dark theme";
  };

  let isChosen = false;
  const follow = (name) => {
    root.dataset.theme = name;
    nameTheme();
  };

  button.addEventListener("click", () => {
    isChosen = true;
    follow(theme() === "dark" ? "light" : "dark");
  });
  dark.addEventListener("change", nameTheme);
  addEventListener("message", ({ source, data }) => {
    const isAround = source === parent && parent !== window;
    if (isAround && !isChosen && ["light", "dark"].includes(data?.resvizTheme)) follow(data.resvizTheme);
  });
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
