// Asking before what cannot be undone.

import { el } from "../dom.js";
import { runFor } from "./parts.js";

/** Resolves whether the person agrees; `words` say what will happen. */
export function agrees({ title, words, yes }) {
  return new Promise((done) => {
    const close = (answer) => () => dialog.close(answer);
    const dialog = el("dialog.asked", { role: "alertdialog", "aria-labelledby": "asked", "aria-describedby": "asked-what" },
      el("h2", { id: "asked" }, title),
      el("p", { id: "asked-what" }, words),
      el("div.choice", {},
        el("button", { type: "button", autofocus: true, onclick: close("no") }, "Cancel"),
        el("button.stop", { type: "button", onclick: close("yes") }, yes)));
    dialog.addEventListener("close", () => {
      dialog.remove();
      done(dialog.returnValue === "yes");
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}

/** A button that asks first. It stays on meanwhile: the focus comes back to it. */
export function riskyAction(app, children, question, work, attributes = {}) {
  const button = el("button.risky", { type: "button", ...attributes, onclick: async () => {
    if (await agrees(question)) await runFor(app, button, work);
  } }, ...children);
  return button;
}
