// Everything but the call: signing in, the lobby, the end.

import { ask } from "./api.js";
import { el, icon } from "./dom.js";

const REFRESH_MS = 3000;

const WHY = {
  local_end: "You left the call.",
  replaced: "You joined from another place, so the call ended here.",
  removed: "You were removed from the call.",
  connection_lost: "The connection was away for too long.",
};

function page(...children) {
  return el("main.page", {}, el("div.card", {}, ...children));
}

function brand() {
  return el("div.brand", {}, el("img", { src: "/web/icon.svg", alt: "" }), el("h1", {}, "callbox"));
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
      await work(new FormData(form, event.submitter));
    } catch (error) {
      problem.textContent = error.message;
      problem.classList.remove("hidden");
    } finally {
      buttons.forEach((button) => { button.disabled = false; });
    }
  });
  return form;
}

export function signInPage(done) {
  const form = el("form", {},
    el("div", {}, el("label", { for: "uid" }, "Name"),
      el("input", { id: "uid", name: "uid", autocomplete: "username", autocapitalize: "none", required: true })),
    el("div", {}, el("label", { for: "password" }, "Password"),
      el("input", { id: "password", name: "password", type: "password", autocomplete: "current-password", required: true })),
    el("button.go", { type: "submit" }, "Sign in"));
  return page(brand(), submits(form, async (data) => {
    const { user } = await ask("POST", "/sign-in", { body: Object.fromEntries(data) });
    done(user);
  }));
}

export function lobbyPage(user, { join, signOut, toggleTheme }) {
  const list = el("ul.sessions");
  const none = el("p.quiet", {}, "Nobody is in a call right now.");
  const form = el("form", {},
    el("div", {}, el("label", { for: "session" }, "Join a session by name"),
      el("input", { id: "session", name: "session", maxlength: 128, required: true, autocomplete: "off" })),
    el("div.choice", {},
      el("button.go", { type: "submit", name: "kind", value: "video" }, icon("video"), "Video"),
      el("button", { type: "submit", name: "kind", value: "audio" }, icon("phone"), "Audio only")));
  submits(form, (data) => join(data.get("session"), data.get("kind") === "audio"));
  const bar = el("div.bar", {}, el("p.quiet", {}, user.name), el("div.bar", {},
    el("button.plain", { type: "button", "aria-label": "Dark or light", onclick: toggleTheme }, icon("sun-moon")),
    el("button.plain", { type: "button", onclick: signOut }, icon("log-out"), "Sign out")));
  const show = async () => {
    const { sessions } = await ask("GET", "/sessions").catch(() => ({ sessions: [] }));
    list.replaceChildren(...sessions.map((session) => sessionButton(session, join)));
    none.classList.toggle("hidden", sessions.length > 0);
  };
  show();
  const timer = setInterval(() => { if (!document.hidden) show(); }, REFRESH_MS);
  const made = page(brand(), el("h2", {}, "In a call now"), none, list, form, bar);
  made.leave = () => clearInterval(timer);
  return made;
}

function sessionButton(session, join) {
  const names = session.members.map((member) => member.name).join(", ");
  const onclick = () => join(session.session_id, session.audio_only);
  return el("li", {}, el("button", { type: "button", onclick },
    el("span", {}, el("strong", {}, session.session_id), el("br"), el("span.quiet", {}, names)),
    icon(session.audio_only ? "phone" : "video")));
}

export function endPage(reason, { again, back }) {
  return page(brand(), el("h2", { role: "status" }, WHY[reason] ?? "The call has ended."),
    el("div.choice", {},
      el("button.go", { type: "button", onclick: again }, "Join again"),
      el("button", { type: "button", onclick: back }, "Back")));
}
