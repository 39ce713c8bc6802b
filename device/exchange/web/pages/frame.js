// The frame of the pages of who is signed in: where one can go, and where one is.

import { el, icon } from "../dom.js";
import { heading } from "./parts.js";

const PLACES = [
  ["people", "People", "users"],
  ["log", "Calls", "history"],
  ["account", "Account", "user"],
];
const FOR_ADMINS = ["admin", "Admin", "shield"];
const TABS = [
  ["admin", "People and units"],
  ["admin/groups", "Groups"],
  ["admin/links", "Visitor links"],
  ["admin/log", "All calls"],
];

/** `place` is the first part of the page's address. */
export function frame(app, place, title, ...children) {
  const places = app.role === "admin" ? [...PLACES, FOR_ADMINS] : PLACES;
  return el("div.shell", {},
    el("header.head", {},
      el("div.brand", {}, el("img", { src: "/web/icon.svg", alt: "" }), el("span", {}, "callbox")),
      el("nav", { "aria-label": "Pages" }, ...places.map(([address, words, iconName]) => (
        el("a", { href: `#/${address}`, "aria-current": address === place && "page" },
          icon(iconName), el("span", {}, words)))))),
    el("main.inside", {}, heading(title), ...children));
}

/** A page of the administration; `place` is its whole address, or that of the page it belongs to. */
export function adminFrame(app, place, title, ...children) {
  const tabs = el("nav.tabs", { "aria-label": "Administration" }, ...TABS.map(([address, words]) => (
    el("a", { href: `#/${address}`, "aria-current": address === place && "page" }, words))));
  return frame(app, "admin", title, tabs, ...children);
}

/** A part of a page, under a heading of its own. */
export function section(words, ...children) {
  return el("section.part", {}, el("h2", {}, words), ...children);
}
