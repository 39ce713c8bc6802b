// The one who is shown large, in a small window that stays above other programs.

import { describe, showMute } from "./controls.js";
import { addIcons, el, icon } from "./dom.js";

const SIZE = { width: 400, height: 225 };
const STYLES = ["/web/app.css", "/web/call.css"];

export class SmallWindow {
  #window = null; // a document of our own in it, where the browser has that
  #video = null;
  #mute = null;

  /** `stage` has the large tile; `on` has say(words), isMuted(), mute(), end(). */
  constructor(stage, on) {
    this.stage = stage;
    this.on = on;
  }

  static get isPossible() {
    return "documentPictureInPicture" in globalThis || document.pictureInPictureEnabled === true;
  }

  /** Within a touch. */
  async toggle() {
    try {
      if (this.#window || document.pictureInPictureElement) await this.close();
      else if ("documentPictureInPicture" in globalThis) await this.#openDocument();
      else await this.stage.large.video.requestPictureInPicture();
    } catch {
      this.on.say("There is no picture to show in a small window now.");
    }
  }

  /** Looks again at who is shown large. */
  show() {
    if (this.#mute) showMute(this.#mute, this.on.isMuted());
    const stream = this.stage.large?.video.srcObject ?? null;
    if (this.#video && this.#video.srcObject !== stream) this.#video.srcObject = stream;
  }

  async close() {
    this.#window?.close();
    if (document.pictureInPictureElement) await document.exitPictureInPicture();
  }

  async #openDocument() {
    const opened = await documentPictureInPicture.requestWindow(SIZE);
    this.#window = opened;
    opened.addEventListener("pagehide", () => {
      this.#window = null;
      this.#video = null;
      this.#mute = null;
    });
    this.#video = el("video", { autoplay: true, playsinline: true });
    this.#video.muted = true;
    this.#mute = el("button", { type: "button", onclick: () => this.on.mute() }, icon("mic"));
    const end = el("button.stop", { type: "button", onclick: () => this.on.end() }, icon("phone-off"));
    describe(end, "Leave");
    opened.document.title = "callbox";
    addIcons(opened.document);
    opened.document.head.append(...STYLES.map((href) => el("link", { rel: "stylesheet", href })));
    opened.document.body.append(el("main.call.small", {}, this.#video, el("div.controls", {}, this.#mute, end)));
    this.show();
  }
}
