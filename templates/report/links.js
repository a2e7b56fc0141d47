// The address says what is shown: #layer2.0.conv2&lens=params&view=pass

const VIEWS = ["shares", "pass", "overview"];

function readAddress(store) {
  const [name, ...settings] = location.hash.slice(1).split("&");
  const found = store.network.byId.get(decode(name));
  const asked = Object.fromEntries(settings.map((it) => it.split("=").map(decode)));
  if (!found && !settings.length) return null;
  return {
    ...(found ? { selected: found } : {}),
    ...(store.lenses.includes(asked.lens) ? { lens: asked.lens } : {}),
    ...(VIEWS.includes(asked.view) ? { view: asked.view } : {}),
    input: asked,
  };
}

function decode(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function writeAddress(store, input) {
  const settings = [
    store.lens === "macs" ? "" : `lens=${store.lens}`,
    store.view === "shares" ? "" : `view=${store.view}`,
    ...input.setting(),
  ].filter(Boolean);
  const name = encodeURIComponent(store.selected.id).replace(/%3A/g, ":");
  return name || settings.length ? `#${[name, ...settings].join("&")}` : "";
}

function makeLinks(store, input) {
  const follow = () => {
    const found = readAddress(store);
    if (!found) return;
    const { input: asked, ...changes } = found;
    input.write(asked);
    store.change(changes);
  };
  store.subscribe((keys) => {
    if (!["selected", "lens", "view", "numbers"].some((key) => keys.has(key))) return;
    try {
      history.replaceState(null, "", writeAddress(store, input) || location.pathname + location.search);
    } catch {
      // A page without an address of its own, inside another, has nothing to keep.
    }
  });
  addEventListener("hashchange", follow);
  follow();
  if (location.protocol === "about:") keepLinksInside();
}

// In a frame that holds the page, a link to one of its parts would be one to the page around.
function keepLinksInside() {
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.('a[href^="#"]');
    if (!link || event.defaultPrevented) return;
    event.preventDefault();
    location.hash = link.getAttribute("href");
  });
}
