// People and units who are rung together.

import { ask, Problem } from "../../api.js";
import { el, icon } from "../../dom.js";
import { riskyAction } from "../asking.js";
import { adminFrame, section } from "../frame.js";
import { Listing } from "../listing.js";
import { field, submits } from "../parts.js";

async function everything() {
  const [{ groups }, { people }] = await Promise.all([ask("GET", "/groups"), ask("GET", "/people")]);
  return { groups, users: people.map(({ user }) => user) };
}

export function groupsPage(app) {
  const list = new Listing(everything, ({ groups, users }) => (groups.length
    ? [el("ul.rows", {}, ...groups.map((group) => row(group, users)))]
    : [el("p.quiet", {}, "There are no groups. Whoever calls a group rings all of its members.")]));
  return adminFrame(app, "admin/groups", "Groups",
    el("div.narrow", {}, el("a.button", { href: "#/admin/new-group" }, icon("plus"), "Add a group")), list.root);
}

function row({ group_id: id, name, members }, users) {
  const names = members.map((uid) => users.find((user) => user.uid === uid)?.name ?? uid);
  return el("li", {}, el("div.portrait", { "aria-hidden": "true" }, icon("users")),
    el("div.whole", {}, el("strong", {}, name), el("span.quiet", {}, names.join(", ") || "Nobody")),
    el("a.button", { href: `#/admin/group/${encodeURIComponent(id)}`, "aria-label": `Edit ${name}` },
      icon("pencil"), el("span.wide", {}, "Edit")));
}

export function newGroupPage(app) {
  const list = new Listing(everything, ({ groups, users }) => [form(app, users, null, groups)]);
  return adminFrame(app, "admin/groups", "Add a group", list.root);
}

export function groupPage(app, id) {
  const list = new Listing(everything, ({ groups, users }) => {
    const group = groups.find((each) => each.group_id === id);
    if (!group) return [el("p", {}, "There is no such group any more.")];
    return [form(app, users, group, groups), section("Remove the group", removal(app, group))];
  });
  return adminFrame(app, "admin/groups", `Edit ${id}`, list.root);
}

/** `group` null: a new one. */
function form(app, users, group, groups) {
  const made = el("form.narrow", {},
    !group && field("group_id", "Short name", { maxlength: 128, autocapitalize: "none", autocomplete: "off", spellcheck: "false" },
      "What a unit's settings call it, such as family."),
    field("name", "Name that others see", { maxlength: 256, value: group?.name, autocomplete: "off" }),
    el("fieldset", {}, el("legend", {}, "Members"), ...users.map(({ uid, name }) => (
      el("label.check", {}, el("input", { type: "checkbox", name: "members", value: uid,
        checked: group?.members.includes(uid) }), el("span", {}, name))))),
    el("button.go", { type: "submit" }, group ? "Save" : "Add"));
  return submits(made, async (data) => {
    const id = group?.group_id ?? data.get("group_id");
    if (!group && groups.some((each) => each.group_id === id)) throw new Problem("taken", `There is a group ${id} already.`, 409);
    const body = { name: data.get("name"), members: data.getAll("members") };
    await ask("PUT", `/groups/${encodeURIComponent(id)}`, { body });
    app.say(`${body.name} is ${group ? "saved" : "added"}.`);
    app.go("#/admin/groups");
  });
}

function removal(app, { group_id: id, name }) {
  return el("div.narrow", {}, riskyAction(app, [icon("trash-2"), "Remove"], {
    title: `Remove the group ${name}?`,
    words: "Nobody can call it any more. Its members stay, and so does the log of its calls.",
    yes: "Remove",
  }, async () => {
    await ask("DELETE", `/groups/${encodeURIComponent(id)}`);
    app.say(`${name} is removed.`);
    app.go("#/admin/groups");
  }));
}
