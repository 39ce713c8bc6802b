// One's own account.

import { ask } from "../api.js";
import { el, icon } from "../dom.js";
import { frame, section } from "./frame.js";
import { action, field, submits, themeButton } from "./parts.js";
import { VisitorLinks } from "./visitor_links.js";

export function accountPage(app) {
  const signOut = action(app, "button", {}, [icon("log-out"), "Sign out"], async () => {
    await ask("POST", "/sign-out");
    app.signedOut();
  });
  const links = new VisitorLinks(app, [["user", app.user.uid, "you"]]);
  return frame(app, "account", "Account",
    el("div.bar", {}, el("p.who", {}, `Signed in as ${app.user.name}`), el("div.bar", {}, themeButton(app), signOut)),
    section("Change the password", passwordForm(app)),
    section("Visitor links", ...links.parts));
}

function passwordForm(app) {
  const form = el("form", {},
    field("old", "Present password", { type: "password", autocomplete: "current-password" }),
    field("new", "New password", { type: "password", autocomplete: "new-password", maxlength: 1024 }),
    field("again", "New password, again", { type: "password", autocomplete: "new-password" }),
    el("button.go", { type: "submit" }, "Change it"));
  const again = form.elements.again;
  form.addEventListener("input", () => {
    again.setCustomValidity(again.value === form.elements.new.value ? "" : "The two new passwords differ.");
  });
  return submits(form, async (data) => {
    await ask("PUT", "/me/password", { body: { old: data.get("old"), new: data.get("new") } });
    form.reset();
    app.say("The password is changed.");
  });
}
