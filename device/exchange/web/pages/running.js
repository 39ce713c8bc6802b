// The sessions of the exchange that somebody is in, looked at every few seconds.

import { ask } from "../api.js";
import { el, icon } from "../dom.js";
import { action } from "./parts.js";

const REFRESH_MS = 3000;

export class RunningSessions {
  constructor(app) {
    this.app = app;
    this.words = el("p.quiet", { role: "status" }, "Looking…");
    this.list = el("ul.sessions");
    this.timer = setInterval(() => { if (!document.hidden) this.look(); }, REFRESH_MS);
    this.look();
  }

  close() {
    clearInterval(this.timer);
  }

  async look() {
    try {
      const { sessions } = await ask("GET", "/sessions");
      this.show(sessions, sessions.length ? "" : "Nobody is in a call right now.");
    } catch (problem) {
      this.show([], problem.message);
    }
  }

  show(sessions, words) {
    const shown = JSON.stringify(sessions); // what did not change keeps its focus
    if (shown !== this.shown) this.list.replaceChildren(...sessions.map((session) => this.row(session)));
    this.shown = shown;
    if (this.words.textContent !== words) this.words.textContent = words;
    this.words.classList.toggle("hidden", !words);
  }

  row({ session_id: name, audio_only: audioOnly, members }) {
    const children = [
      el("span.who", {}, el("strong", {}, name), el("span.quiet", {}, whoIsHere(members))),
      el("span.sign", { role: "img", "aria-label": audioOnly ? "audio call" : "video call" },
        icon(audioOnly ? "phone" : "video")),
    ];
    return el("li", {}, action(this.app, "button", {}, children, () => this.app.join(name, audioOnly)));
  }
}

/** "Front door — 1 here" */
function whoIsHere(members) {
  return `${members.map(({ name }) => name).join(", ")} — ${members.length} here`;
}
