// Who is known to the exchange: people and units.

import { ask } from "../../api.js";
import { el, icon, initials } from "../../dom.js";
import { adminFrame } from "../frame.js";
import { Listing } from "../listing.js";

export function peoplePage(app) {
  const list = new Listing(() => ask("GET", "/people"), ({ people }) => [
    el("ul.rows", {}, ...people.map((person) => row(person, app))),
  ]);
  return adminFrame(app, "admin", "People and units",
    el("div.choice.narrow", {},
      el("a.button", { href: "#/admin/new-person" }, icon("user-plus"), "Add a person"),
      el("a.button", { href: "#/admin/new-unit" }, icon("plus"), "Add a unit")),
    list.root);
}

function row({ user, role, is_locked: isLocked }, app) {
  const facts = [user.kind === "unit" ? "Unit" : "Person", user.uid, role === "admin" && "Admin",
    user.uid === app.user.uid && "You"];
  return el("li", {},
    el("div.portrait", { "aria-hidden": "true" }, initials(user.name)),
    el("div.whole", {}, el("strong", {}, user.name),
      el("span.quiet", {}, facts.filter(Boolean).join(" · ")),
      isLocked && el("span.locked", {}, icon("lock"), "Locked: too many wrong passwords")),
    el("a.button", { href: `#/admin/person/${encodeURIComponent(user.uid)}`, "aria-label": `Edit ${user.name}` },
      icon("pencil"), el("span.wide", {}, "Edit")));
}
