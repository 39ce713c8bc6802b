// Wires the pages: sign in, lobby, call, end.

import { ask } from "./api.js";
import { CallView } from "./call.js";
import { elapsed } from "./dom.js";
import { endPage, lobbyPage, signInPage } from "./pages.js";
import { Session } from "./session.js";

const WORDS_STAY_MS = 5000;

class App {
  session = null;
  user = null;
  isJoining = false;

  async start() {
    const system = matchMedia("(prefers-color-scheme: light)");
    system.addEventListener("change", () => this.showTheme());
    this.showTheme();
    addEventListener("pagehide", () => this.session?.leave());
    this.user = await ask("GET", "/me").then((me) => me.user).catch(() => null);
    if (this.user) this.lobby();
    else this.signIn();
  }

  show(root, view = root) {
    this.view?.leave?.();
    this.view = view;
    document.getElementById("view").replaceChildren(root);
    (root.querySelector("[data-focus]") ?? root).focus();
  }

  signIn() {
    this.show(signInPage((user) => {
      this.user = user;
      this.lobby();
    }, () => this.toggleTheme()));
  }

  lobby() {
    this.show(lobbyPage(this.user, {
      join: (name, audioOnly) => this.join(name, audioOnly),
      signOut: async () => {
        await ask("POST", "/sign-out").catch(() => {});
        this.signIn();
      },
      signedOut: () => this.signIn(),
      say: (words) => this.say(words),
      toggleTheme: () => this.toggleTheme(),
    }));
  }

  /** Raises Problem, whose words the page that asked shows. */
  async join(name, audioOnly) {
    if (this.isJoining) return;
    this.isJoining = true;
    const session = new Session();
    session.addEventListener("words", ({ detail }) => this.say(detail));
    try {
      await session.join(name, audioOnly);
    } finally {
      this.isJoining = false;
    }
    this.session = session;
    const view = new CallView(session);
    this.show(view.root, view);
    const look = () => { if (session.hasEnded && this.session === session) this.ended(audioOnly); };
    session.addEventListener("change", look);
    look();
  }

  ended(audioOnly) {
    const { id: name, ended: reason, started } = this.session;
    this.session = null;
    this.show(endPage({ name, reason, lasted: elapsed(Date.now() - started) }, {
      again: () => this.join(name, audioOnly),
      back: () => this.lobby(),
      say: (words) => this.say(words),
    }));
  }

  /** A sentence for the person; it goes by itself, or with a touch. */
  say(words) {
    const said = document.createElement("p");
    said.textContent = words;
    const go = () => said.remove();
    said.addEventListener("click", go);
    setTimeout(go, WORDS_STAY_MS);
    document.getElementById("toast").append(said);
  }

  get isLight() {
    const chosen = localStorage.getItem("theme");
    return chosen ? chosen === "light" : matchMedia("(prefers-color-scheme: light)").matches;
  }

  toggleTheme() {
    localStorage.setItem("theme", this.isLight ? "dark" : "light");
    this.showTheme();
  }

  showTheme() {
    document.documentElement.dataset.theme = this.isLight ? "light" : "dark";
  }
}

export const app = new App();
app.start();
