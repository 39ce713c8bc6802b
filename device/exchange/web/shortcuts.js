// The keys of a call. They may be switched off: who speaks to their computer types letters.

const KEY = "shortcuts";

export class Shortcuts {
  /** `keys` is {key: [words, do()]}, with keys as KeyboardEvent has them. Until `signal` aborts. */
  constructor(keys, signal) {
    this.keys = keys;
    document.addEventListener("keydown", (event) => this.#take(event), { signal });
  }

  get areOn() {
    return localStorage.getItem(KEY) !== "off";
  }

  set areOn(isOn) {
    localStorage.setItem(KEY, isOn ? "on" : "off");
  }

  #take(event) {
    const { key, target } = event;
    if (event.ctrlKey || event.altKey || event.metaKey || event.repeat) return;
    if (!this.areOn || target.closest?.("input, select, textarea, dialog")) return;
    const found = this.keys[key];
    if (!found) return;
    event.preventDefault();
    found[1]();
  }
}

/** "Shift+E" of "E", "M" of "m". */
export function keyWords(key) {
  const upper = key.toUpperCase();
  return key !== key.toLowerCase() ? `Shift+${upper}` : upper;
}
