// The one state of the page: axes, what is chosen, pinned and framed.

function makeSweepStore(contents) {
  const listeners = [];
  const failed = new Map(contents.failed);
  const front = new Set(contents.front);
  const numbers = contents.rows.map((_, number) => number);
  const store = {
    ...contents,
    failed,
    front,
    sound: numbers.filter((number) => !failed.has(number)),
    x: contents.places[0],
    y: contents.places[1],
    colour: "",
    logs: {}, // axes whose reader chose: true for logarithms
    chosen: null,
    pins: [],
    framed: null, // numbers of rows in a frame over the points
    subscribe(listener) {
      listeners.push(listener);
    },
    change(changes) {
      const keys = new Set(Object.keys(changes));
      Object.assign(store, changes);
      for (const listener of listeners) listener(keys);
    },
    isWord: (name) => contents.words.includes(name),
    valueOf: (name, number) => contents.values[name][number],
    known: (name) => store.sound.map((number) => store.valueOf(name, number)).filter((value) => value !== null),
    canBeLog: (name) => !store.isWord(name) && store.known(name).every((value) => value > 0),
    isLog(name) {
      if (!store.canBeLog(name)) return false;
      const values = store.known(name);
      const spread = values.reduce((most, value) => Math.max(most, value), 0) / values.reduce((least, value) => Math.min(least, value), Infinity);
      return store.logs[name] ?? spread > contents.logFrom;
    },
    togglePin(number) {
      const others = store.pins.filter((it) => it !== number);
      store.change({ pins: others.length < store.pins.length ? others : [...store.pins, number].slice(-2) });
    },
  };
  return store;
}
