// One person or unit: what they are called and may do, and an end of it.

import { ask, Problem } from "../../api.js";
import { el, icon } from "../../dom.js";
import { riskyAction } from "../asking.js";
import { adminFrame, section } from "../frame.js";
import { Listing } from "../listing.js";
import { field, select, submits } from "../parts.js";

const ROLES = [["member", "Member"], ["admin", "Admin: looks after all this"]];

function pathOf(uid) {
  return `/people/${encodeURIComponent(uid)}`;
}

export function newPersonPage(app) {
  const form = el("form", {},
    field("uid", "Name to sign in with", { maxlength: 128, autocapitalize: "none", autocomplete: "off", spellcheck: "false" }),
    field("name", "Name that others see", { maxlength: 256, autocomplete: "off" }),
    select("role", "Role", ROLES),
    field("password", "Password", { type: "password", autocomplete: "new-password", maxlength: 1024 }),
    el("button.go", { type: "submit" }, "Add"));
  submits(form, async (data) => {
    const { uid, ...person } = Object.fromEntries(data);
    const { people } = await ask("GET", "/people");
    if (people.some(({ user }) => user.uid === uid)) throw new Problem("uid_taken", `There is an account ${uid} already.`, 409);
    await ask("PUT", pathOf(uid), { body: person });
    app.say(`${person.name} is added.`);
    app.go("#/admin");
  });
  return adminFrame(app, "admin", "Add a person", el("div.narrow", {}, form));
}

export function personPage(app, uid) {
  const list = new Listing(async () => {
    const { people } = await ask("GET", "/people");
    return people.find(({ user }) => user.uid === uid);
  }, (person) => (person ? parts(app, person) : [el("p", {}, "There is nobody with this name any more.")]));
  return adminFrame(app, "admin", `Edit ${uid}`, list.root);
}

function parts(app, { user, role, is_locked: isLocked }) {
  const isUnit = user.kind === "unit";
  return [
    isLocked && el("p.problem", {}, "Locked: strangers have guessed at the password. Who signs in from a place "
      + "that is not known has to wait."),
    form(app, user, role),
    isUnit && section("Pair again", el("p.quiet", {}, "For a unit that was set up anew, or replaced."),
      el("a.button.narrow", { href: `#/admin/pair/${encodeURIComponent(user.uid)}` }, icon("qr-code"), "Make a pairing code")),
    section(isUnit ? "If the unit is lost" : "If something is wrong", ...ends(app, user, isUnit)),
  ].filter(Boolean);
}

function form(app, user, role) {
  const isUnit = user.kind === "unit";
  const made = el("form.narrow", {},
    field("name", "Name that others see", { maxlength: 256, value: user.name, autocomplete: "off" }),
    !isUnit && select("role", "Role", ROLES, role),
    !isUnit && field("password", "New password", {
      type: "password", autocomplete: "new-password", maxlength: 1024, required: false,
    }, "Empty: it stays as it is. A new one signs them out everywhere."),
    el("button.go", { type: "submit" }, "Save"));
  return submits(made, async (data) => {
    const body = { name: data.get("name"), role: data.get("role") ?? role, password: data.get("password") || null, avatar: user.avatar };
    await ask("PUT", pathOf(user.uid), { body });
    app.say(`${body.name} is saved.`);
    app.go("#/admin");
  });
}

function ends(app, { uid, name }, isUnit) {
  const back = isUnit
    ? "It signs in again by itself: pair it anew, or remove it, if that must not be."
    : "To come back they have to sign in again.";
  const revoke = riskyAction(app, [icon("log-out"), "Sign out everywhere"], {
    title: `Sign ${name} out everywhere?`,
    words: `${name} is out of every call within a second. ${back}`,
    yes: "Sign out",
  }, async () => {
    await ask("POST", `${pathOf(uid)}/revoke`);
    app.say(`${name} is signed out everywhere.`);
  });
  const remove = riskyAction(app, [icon("trash-2"), "Remove"], {
    title: `Remove ${name}?`,
    words: `The account ${uid} is deleted, with its place in every group. ${name} is out of every call within a second. This cannot be undone.`,
    yes: "Remove",
  }, async () => {
    await ask("DELETE", pathOf(uid));
    app.say(`${name} is removed.`);
    app.go("#/admin");
  });
  return [el("div.choice.narrow", {}, revoke, remove)];
}
