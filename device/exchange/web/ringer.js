// What rings here, to the eye and to the ear: the card, the tone, the tab's title, the notification.

import { Alerts } from "./alerts.js";
import { peace } from "./peace.js";
import { callerOf, IncomingDialog, kindOf } from "./ringing.js";

export class Ringer {
  #calls = new Map(); // session_id -> CallItem
  #isSilenced = false;
  #title = null; // the page's own, while something rings

  /** `on` has answer(call, withCamera), decline(call), changed(). */
  constructor(tones, on) {
    this.tones = tones;
    this.on = on;
    this.alerts = new Alerts({
      isRinging: (id) => this.#calls.has(id),
      chosen: (action, id) => this.#chosen(action, id),
    });
    this.dialog = new IncomingDialog({
      answer: (call, withCamera) => on.answer(call, withCamera),
      decline: (call) => on.decline(call),
      silence: () => {
        this.silence();
        on.changed();
      },
    });
    peace.addEventListener("change", () => on.changed());
    addEventListener("pagehide", () => this.alerts.closeAll());
  }

  /** These calls ring, the oldest first, and no others; `waits`: somebody is rung from here. */
  show(ringing, waits = false) {
    const calls = peace.isOn ? [] : ringing;
    const before = this.#calls;
    this.#calls = new Map(calls.map((call) => [call.session_id, call]));
    for (const id of before.keys()) if (!this.#calls.has(id)) this.alerts.close(id);
    for (const [id, call] of this.#calls) if (!before.has(id)) this.#begin(call);
    this.dialog.show(calls);
    if (!calls.length) this.#isSilenced = false;
    this.tones.play(calls.length && !this.#isSilenced ? "ring" : waits ? "ringback" : null);
    this.#entitle(calls[0]);
  }

  /** Nothing is heard until another call comes. */
  silence() {
    this.#isSilenced = true;
  }

  /** The answer did not come through: it can be given once more, if it still rings. */
  offerAgain(id) {
    this.dialog.offerAgain(id);
  }

  #begin(call) {
    this.#isSilenced = false;
    this.alerts.show(call.session_id, `${callerOf(call).name} is calling`, kindOf(call));
  }

  /** In a notification. */
  #chosen(action, id) {
    const call = this.#calls.get(id);
    if (!call) return;
    if (action === "answer") this.on.answer(call, call.call_type === "video");
    if (action === "decline") this.on.decline(call);
  }

  /** While something rings, the tab says so. */
  #entitle(call) {
    if (call) {
      this.#title ??= document.title;
      document.title = `${callerOf(call).name} is calling`;
    } else if (this.#title !== null) {
      document.title = this.#title;
      this.#title = null;
    }
  }
}
