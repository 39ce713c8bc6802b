// One line above the pages, outside of a call: what keeps calls from ringing here, and what can be done.

import { el, icon } from "./dom.js";
import { peace } from "./peace.js";

const LATER = "notifications-later";

export class Bar {
  #said = "";
  #mayAsk = false;

  /** `on` has takeOver(), endElsewhere(), changed(). */
  constructor(alerts, tones, on) {
    Object.assign(this, { alerts, tones, on });
    this.root = document.getElementById("bar");
  }

  /** From now on there is a reason to ask for notifications: this person has had to do with a call. */
  mayAsk() {
    this.#mayAsk = true;
  }

  show(phone) {
    const made = this.#choose(phone);
    const said = made?.said ?? "";
    if (said === this.#said) return; // what did not change keeps its focus
    this.#said = said;
    this.root.replaceChildren(...(made ? [el("p", {}, icon(made.icon), made.said), ...made.buttons()] : []));
  }

  #choose(phone) {
    if (!phone) return null;
    if (phone.isLost) {
      const said = phone.refusal ? `Nothing can ring here. ${phone.refusal}`
        : "The exchange is away, so nothing can ring here. Reconnecting…";
      return { icon: phone.refusal ? "bell-off" : "wifi-off", said, buttons: () => [] };
    }
    if (phone.elsewhere) {
      return { icon: "phone", said: "You are in a call on another tab or device.", buttons: () => [
        button("button.go", "Continue here", () => this.on.takeOver()),
        button("button", "End it", () => this.on.endElsewhere()),
      ] };
    }
    if (peace.isOn && phone.user.kind !== "visitor") {
      return { icon: "bell-off", said: "Do not disturb is on, so nothing rings here.", buttons: () => [] };
    }
    if (this.alerts.canAsk && !localStorage.getItem(LATER) && this.#mayAsk) {
      return { icon: "bell", said: "Be told of calls while this page is in the background?", buttons: () => [
        button("button.go", "Notify me", () => this.alerts.ask().then(() => this.on.changed())),
        button("button.plain", "Not now", () => {
          localStorage.setItem(LATER, "1");
          this.on.changed();
        }),
      ] };
    }
    if (this.tones.isBlocked) {
      return { icon: "bell-off", said: "The browser keeps this page silent until you touch it.", buttons: () => [
        button("button.go", "Let it ring", () => this.tones.wake()),
      ] };
    }
    return null;
  }
}

function button(kind, words, onclick) {
  return el(kind, { type: "button", onclick }, words);
}
