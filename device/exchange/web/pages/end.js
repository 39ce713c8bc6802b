// The end of a call.

import { el, icon } from "../dom.js";
import { action, brand, card } from "./parts.js";

const WHY = {
  local_end: "You left the call.",
  replaced: "You joined from another place, so the call ended here.",
  removed: "You were removed from the call.",
  connection_lost: "The connection was away for too long, so the call ended here.",
};

/** `call` is {name, reason, lasted, again: {words, go()}; null: not again}. */
export function endPage(app, call, back) {
  const { again } = call;
  return card(brand(),
    el("div.ending", { role: "status" }, el("h2", {}, WHY[call.reason] ?? "The call has ended."),
      el("p.quiet", {}, `${call.name} · ${call.lasted}`)),
    el("div.choice", {}, again && action(app, "button.go", {}, [icon("video"), again.words], again.go),
      el("button", { type: "button", onclick: back }, "Back")));
}
