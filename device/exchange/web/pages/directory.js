// Who can be called, and who is there, as it changes.

import { el } from "../dom.js";
import { EventReader } from "../events.js";
import { ContactCard } from "./contact.js";

export class DirectoryList {
  constructor(app) {
    this.app = app;
    this.cards = new Map(); // uid -> ContactCard
    this.presence = new Map(); // uid -> availability
    this.groups = []; // [GroupItem, ContactCard]
    this.find = el("input", { id: "find", type: "search", autocomplete: "off", spellcheck: "false",
      oninput: () => this.filter() });
    this.words = el("p.quiet", { role: "status" }, "Looking…");
    this.people = el("ul.contacts", { "aria-label": "People and units" });
    this.teams = el("ul.contacts", { "aria-label": "Groups" });
    this.teamsPart = el("section.part.hidden", {}, el("h2", {}, "Groups"), this.teams);
    this.root = el("div.stack", {},
      el("div.narrow", {}, el("label", { for: "find" }, "Search"), this.find),
      this.words, this.people, this.teamsPart);
    this.reader = new EventReader("/directory/events", null, {
      event: (name, data) => this.event(name, data),
      lost: () => this.say("The exchange does not answer. Check the network."),
      restored: () => this.filter(),
      out: (problem) => this.out(problem),
    });
    this.reader.run();
  }

  close() {
    this.reader.stop();
  }

  out(problem) {
    if (problem.status === 401) this.app.signedOut();
    else this.say(problem.message);
  }

  event(name, data) {
    if (name === "directory") this.take(data);
    else if (name === "presence") this.changed(data);
  }

  /** Comes again with each connection; what did not change keeps its focus. */
  take({ contacts, groups }) {
    const users = contacts.map(({ user }) => user);
    const known = JSON.stringify([users, groups]);
    if (known !== this.known) this.build(users, groups);
    this.known = known;
    this.presence = new Map(contacts.map(({ user, availability }) => [user.uid, availability]));
    this.cards.forEach((card, uid) => card.showAvailability(this.presence.get(uid)));
    this.showGroups();
    this.filter();
  }

  build(users, groups) {
    this.cards = new Map(users.map(({ uid, name, avatar }) => (
      [uid, new ContactCard(this.app, { id: uid, type: "user", name, avatar })])));
    this.groups = groups.map((group) => (
      [group, new ContactCard(this.app, { id: group.group_id, type: "group", name: group.name, iconName: "users" })]));
    this.people.replaceChildren(...[...this.cards.values()].map(({ root }) => root));
    this.teams.replaceChildren(...this.groups.map(([, { root }]) => root));
  }

  changed({ uid, availability }) {
    if (!this.presence.has(uid)) return;
    this.presence.set(uid, availability);
    this.cards.get(uid).showAvailability(availability);
    this.showGroups();
  }

  showGroups() {
    for (const [group, card] of this.groups) {
      const others = group.members.filter((uid) => this.presence.has(uid));
      const there = others.filter((uid) => this.presence.get(uid) === "reachable");
      const canRing = others.some((uid) => this.presence.get(uid) !== "offline");
      card.show(there.length ? "reachable" : "offline", `${there.length} of ${others.length} reachable`, canRing);
    }
  }

  /** Shows what has the searched words in its name. */
  filter() {
    const wanted = this.find.value.trim().toLocaleLowerCase();
    let shown = 0;
    for (const card of [...this.cards.values(), ...this.groups.map(([, each]) => each)]) {
      const name = card.root.querySelector("strong").textContent.toLocaleLowerCase();
      const isShown = name.includes(wanted);
      card.root.classList.toggle("hidden", !isShown);
      if (isShown) shown += 1;
    }
    this.teamsPart.classList.toggle("hidden", !this.teams.querySelector("li:not(.hidden)"));
    if (!this.cards.size && !this.groups.length) this.say("Nobody else is here yet. An admin can add people and units.");
    else if (!wanted) this.say("");
    else this.say(shown ? `${shown} found` : "Nobody is called that.");
  }

  say(words) {
    if (this.words.textContent !== words) this.words.textContent = words;
    this.words.classList.toggle("hidden", !words);
  }
}
