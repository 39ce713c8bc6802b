// Who is in the call, and for who may: muting them, removing them, ending the call for all.

import { el, icon } from "./dom.js";

/** The panel's content, made anew only when something in it changed: what is there keeps its focus. */
export class Roster {
  #shown = "";

  constructor(root, session) {
    this.root = root;
    this.session = session;
  }

  show() {
    const { me, state, peers, mayModerate } = this.session;
    const people = [...peers.values(), { user: me.user, state, isOwn: true }];
    const shown = JSON.stringify(people.map(({ user, state: each }) => [user.uid, user.name, each]));
    if (shown === this.#shown) return;
    this.#shown = shown;
    const focused = document.activeElement?.dataset.act;
    const all = mayModerate && peers.size > 0
      ? el("button.stop", { type: "button", "data-act": "end", onclick: () => this.session.endForAll() },
        icon("phone-off"), "End for all") : null;
    this.root.replaceChildren(el("h2", {}, `${people.length} here`),
      el("ul", {}, ...people.map((person) => this.#row(person))), ...(all ? [all] : []));
    if (focused) (this.root.querySelector(`[data-act="${CSS.escape(focused)}"]`) ?? this.root).focus();
  }

  #row({ user, state, isOwn }) {
    const { uid, name } = user;
    const acts = this.session.mayModerate && !isOwn ? el("div.acts", {},
      el("button", { type: "button", "data-act": `mute ${uid}`, "aria-label": `Mute ${name}`, disabled: state.audio_muted,
        onclick: () => this.session.mute(uid) }, icon("mic-off"), "Mute"),
      el("button", { type: "button", "data-act": `remove ${uid}`, "aria-label": `Remove ${name}`,
        onclick: () => this.session.remove(uid) }, icon("user-minus"), "Remove")) : null;
    return el("li", { "data-uid": uid }, el("span.who", {}, isOwn ? `${name} (you)` : name),
      sign(state.audio_muted, "mic", state.audio_muted ? "muted" : "can be heard"),
      sign(state.video_paused, "video", state.video_paused ? "no video" : "video on"), acts);
  }
}

function sign(isOff, iconName, words) {
  return el(isOff ? "span.off" : "span.quiet", { role: "img", "aria-label": words, title: words },
    icon(isOff ? `${iconName}-off` : iconName));
}
