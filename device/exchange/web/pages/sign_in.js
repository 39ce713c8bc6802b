// Signing in.

import { ask } from "../api.js";
import { el } from "../dom.js";
import { brand, card, field, submits, themeButton } from "./parts.js";

export function signInPage(app) {
  const form = el("form", {},
    field("uid", "Name", { autocomplete: "username", autocapitalize: "none", spellcheck: "false", "data-focus": true }),
    field("password", "Password", { type: "password", autocomplete: "current-password" }),
    el("button.go", { type: "submit" }, "Sign in"));
  submits(form, async (data) => {
    await ask("POST", "/sign-in", { body: Object.fromEntries(data) });
    await app.open();
  });
  return card(brand(), form, el("div.bar", {}, el("span"), themeButton(app)));
}
