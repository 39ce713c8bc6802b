// One's own account.

import { ask } from "../api.js";
import { el, icon } from "../dom.js";
import { frame } from "./frame.js";
import { action, themeButton } from "./parts.js";

export function accountPage(app) {
  const signOut = action(app, "button", {}, [icon("log-out"), "Sign out"], async () => {
    await ask("POST", "/sign-out");
    app.signedOut();
  });
  return frame("account", "Account",
    el("div.bar", {}, el("p", {}, `Signed in as ${app.user.name}`), themeButton(app)),
    el("div.bar", {}, signOut));
}
