// Wires the pages: sign in, lobby, call, end.

import { ask } from "./api.js";
import { CallView } from "./call.js";
import { endPage, lobbyPage, signInPage } from "./pages.js";
import { Session } from "./session.js";

const TOAST_MS = 4000;

class App {
  session = null;
  user = null;

  async start() {
    this.showTheme(localStorage.getItem("theme"));
    addEventListener("pagehide", () => this.session?.leave(true));
    this.user = await ask("GET", "/me").catch(() => null);
    if (this.user) this.lobby();
    else this.signIn();
  }

  show(root, view = root) {
    this.view?.leave?.();
    this.view = view;
    document.getElementById("view").replaceChildren(root);
  }

  signIn() {
    this.show(signInPage((user) => {
      this.user = user;
      this.lobby();
    }));
  }

  lobby() {
    this.show(lobbyPage(this.user, {
      join: (name, audioOnly) => this.join(name, audioOnly).catch((error) => {
        this.say(error.message);
        throw error;
      }),
      signOut: async () => {
        await ask("POST", "/sign-out").catch(() => {});
        this.signIn();
      },
      toggleTheme: () => this.toggleTheme(),
    }));
  }

  async join(name, audioOnly) {
    const session = new Session();
    session.addEventListener("words", ({ detail }) => this.say(detail));
    await session.join(name, audioOnly);
    this.session = session;
    const view = new CallView(session);
    this.show(view.root, view);
    session.addEventListener("change", () => {
      if (session.hasEnded && this.session === session) this.ended(name, audioOnly);
    });
  }

  ended(name, audioOnly) {
    const { ended } = this.session;
    this.session = null;
    this.show(endPage(ended, {
      again: () => this.join(name, audioOnly).catch((error) => this.say(error.message)),
      back: () => this.lobby(),
    }));
  }

  say(words) {
    const toast = document.getElementById("toast");
    toast.textContent = words;
    clearTimeout(this.toasting);
    this.toasting = setTimeout(() => { toast.textContent = ""; }, TOAST_MS);
  }

  toggleTheme() {
    const theme = document.documentElement.dataset.theme === "light" ? "dark" : "light";
    localStorage.setItem("theme", theme);
    this.showTheme(theme);
  }

  showTheme(chosen) {
    const light = matchMedia("(prefers-color-scheme: light)").matches;
    document.documentElement.dataset.theme = chosen ?? (light ? "light" : "dark");
  }
}

export const app = new App();
app.start();
