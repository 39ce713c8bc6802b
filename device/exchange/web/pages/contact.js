// Somebody, or a group, that can be called.

import { startCall } from "../calls.js";
import { el, icon, initials } from "../dom.js";
import { action } from "./parts.js";

const AVAILABILITY = {
  reachable: "Reachable",
  in_call: "In a call",
  do_not_disturb: "Do not disturb",
  offline: "Offline",
};

/** Pictures of a person that this page may show: its own exchange's, or one within the address. */
const OWN_PICTURE = /^(\/(?!\/)|data:image\/)/;

/** A line of a list. `who` is {id, type: "user" or "group", name, avatar, iconName}. */
export class ContactCard {
  constructor(app, who) {
    const face = el("div.portrait", { "aria-hidden": "true" },
      who.iconName ? icon(who.iconName) : initials(who.name));
    if (OWN_PICTURE.test(who.avatar ?? "")) face.append(el("img", { src: who.avatar, alt: "" }));
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
