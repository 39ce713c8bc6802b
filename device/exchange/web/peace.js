// Do not disturb: whether whoever uses this browser wants nothing to ring in it. The same in all its tabs.

const KEY = "do-not-disturb";

/** Tells "change". */
class Peace extends EventTarget {
  constructor() {
    super();
    addEventListener("storage", ({ key }) => { // another tab's doing; null: all was cleared
      if (key === KEY || key === null) this.#tell();
    });
  }

  get isOn() {
    return localStorage.getItem(KEY) !== null;
  }

  set isOn(isOn) {
    if (isOn) localStorage.setItem(KEY, "1");
    else localStorage.removeItem(KEY);
    this.#tell();
  }

  #tell() {
    this.dispatchEvent(new Event("change"));
  }
}

export const peace = new Peace();
