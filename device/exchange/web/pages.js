// Everything but the call: signing in, the lobby, the end.

import { ask, Problem } from "./api.js";
import { el, icon } from "./dom.js";

const REFRESH_MS = 3000;

const WHY = {
  local_end: "You left the call.",
  replaced: "You joined from another place, so the call ended here.",
  removed: "You were removed from the call.",
  connection_lost: "The connection was away for too long, so the call ended here.",
};

function page(...children) {
  return el("main.page", { tabindex: -1 }, el("div.card", {}, ...children));
}

function brand() {
  return el("div.brand", {}, el("img", { src: "/web/icon.svg", alt: "" }), el("h1", {}, "callbox"));
}

function field(id, words, attributes) {
  return el("div", {}, el("label", { for: id }, words), el("input", { id, name: id, required: true, ...attributes }));
}

function wordsOf(error) {
  if (error instanceof Problem) return error.message;
  console.error(error);
  return "This page failed. Reload it.";
}

/** Runs `work` for a form; what is refused stands below it in words. */
function submits(form, work) {
  const problem = el("p.problem.hidden", { role: "alert" });
  form.append(problem);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const buttons = [...form.querySelectorAll("button")];
    buttons.forEach((button) => { button.disabled = true; });
    problem.classList.add("hidden");
    try {
      await work(new FormData(form), event.submitter?.value);
    } catch (error) {
      problem.textContent = wordsOf(error);
      problem.classList.remove("hidden");
    } finally {
      buttons.forEach((button) => { button.disabled = false; });
    }
  });
  return form;
}

export function signInPage(done, toggleTheme) {
  const form = el("form", {},
    field("uid", "Name", { autocomplete: "username", autocapitalize: "none", spellcheck: "false", "data-focus": true }),
    field("password", "Password", { type: "password", autocomplete: "current-password" }),
    el("button.go", { type: "submit" }, "Sign in"));
  submits(form, async (data) => {
    const { user } = await ask("POST", "/sign-in", { body: Object.fromEntries(data) });
    done(user);
  });
  return page(brand(), form, el("div.bar", {}, el("span"), themeButton(toggleTheme)));
}

/** `on` has join(name, audioOnly), signOut(), signedOut(), toggleTheme(). */
export function lobbyPage(user, on) {
  const form = el("form", {},
    field("session", "Join a session by name", { maxlength: 128, autocomplete: "off", spellcheck: "false" }),
    el("div.choice", {},
      el("button.go", { type: "submit", value: "video" }, icon("video"), "Video"),
      el("button", { type: "submit", value: "audio" }, icon("phone"), "Audio only")));
  submits(form, (data, kind) => on.join(data.get("session").trim(), kind === "audio"));
  const running = new RunningSessions(on);
  const bar = el("div.bar", {}, el("p.quiet.who", {}, `Signed in as ${user.name}`), el("div.bar", {},
    themeButton(on.toggleTheme),
    el("button.plain", { type: "button", onclick: on.signOut }, icon("log-out"), "Sign out")));
  const made = page(brand(), el("h2", {}, "In a call now"), running.words, running.list, form, bar);
  made.leave = () => running.close();
  return made;
}

/** The sessions of the exchange that somebody is in, looked at every few seconds. */
class RunningSessions {
  constructor(on) {
    this.on = on;
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
      if (problem.status === 401) {
        this.close();
        this.on.signedOut();
      } else {
        this.show([], problem.message);
      }
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
    const button = el("button", { type: "button", onclick: async () => {
      button.disabled = true;
      await this.on.join(name, audioOnly).catch((problem) => this.on.say(wordsOf(problem)));
      button.disabled = false;
    } },
    el("span.who", {}, el("strong", {}, name), el("span.quiet", {}, whoIsHere(members))),
    el("span.sign", { role: "img", "aria-label": audioOnly ? "audio call" : "video call" },
      icon(audioOnly ? "phone" : "video")));
    return el("li", {}, button);
  }
}

/** "Front door — 1 here" */
function whoIsHere(members) {
  return `${members.map(({ name }) => name).join(", ")} — ${members.length} here`;
}

function themeButton(onclick) {
  const words = "Dark or light";
  return el("button.plain", { type: "button", "aria-label": words, title: words, onclick }, icon("sun-moon"));
}

/** `call` is {name, reason, lasted}; `on` has again(), back(), say(words). */
export function endPage(call, on) {
  const again = el("button.go", { type: "button", onclick: async () => {
    again.disabled = true;
    await on.again().catch((problem) => on.say(wordsOf(problem)));
    again.disabled = false;
  } }, icon("video"), "Rejoin");
  return page(brand(),
    el("div.ending", { role: "status" }, el("h2", {}, WHY[call.reason] ?? "The call has ended."),
      el("p.quiet", {}, `${call.name} · ${call.lasted}`)),
    el("div.choice", {}, again, el("button", { type: "button", onclick: on.back }, "Back")));
}
