// What a person may choose in a call: layout, devices, a small window, the keys.

import { el, icon } from "./dom.js";
import { deviceLists } from "./media.js";
import { keyWords } from "./shortcuts.js";
import { LAYOUTS } from "./stage.js";

const WORDS = { camera: "Camera", microphone: "Microphone", speaker: "Speaker" };

export class Settings {
  /** `on` has stage, shortcuts, smallWindow (may be null), chosen(device), choose(device, id). */
  constructor(root, on) {
    this.root = root;
    this.on = on;
    const media = navigator.mediaDevices;
    this.devices = el("div.fields");
    this.changed = () => this.#showDevices();
    media?.addEventListener("devicechange", this.changed);
    root.append(el("h2", {}, "Settings"), this.#layouts(), this.devices, ...this.#smallWindow(), this.#keys());
  }

  /** Looks again at what there is to choose from. */
  async show() {
    const { layout } = this.on.stage;
    for (const input of this.root.querySelectorAll("[name=layout]")) input.checked = input.value === layout;
    await this.#showDevices();
  }

  close() {
    navigator.mediaDevices?.removeEventListener("devicechange", this.changed);
  }

  #layouts() {
    return el("fieldset.layouts", {}, el("legend", {}, "Layout"), ...Object.entries(LAYOUTS).map(([value, words]) => (
      el("label", {}, el("input", { type: "radio", name: "layout", value, onchange: () => {
        this.on.stage.layout = value;
      } }), el("span", {}, words)))));
  }

  async #showDevices() {
    const lists = await deviceLists();
    this.devices.replaceChildren(...Object.entries(lists).filter(([, list]) => list.length).map(([device, list]) => {
      const chosen = this.on.chosen(device);
      const select = el("select", { id: `choose-${device}`, onchange: () => this.on.choose(device, select.value) },
        ...list.map(({ deviceId, label }, at) => el("option", { value: deviceId, selected: deviceId === chosen },
          label || `${WORDS[device]} ${at + 1}`)));
      return el("div", {}, el("label", { for: select.id }, WORDS[device]), select);
    }));
  }

  #smallWindow() {
    const { smallWindow } = this.on;
    return smallWindow
      ? [el("button", { type: "button", onclick: () => smallWindow.toggle() }, icon("picture-in-picture-2"), "Picture in picture")]
      : [];
  }

  #keys() {
    const { shortcuts } = this.on;
    const box = el("input", { type: "checkbox", id: "shortcuts", checked: shortcuts.areOn, onchange: () => {
      shortcuts.areOn = box.checked;
    } });
    return el("details.keys", {}, el("summary", {}, "Keys"),
      el("label.check", { for: "shortcuts" }, box, "Keys are on"),
      el("dl", {}, ...Object.entries(shortcuts.keys).flatMap(([key, [words]]) => (
        [el("dt", {}, el("kbd", {}, keyWords(key))), el("dd", {}, words)]))));
  }
}
