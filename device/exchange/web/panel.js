// A panel over the call, opened and closed by one of its controls.

import { el } from "./dom.js";

export class Panel {
  /** `changed()` is called when it opened or closed. */
  constructor(id, label, changed) {
    this.root = el("section.panel.hidden", { id, "aria-label": label, tabindex: -1 });
    this.changed = changed;
  }

  /** `button` opens and closes it. */
  belongsTo(button) {
    this.button = button;
    button.setAttribute("aria-controls", this.root.id);
    button.setAttribute("aria-expanded", "false");
  }

  get isOpen() {
    return !this.root.classList.contains("hidden");
  }

  /** The focus goes in, and comes back. */
  toggle(isOpen = !this.isOpen) {
    if (isOpen === this.isOpen) return;
    const hadFocus = this.root.contains(document.activeElement);
    this.root.classList.toggle("hidden", !isOpen);
    this.button.setAttribute("aria-expanded", String(isOpen));
    if (isOpen) this.root.focus();
    else if (hadFocus) this.button.focus();
    this.changed(this);
  }
}
