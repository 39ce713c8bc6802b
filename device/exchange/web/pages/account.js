// One's own account.

import { ask } from "../api.js";
import { el, icon } from "../dom.js";
import { peace } from "../peace.js";
import { frame, section } from "./frame.js";
import { action, field, submits, themeButton } from "./parts.js";
import { VisitorLinks } from "./visitor_links.js";

export function accountPage(app) {
  const signOut = action(app, "button", {}, [icon("log-out"), "Sign out"], async () => {
    await ask("POST", "/sign-out");
    app.signedOut();
  });
  const links = new VisitorLinks(app, [["user", app.user.uid, "you"]]);
  const doNotDisturb = new PeaceSwitch();
  const page = frame(app, "account", "Account",
    el("div.bar", {}, el("p.who", {}, `Signed in as ${app.user.name}`), el("div.bar", {}, themeButton(app), signOut)),
    section("When somebody calls", doNotDisturb.root),
    section("Change the password", passwordForm(app)),
    section("Visitor links", ...links.parts));
  page.leave = () => doNotDisturb.close();
  return page;
}

/** Shows what another tab does, too. */
class PeaceSwitch {
  constructor() {
    this.box = el("input", { id: "peace", type: "checkbox", role: "switch", "aria-describedby": "peace-hint",
      onchange: () => { peace.isOn = this.box.checked; } });
    this.root = el("div", {}, el("label.check", { for: "peace" }, this.box, "Do not disturb"),
      el("p.hint", { id: "peace-hint" },
        "Nothing rings in this browser. Who calls you hears that you are busy, unless you can be reached elsewhere."));
    this.look = () => { this.box.checked = peace.isOn; };
    peace.addEventListener("change", this.look);
    this.look();
  }

  close() {
    peace.removeEventListener("change", this.look);
  }
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
