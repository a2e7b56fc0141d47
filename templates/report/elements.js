// Elements of the page, made without any markup: whatever a network calls its parts is text.

function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  setAttributes(made, attributes);
  made.append(...children.filter((child) => child !== null && child !== undefined && child !== ""));
  return made;
}

function drawn(tag, attributes = {}, ...children) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  setAttributes(made, attributes);
  made.append(...children);
  return made;
}

// `on…` listens, `style` sets properties, false and undefined leave an attribute out.
function setAttributes(made, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === false || value === null) continue;
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (name === "style") for (const [key, setting] of Object.entries(value)) made.style.setProperty(key, setting);
    else made.setAttribute(name, value === true ? "" : value);
  }
}

const byId = (id) => document.getElementById(id);

// One of a group can be reached by Tab, and arrows lead to the others.
function setRovingFocus(items, current) {
  for (const item of items) item.tabIndex = item === current ? 0 : -1;
}

const isTyping = (target) => target instanceof Element && target.matches("input, select, textarea");
