// The log of calls: one's own, and for an admin everybody's.

import { ask } from "../api.js";
import { startCall } from "../calls.js";
import { el, elapsed, icon } from "../dom.js";
import { adminFrame, frame } from "./frame.js";
import { action, select, wordsOf } from "./parts.js";

const PAGE = 20;
const WHEN = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
const STATUSES = [
  ["", "Any"], ["missed", "Missed"], ["ended", "Answered"], ["rejected", "Declined"], ["busy", "Busy"],
  ["cancelled", "Cancelled"], ["unanswered", "Not answered"], ["ongoing", "On now"],
];
const TYPES = [["", "Any"], ["video", "Video"], ["audio", "Audio"]];
const DIRECTIONS = [["", "Any"], ["incoming", "Incoming"], ["outgoing", "Outgoing"]];
const DIRECTION_WORDS = Object.fromEntries(DIRECTIONS);
const SIGNS = { missed: "phone-missed", incoming: "phone-incoming", outgoing: "phone-outgoing" };
const OUTCOMES = {
  initiated: "Ringing", ongoing: "On now", rejected: "Declined", busy: "Busy", cancelled: "Cancelled",
  unanswered: "Not answered", missed: "Missed",
};

export function logPage(app) {
  const log = new Log(app, false);
  return frame(app, "log", "Calls", log.filters, log.root);
}

export function everyonesLogPage(app) {
  const log = new Log(app, true);
  return adminFrame(app, "admin/log", "All calls", log.filters, log.root);
}

class Log {
  constructor(app, everyone) {
    this.app = app;
    this.everyone = everyone;
    this.words = el("p.quiet", { role: "status" }, "Loading…");
    this.list = el("ul.calls");
    this.older = action(app, "button.hidden", {}, ["Show older"], () => this.showOlder());
    this.root = el("div.stack", {}, this.words, this.list, this.older);
    this.filters = el("form.filters", { "aria-label": "Filter the calls", onchange: () => this.look(),
      onsubmit: (event) => event.preventDefault() },
    select("status", "Outcome", STATUSES),
    select("call_type", "Kind", TYPES),
    !everyone && select("direction", "Direction", DIRECTIONS),
    select("user", "With", [["", "Anybody"]]));
    this.addPeople();
    this.look();
  }

  async addPeople() {
    const people = await ask("GET", "/directory").then(
      ({ contacts }) => contacts.map(({ user }) => user), () => []);
    if (this.everyone) people.unshift(this.app.user); // the directory is without oneself
    this.filters.elements.user.append(...people.map(({ uid, name }) => el("option", { value: uid }, name)));
  }

  page() {
    const wanted = new URLSearchParams([...new FormData(this.filters)].filter(([, value]) => value));
    wanted.set("limit", PAGE);
    if (this.everyone) wanted.set("everyone", "true");
    if (this.cursor) wanted.set("cursor", this.cursor);
    return ask("GET", `/calls?${wanted}`);
  }

  async look() {
    this.cursor = null;
    const looking = this.looking = {}; // of two answers the later question's counts
    try {
      const page = await this.page();
      if (looking !== this.looking) return;
      this.list.replaceChildren();
      this.take(page);
      this.say(page.calls.length ? "" : "No calls.");
    } catch (error) {
      if (looking === this.looking) this.say(wordsOf(error));
    }
  }

  /** The focus goes to the first of them, for the button may be gone. */
  async showOlder() {
    const looking = this.looking;
    const page = await this.page();
    if (looking !== this.looking) return;
    const before = this.list.children.length;
    this.take(page);
    this.list.children[before]?.focus();
  }

  take({ calls, next_cursor: cursor }) {
    this.cursor = cursor;
    this.older.classList.toggle("hidden", !cursor);
    this.list.append(...calls.map((item) => this.row(item)));
  }

  row({ call, direction, status, duration_s: duration }) {
    const caller = call.parties[0].user.name;
    const other = otherSide(call, direction);
    const isWhole = this.everyone || (direction === "incoming" && call.receiver_type === "group");
    const isMissed = status === "missed";
    const facts = [
      isMissed ? null : OUTCOMES[status] ?? (duration === null ? "Ended" : elapsed(duration * 1000)),
      this.everyone ? null : DIRECTION_WORDS[direction],
      call.call_type === "video" ? "Video" : "Audio",
      WHEN.format(call.initiated_at * 1000),
    ];
    return el("li.contact", { tabindex: -1, "data-status": status },
      el("div.portrait", { "aria-hidden": "true" }, icon(SIGNS[status] ?? SIGNS[direction])),
      el("div.whole", {}, el("strong", {}, isWhole ? `${caller} to ${call.receiver_name}` : other.name),
        el("span.facts", {}, isMissed && el("b.missed", {}, "Missed"), isMissed && " · ", facts.filter(Boolean).join(" · "))),
      !this.everyone && other.kind !== "visitor" && this.callBack(other, call.call_type));
  }

  callBack(other, type) {
    const words = `Call ${other.name} back`;
    return action(this.app, "button.round", { "aria-label": words, title: words },
      [icon(type === "video" ? "video" : "phone")], () => startCall(other.id, other.type, type, other.name));
  }

  say(words) {
    this.words.textContent = words;
    this.words.classList.toggle("hidden", !words);
  }
}

/** Whom to ring for the same people to talk again. */
function otherSide(call, direction) {
  if (direction === "outgoing" || call.receiver_type === "group") {
    return { id: call.receiver, type: call.receiver_type, name: call.receiver_name };
  }
  const { uid, name, kind } = call.parties[0].user;
  return { id: uid, type: "user", name, kind };
}
