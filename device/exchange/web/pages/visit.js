// What a visitor's link opens: one asks for the name, and calls.

import { startCall } from "../calls.js";
import { el, icon } from "../dom.js";
import { introduce, remembered } from "../visitor.js";
import { card, field, submits } from "./parts.js";

export function visitPage(app, secret) {
  let known = remembered(secret);
  const form = el("form", {},
    field("visitor", "Your name", { name: "name", maxlength: 64, autocomplete: "name", value: known?.user.name, "data-focus": true },
      "It is shown to whom you call."),
    el("button.go.large", { type: "submit" }, icon("video"), "Call"));
  const page = card(el("div.brand", {}, el("img", { src: "/web/icon.svg", alt: "" }), el("h1", {}, "Call")), form);
  submits(form, async (data) => {
    const name = data.get("name").trim();
    try {
      if (known?.user.name !== name) {
        known = await introduce(secret, name);
        app.visit(known);
      }
      await lineOf(app.calls.phone);
      startCall(known.receiver, known.receiver_type, "video", known.receiver_name);
    } catch (problem) {
      if (problem.code !== "link_refused") throw problem;
      app.show(overPage());
    }
  });
  return page;
}

/** Once this tab has one, which takes a moment after the name is given: nobody can be called without. */
function lineOf(phone) {
  return new Promise((done) => {
    const look = () => { if (phone.isUp) done(); };
    phone.addEventListener("change", look);
    look();
  });
}

/** The link can be used no more. */
export function overPage() {
  return card(el("h1", { tabindex: -1, "data-focus": true }, "This link is over"),
    el("p", {}, "It has expired, or somebody has deleted it. Ask whoever gave it to you for a new one."));
}
