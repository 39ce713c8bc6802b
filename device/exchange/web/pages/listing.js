// What the exchange has to be asked for: says that it loads, or what went wrong, and shows it.

import { el } from "../dom.js";
import { wordsOf } from "./parts.js";

export class Listing {
  /** `load` asks the exchange; `show(what it said)` makes the elements. */
  constructor(load, show) {
    this.load = load;
    this.show = show;
    this.words = el("p.quiet", { role: "status" });
    this.again = el("button.hidden", { type: "button", onclick: () => this.look() }, "Try again");
    this.body = el("div.stack");
    this.root = el("div.stack", { "aria-busy": "true" }, this.words, this.again, this.body);
    this.look();
  }

  /** Asks, and shows it anew; true when that went well. */
  async look() {
    this.say("Loading…");
    this.again.classList.add("hidden");
    this.root.setAttribute("aria-busy", "true");
    try {
      this.body.replaceChildren(...this.show(await this.load()));
      this.say("");
      return true;
    } catch (error) {
      this.body.replaceChildren();
      this.say(wordsOf(error));
      this.again.classList.remove("hidden");
      return false;
    } finally {
      this.root.setAttribute("aria-busy", "false");
    }
  }

  say(words) {
    this.words.textContent = words;
    this.words.classList.toggle("hidden", !words);
  }
}
