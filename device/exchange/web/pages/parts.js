// What the pages are made of.

import { Problem } from "../api.js";
import { el, icon } from "../dom.js";

/** A page of its own, for who is not inside: a card in the middle. */
export function card(...children) {
  return el("main.page", { tabindex: -1 }, el("div.card", {}, ...children));
}

export function brand() {
  return el("div.brand", {}, el("img", { src: "/web/icon.svg", alt: "" }), el("h1", {}, "callbox"));
}

/** The heading of a page, from which the focus goes on after one came to it. */
export function heading(words) {
  return el("h1", { tabindex: -1, "data-focus": true }, words);
}

/** `field("uid", "Name", {…})`: an input with its label; required unless it says otherwise. */
export function field(id, words, attributes, hint = null) {
  const input = el("input", { id, name: id, required: true, ...attributes });
  if (hint) input.setAttribute("aria-describedby", `${id}-hint`);
  return el("div", {}, el("label", { for: id }, words), input,
    hint && el("p.hint", { id: `${id}-hint` }, hint));
}

/** `choices` are [value, words]. */
export function select(id, words, choices, chosen = "") {
  return el("div", {}, el("label", { for: id }, words), el("select", { id, name: id },
    ...choices.map(([value, name]) => el("option", { value, selected: value === chosen }, name))));
}

export function wordsOf(error) {
  if (error instanceof Problem) return error.message;
  console.error(error);
  return "This page failed. Reload it.";
}

/** Runs `work(data, value of the button)` for a form; what is refused stands below it in words. */
export function submits(form, work) {
  const problem = el("p.problem.hidden", { role: "alert" });
  form.append(problem);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const buttons = [...form.querySelectorAll("button:enabled")];
    buttons.forEach((button) => { button.disabled = true; });
    problem.classList.add("hidden");
    try {
      await work(new FormData(form), event.submitter?.value);
    } catch (error) {
      problem.textContent = wordsOf(error);
      problem.classList.remove("hidden");
    } finally {
      buttons.forEach((button) => { button.disabled = false; });
    }
  });
  return form;
}

/** Runs `work` with the button off meanwhile; what is refused is said. */
export async function runFor(app, button, work) {
  button.disabled = true;
  await work().catch((error) => app.say(wordsOf(error)));
  button.disabled = false;
}

export function action(app, kind, attributes, children, work) {
  const button = el(kind, { type: "button", ...attributes, onclick: () => runFor(app, button, work) }, ...children);
  return button;
}

export function themeButton(app) {
  const words = "Dark or light";
  return el("button.plain", { type: "button", "aria-label": words, title: words, onclick: () => app.toggleTheme() },
    icon("sun-moon"));
}
