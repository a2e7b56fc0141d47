// The address says what is shown: #layer2.0.conv2&lens=params&view=pass, and of several
// networks also which: #b/layer2.0.conv2.

const VIEWS = ["shares", "pass", "overview"];

// Which network a name is in: the one of its letter, else the first that has it.
function findTarget(panels, name) {
  const letter = name.match(/^([a-z]+)\//)?.[1];
  const lettered = panels.findIndex((panel) => panel.letter && panel.letter === letter);
  const rest = lettered < 0 ? name : name.slice(letter.length + 1);
  const part = panels[lettered]?.store.network.byId.get(rest);
  if (part) return { number: lettered, part };
  const number = panels.findIndex((panel) => panel.store.network.byId.has(name));
  return number < 0 ? null : { number, part: panels[number].store.network.byId.get(name) };
}

function readAddress(panels, shown) {
  const [name, ...settings] = location.hash.slice(1).split("&");
  const target = findTarget(panels, decode(name));
  if (!target && !settings.length) return null;
  const wanted = Object.fromEntries(settings.map((setting) => setting.split("=").map(decode)));
  const number = target?.number ?? shown;
  return {
    number,
    wanted,
    changes: {
      ...(target && (target.part.parent || !wanted.change) ? { selected: target.part } : {}),
      ...(panels[number].store.lenses.includes(wanted.lens) ? { lens: wanted.lens } : {}),
      ...(VIEWS.includes(wanted.view) ? { view: wanted.view } : {}),
    },
  };
}

function decode(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function writeAddress({ store, input, letter }) {
  const settings = [
    store.lens === "macs" ? "" : `lens=${store.lens}`,
    store.view === "shares" ? "" : `view=${store.view}`,
    store.concerned ? `change=${store.concerned.number}` : "",
    ...input.setting(),
  ].filter(Boolean);
  const name = (letter && `${letter}/`) + encodeURIComponent(store.selected.id).replace(/%3A/g, ":");
  return name || settings.length ? `#${[name, ...settings].join("&")}` : "";
}

// `findShown` tells the number of the panel that is shown; `show` changes that, and what
// the address says beside, as a change.
function makeLinks(panels, findShown, show) {
  const follow = () => {
    const found = readAddress(panels, findShown());
    if (!found) return;
    const { store, input } = panels[found.number];
    show(found.number, found.wanted);
    input.write(found.wanted);
    store.change(found.changes);
  };
  const isFramed = parent !== window;
  const keep = () => {
    const address = writeAddress(panels[findShown()]);
    // A frame that is taken out and put back begins anew: the page around keeps its address.
    if (isFramed) parent.postMessage({ resvizAddress: address }, "*");
    try {
      history.replaceState(null, "", address || location.pathname + location.search);
    } catch {
      // A page without an address of its own, inside another, has nothing to keep.
    }
  };
  panels.forEach(({ store }, number) => store.subscribe((keys) => {
    if (number === findShown() && ["selected", "lens", "view", "numbers", "concerned"].some((key) => keys.has(key))) keep();
  }));
  addEventListener("hashchange", follow);
  addEventListener("message", ({ source, data }) => {
    if (isFramed && source === parent && typeof data?.resvizAddress === "string") location.hash = data.resvizAddress;
  });
  follow();
  if (location.protocol === "about:") keepLinksInside();
  return keep;
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
