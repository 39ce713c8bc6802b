// One participant on the screen: the picture, or who it would show; the name; what is off.

import { avatar } from "./avatar.js";
import { el, icon } from "./dom.js";

export class Tile {
  /** `person` is {user, state, link, streams: {video}, isOwn, isRear}. */
  constructor(person) {
    const { name, uid } = person.user;
    this.name = name;
    this.video = el("video", { autoplay: true, playsinline: true });
    this.video.muted = true; // sound has its own elements
    this.hasPicture = false;
    this.video.addEventListener("loadeddata", () => this.gotPicture(true));
    this.video.addEventListener("emptied", () => this.gotPicture(false));
    this.avatar = avatar("div.avatar", person.user);
    this.words = el("p.state");
    this.muted = el("span.off", { role: "img", "aria-label": "muted" }, icon("mic-off"));
    this.paused = el("span.off", { role: "img", "aria-label": "no video" }, icon("video-off"));
    const label = el("div.name", {}, el("span.who", {}, person.isOwn ? "You" : name), this.muted, this.paused);
    this.root = el("section.tile", { "aria-label": name, "data-uid": uid },
      this.video, el("div.middle", {}, this.avatar, this.words), label);
    this.root.classList.toggle("own", Boolean(person.isOwn));
  }

  /** In an audio call nobody is expected to be seen. */
  show(person, audioOnly) {
    this.person = person;
    const { state, streams, link } = person;
    const stream = streams.video ?? null;
    this.root.classList.toggle("rear", Boolean(person.isRear));
    if (this.video.srcObject !== stream) this.video.srcObject = stream;
    this.muted.classList.toggle("hidden", !state.audio_muted);
    this.paused.classList.toggle("hidden", !state.video_paused || audioOnly);
    this.root.dataset.link = link;
    this.words.textContent = {
      connecting: `Connecting to ${this.name}…`,
      lost: `The connection to ${this.name} is away. Reconnecting…`,
    }[link] ?? "";
    this.showPicture();
  }

  gotPicture(hasPicture) {
    this.hasPicture = hasPicture;
    if (this.person) this.showPicture();
  }

  showPicture() {
    const { state, streams, link } = this.person;
    const isShown = this.hasPicture && Boolean(streams.video) && !state.video_paused;
    this.root.classList.toggle("picture", isShown);
    this.root.classList.toggle("dimmed", isShown && link === "lost");
  }

  showSpeaking(isSpeaking) {
    this.root.classList.toggle("speaking", isSpeaking);
  }

  close() {
    this.video.srcObject = null;
    this.root.remove();
  }
}
