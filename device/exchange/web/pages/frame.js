// The frame of the pages of who is signed in: where one can go, and where one is.

import { el, icon } from "../dom.js";
import { heading } from "./parts.js";

const PLACES = [
  ["people", "People", "users"],
  ["account", "Account", "user"],
];

/** `place` is the first part of the page's address. */
export function frame(place, title, ...children) {
  return el("div.shell", {},
    el("header.head", {},
      el("div.brand", {}, el("img", { src: "/web/icon.svg", alt: "" }), el("span", {}, "callbox")),
      el("nav", { "aria-label": "Pages" }, ...PLACES.map(([address, words, iconName]) => (
        el("a", { href: `#/${address}`, "aria-current": address === place && "page" },
          icon(iconName), el("span", {}, words)))))),
    el("main.inside", {}, heading(title), ...children));
}

/** A part of a page, under a heading of its own. */
export function section(words, ...children) {
  return el("section.part", {}, el("h2", {}, words), ...children);
}
