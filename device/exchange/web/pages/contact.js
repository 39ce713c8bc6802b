// Somebody, or a group, that can be called.

import { avatar } from "../avatar.js";
import { startCall } from "../calls.js";
import { el, icon } from "../dom.js";
import { action } from "./parts.js";

const AVAILABILITY = {
  reachable: "Reachable",
  in_call: "In a call",
  do_not_disturb: "Do not disturb",
  offline: "Offline",
};

/** A line of a list. `who` is {id, type: "user" or "group", name, avatar, iconName}. */
export class ContactCard {
  constructor(app, who) {
    const face = avatar("div.portrait", who, who.iconName && icon(who.iconName));
    this.words = el("span.presence");
    this.buttons = [["video", "video", "with video"], ["audio", "phone", "audio only"]].map(([type, iconName, how]) => {
      const words = `Call ${who.name}, ${how}`;
      return action(app, "button.round", { "aria-label": words, title: words }, [icon(iconName)],
        () => startCall(who.id, who.type, type, who.name));
    });
    this.root = el("li.contact", { "data-id": who.id }, face,
      el("div.whole", {}, el("strong", {}, who.name), this.words), ...this.buttons);
  }

  showAvailability(availability) {
    this.show(availability, AVAILABILITY[availability], availability !== "offline");
  }

  /** `sign` names the mark beside the words. */
  show(sign, words, canRing) {
    this.words.dataset.sign = sign;
    this.words.textContent = words;
    this.buttons.forEach((button) => { button.disabled = !canRing; });
  }
}
