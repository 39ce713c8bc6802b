// A call before it is on: what rings here, and what this person rings.

import { avatar } from "./avatar.js";
import { el, icon } from "./dom.js";

const WHY = {
  busy: (name) => `${name} is busy.`,
  rejected: (name) => `${name} declined.`,
  unanswered: (name) => `${name} did not answer.`,
  cancelled: (name) => `The call to ${name} was given up.`,
  ended: (name) => `The call with ${name} is over.`,
  callee_not_reachable: (name) => `${name} cannot be reached now.`,
  callee_unknown: (name) => `There is nobody called ${name} any more.`,
  own_call: () => "You cannot call yourself.",
  caller_busy: () => "You are in another call. End it first.",
};

/** What came of a call, in words; `why` is a CallStatus or a refusal's code. */
export function wordsOfOutcome(why, name) {
  return WHY[why]?.(name) ?? null;
}

export function callerOf(call) {
  return call.parties[0].user;
}

export function kindOf({ call_type: kind, receiver_type: type, receiver_name: name }) {
  const words = kind === "video" ? "Video call" : "Audio call";
  return type === "group" ? `${words} to ${name}` : words;
}

/** Over every page, while something rings. `on` has answer(call, withCamera), decline(call), silence(). */
export class IncomingDialog {
  #cards = new Map(); // call's id -> its card

  constructor(on) {
    this.on = on;
    this.root = el("dialog.incoming", { "aria-label": "Incoming call", tabindex: -1, oncancel: (event) => {
      event.preventDefault(); // Escape only silences
      on.silence();
    } });
    document.body.append(this.root);
  }

  /** These calls ring, the oldest first. */
  show(calls) {
    for (const [id, card] of this.#cards) {
      if (calls.some((call) => call.session_id === id)) continue;
      card.remove();
      this.#cards.delete(id);
    }
    for (const call of calls) {
      if (this.#cards.has(call.session_id)) continue;
      const card = this.#card(call);
      this.#cards.set(call.session_id, card);
      this.root.append(card);
    }
    if (!calls.length) {
      this.root.close();
      return;
    }
    const isNew = !this.root.open;
    if (isNew) this.root.showModal();
    // Not on Answer: who is typing just now would answer.
    if (isNew || !this.root.contains(document.activeElement)) this.root.focus();
  }

  /** The answer did not come through: it can be given once more, if it still rings. */
  offerAgain(id) {
    this.#cards.get(id)?.remove();
    this.#cards.delete(id);
  }

  #card(call) {
    const caller = callerOf(call);
    const isVideo = call.call_type === "video";
    const words = `${caller.name} is calling`;
    const press = (kind, name, label, onclick) => el(kind, { type: "button", onclick: () => {
      card.querySelectorAll("button").forEach((button) => { button.disabled = true; });
      onclick();
    } }, icon(name), label);
    const card = el("section.ringing", { "aria-label": words, "data-call": call.session_id },
      avatar("div.avatar.face", caller),
      el("div.words", { role: "alert" }, el("h1", {}, words), el("p.quiet", {}, kindOf(call))),
      el("div.answers", {},
        press("button.go", isVideo ? "video" : "phone", "Answer", () => this.on.answer(call, isVideo)),
        isVideo ? press("button", "phone", "Audio only", () => this.on.answer(call, false)) : null,
        press("button.stop", "phone-off", "Decline", () => this.on.decline(call))));
    return card;
  }
}

/** The page while this person rings somebody, while the session is being entered, and when nothing
 *  comes of it. `person` is {name, avatar}; `on` has cancel(), again(), back(). */
export class OutgoingView {
  constructor(person, callType, on) {
    this.person = person;
    this.on = on;
    this.preview = el("video.preview.hidden", { autoplay: true, playsinline: true, "aria-hidden": "true" });
    this.preview.muted = true;
    this.name = el("h1");
    this.words = el("p.quiet", { role: "status" });
    this.actions = el("div.answers");
    this.root = el("main.outgoing", { tabindex: -1 }, this.preview, el("section.ringing", {},
      avatar("div.avatar.face", person), el("div.words", {}, this.name, this.words), this.actions));
    this.isVideo = callType === "video";
    this.calling();
  }

  calling() {
    this.#say(`Calling ${this.person.name}…`, this.isVideo ? "Video call" : "Audio call");
    this.#offer(this.#button("button.stop", "phone-off", "Cancel", () => this.on.cancel()));
  }

  /** Answered, or on the way back; until pictures and sound are there. */
  connecting(words) {
    this.#say(this.person.name, words);
    this.#offer(this.#button("button.stop", "phone-off", "Leave", () => this.on.cancel()));
  }

  failed(words) {
    this.showOwn(null);
    this.#say(words, this.isVideo ? "Video call" : "Audio call");
    this.#offer(
      this.#button("button.go", this.isVideo ? "video" : "phone", "Call again", () => this.on.again()),
      this.#button("button", "x", "Back", () => this.on.back()));
  }

  /** The own picture, from `camera` (a track); null: none. */
  showOwn(camera) {
    this.preview.srcObject = camera && new MediaStream([camera]);
    this.preview.classList.toggle("hidden", !camera);
  }

  #say(title, words) {
    this.name.textContent = title;
    this.words.textContent = words;
    this.root.setAttribute("aria-label", title);
  }

  #offer(...buttons) {
    const had = this.actions.contains(document.activeElement);
    this.actions.replaceChildren(...buttons);
    if (had) buttons[0].focus();
  }

  #button(kind, name, words, onclick) {
    return el(kind, { type: "button", onclick, "data-focus": true }, icon(name), words);
  }
}
