// Wires the pages: signing in, those with an address; calls.js shows its own.

import { account, ask } from "./api.js";
import { Calls } from "./calls.js";
import { addIcons } from "./dom.js";
import { signInPage } from "./pages/sign_in.js";
import { overPage, visitPage } from "./pages/visit.js";
import { pageAt } from "./routes.js";
import { forget, remembered, secretIn } from "./visitor.js";

const WORDS_STAY_MS = 5000;

class App {
  user = null;
  role = "member";
  calls = new Calls(this);

  /** The session of the call that is on. */
  get session() {
    return this.calls.session;
  }

  async start() {
    const system = matchMedia("(prefers-color-scheme: light)");
    system.addEventListener("change", () => this.showTheme());
    this.showTheme();
    addIcons();
    account.addEventListener("signed-out", () => this.signedOut());
    addEventListener("hashchange", ({ oldURL }) => this.moved(new URL(oldURL).hash));
    if (secretIn(location.hash)) this.openAsVisitor();
    else await this.open().catch(() => this.showPage());
  }

  /** To or from a visitor's link one is somebody else, and begins anew. */
  moved(from) {
    if (secretIn(from) || secretIn(location.hash)) location.reload();
    else this.showPage();
  }

  /** Finds out who is signed in, and shows the page of the address. Raises Problem. */
  async open() {
    ({ user: this.user, role: this.role } = await ask("GET", "/me"));
    this.calls.begin(this.user);
    this.showPage();
  }

  openAsVisitor() {
    const known = remembered(secretIn(location.hash));
    if (known) this.visit(known);
    this.showPage();
  }

  /** From now on a visitor is here. */
  visit({ user }) {
    this.user = user;
    this.calls.begin(user);
  }

  /** The page of the address; a call is not left for one. */
  showPage() {
    if (this.session) return;
    const secret = secretIn(location.hash);
    if (secret) this.show(visitPage(this, secret));
    else this.show(this.user ? pageAt(location.hash, this) : signInPage(this));
  }

  go(address) {
    if (location.hash === address) this.showPage();
    else location.hash = address;
  }

  signedOut() {
    if (!this.user) return;
    const wasVisitor = this.user.kind === "visitor";
    this.user = null;
    this.calls.finish();
    if (!wasVisitor) return this.showPage();
    forget();
    this.show(overPage());
  }

  /** The title and the focus go along, for who does not see the page change. */
  show(root, view = root) {
    this.view?.leave?.();
    this.view = view;
    document.getElementById("view").replaceChildren(root);
    const title = root.querySelector("h1")?.textContent ?? "callbox";
    document.title = title === "callbox" ? title : `${title} · callbox`;
    (root.querySelector("[data-focus]") ?? root).focus();
  }

  /** Raises Problem, whose words the page that asked shows. */
  join(name, audioOnly) {
    return this.calls.join(name, audioOnly);
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
