// The call on the screen: tiles, controls, who is there.

import { el, icon, initials } from "./dom.js";

const CALM_AFTER_MS = 4000;
const LINK_WORDS = { connecting: "Connecting…", lost: "The picture is away. Reconnecting…" };

export class CallView {
  constructor(session) {
    this.session = session;
    this.tiles = new Map();
    this.sounds = new Map();
    this.root = el("main.call", { "aria-label": "Call" });
    this.grid = el("div.tiles");
    this.top = el("div.top", { role: "status" });
    this.controls = el("div.controls", { role: "toolbar", "aria-label": "Call" });
    this.roster = el("section.panel.hidden", { "aria-label": "Who is here" });
    this.asking = el("section.panel.ask.hidden", { role: "alertdialog", "aria-label": "Switch to video" });
    this.root.append(this.grid, this.top, this.roster, this.asking, this.controls);
    this.makeControls();
    this.change = () => this.show();
    session.addEventListener("change", this.change);
    for (const kind of ["pointermove", "pointerdown", "keydown"]) {
      this.root.addEventListener(kind, () => this.stir());
    }
    this.clock = setInterval(() => this.showTop(), 1000);
    this.stir();
    this.show();
  }

  leave() {
    clearInterval(this.clock);
    clearTimeout(this.calming);
    this.session.removeEventListener("change", this.change);
    for (const uid of [...this.sounds.keys()]) this.dropSound(uid);
  }

  /** The controls fade after a while without a touch. */
  stir() {
    this.root.classList.remove("calm");
    clearTimeout(this.calming);
    this.calming = setTimeout(() => this.root.classList.add("calm"), CALM_AFTER_MS);
  }

  makeControls() {
    const { session } = this;
    const make = (label, name, onclick, kind = "button") => {
      const button = el(kind, { type: "button", "aria-label": label, title: label, onclick }, icon(name));
      this.controls.append(button);
      return button;
    };
    this.mute = make("Mute", "mic", () => session.setMuted(!session.state.audio_muted));
    this.pause = make("Pause video", "video", () => session.setPaused(!session.state.video_paused));
    this.upgrade = make("Switch to video", "video", () => session.switchToVideo());
    this.people = make("Who is here", "users", () => this.roster.classList.toggle("hidden"));
    this.end = make("Leave", "phone-off", () => session.leave(), "button.stop");
  }

  show() {
    const { session } = this;
    if (session.hasEnded) return;
    this.showButton(this.mute, session.state.audio_muted, "Mute", "Unmute", "mic");
    this.showButton(this.pause, session.state.video_paused, "Pause video", "Resume video", "video");
    this.pause.classList.toggle("hidden", session.audioOnly);
    this.upgrade.classList.toggle("hidden", !session.audioOnly);
    this.showTiles();
    this.showTop();
    this.showRoster();
    this.showAsking();
  }

  showButton(button, isOff, label, labelOff, name) {
    button.classList.toggle("on", isOff);
    button.setAttribute("aria-pressed", String(isOff));
    button.setAttribute("aria-label", isOff ? labelOff : label);
    button.title = isOff ? labelOff : label;
    button.querySelector("use").setAttribute("href", `/web/icons.svg#${name}${isOff ? "-off" : ""}`);
  }

  showTiles() {
    const { session } = this;
    const own = { user: session.me.user, state: session.state, link: "up", isOwn: true,
      streams: { video: this.ownStream() } };
    const shown = [...session.peers.values(), own];
    this.grid.className = `tiles ${shown.length <= 2 ? "spotlight" : "many"}`;
    const uids = new Set(shown.map((person) => person.user.uid));
    for (const [uid, tile] of this.tiles) {
      if (uids.has(uid)) continue;
      tile.root.remove();
      this.tiles.delete(uid);
      this.dropSound(uid);
    }
    for (const person of shown) {
      const { uid } = person.user;
      if (!this.tiles.has(uid)) {
        this.tiles.set(uid, new Tile(person));
        this.grid.append(this.tiles.get(uid).root);
      }
      this.tiles.get(uid).show(person);
      if (!person.isOwn) this.showSound(uid, person.streams.audio);
    }
    this.grid.append(this.tiles.get(own.user.uid).root); // the own tile lies last
    if (shown.length === 1) this.grid.className = "tiles many";
  }

  ownStream() {
    const track = this.session.media.camera;
    if (this.ownTrack !== track) {
      this.ownTrack = track;
      this.own = track ? new MediaStream([track]) : null;
    }
    return this.own ?? null;
  }

  showSound(uid, stream) {
    if (!stream || this.sounds.get(uid)?.srcObject === stream) return;
    this.dropSound(uid);
    const sound = el("audio", { autoplay: true });
    sound.srcObject = stream;
    document.getElementById("sounds").append(sound);
    this.sounds.set(uid, sound);
    sound.play().catch((error) => { if (error.name === "NotAllowedError") this.askToHear(); });
  }

  dropSound(uid) {
    const sound = this.sounds.get(uid);
    if (!sound) return;
    sound.srcObject = null;
    sound.remove();
    this.sounds.delete(uid);
  }

  /** A browser plays sound only after a touch: one clear button. */
  askToHear() {
    if (this.hear) return;
    this.hear = el("button.go", { type: "button", onclick: () => {
      for (const sound of this.sounds.values()) sound.play();
      this.hear.remove();
      this.hear = null;
    } }, icon("volume-2"), "Tap to hear");
    this.top.after(el("section.panel.ask", {}, this.hear));
    const panel = this.hear.parentElement;
    this.hear.addEventListener("click", () => panel.remove());
  }

  showTop() {
    const { session } = this;
    if (session.hasEnded) return;
    const pills = [el("span.pill.fades", {}, `${session.id} · ${elapsed(session.started)}`)];
    if (session.recording) pills.push(el("span.pill.notice", {}, icon("circle-dot"), "Recording"));
    if (session.exchangeLost) pills.push(el("span.pill.notice", {}, icon("wifi-off"), "Reconnecting to the exchange…"));
    if (!session.peers.size) pills.push(el("span.pill", {}, "You are alone in this call."));
    this.top.replaceChildren(...pills);
  }

  showRoster() {
    const people = [{ user: this.session.me.user, state: this.session.state }, ...this.session.peers.values()];
    const rows = people.map(({ user, state }) => el("li", {}, el("span", {}, user.name), el("span", {},
      state.audio_muted ? icon("mic-off") : icon("mic"), " ", state.video_paused ? icon("video-off") : icon("video"),
      el("span.hidden", {}, `${state.audio_muted ? "muted" : ""} ${state.video_paused ? "no video" : ""}`))));
    this.roster.replaceChildren(el("h2", {}, `Here: ${people.length}`), el("ul", {}, ...rows));
  }

  showAsking() {
    const { session } = this;
    const uid = session.videoAsked;
    this.asking.classList.toggle("hidden", uid === null);
    if (uid === null || this.askingFor === uid) {
      this.askingFor = uid;
      return;
    }
    this.askingFor = uid;
    const name = session.peers.get(uid)?.user.name ?? "Somebody";
    this.asking.replaceChildren(el("p", {}, `${name} would like to see you.`), el("div.choice", {},
      el("button.go", { type: "button", onclick: () => session.switchToVideo("accept") }, "Accept"),
      el("button", { type: "button", onclick: () => session.declineVideo() }, "Decline")));
  }
}

class Tile {
  constructor(person) {
    const { name } = person.user;
    this.video = el("video", { autoplay: true, playsinline: true });
    this.video.muted = true; // sound has its own elements
    this.avatar = el("div.avatar", { "aria-hidden": "true" }, initials(name));
    this.muted = icon("mic-off");
    this.paused = icon("video-off");
    this.state = el("p.state.quiet");
    const label = el("div.name", {}, el("span", {}, person.isOwn ? "You" : name), this.muted, this.paused);
    this.root = el("section.tile", { "aria-label": name, "data-uid": person.user.uid },
      this.video, this.avatar, this.state, label);
    if (person.isOwn) this.root.classList.add("own");
  }

  show({ state, streams, link }) {
    const stream = streams.video ?? null;
    const isShown = Boolean(stream) && !state.video_paused;
    if (this.video.srcObject !== stream) this.video.srcObject = stream;
    this.video.classList.toggle("hidden", !isShown);
    this.avatar.classList.toggle("hidden", isShown);
    this.muted.classList.toggle("hidden", !state.audio_muted);
    this.paused.classList.toggle("hidden", !state.video_paused);
    this.root.dataset.link = link;
    const words = LINK_WORDS[link] ?? "";
    this.state.textContent = words;
    if (words && link === "connecting") this.avatar.classList.add("hidden");
  }
}

function elapsed(since) {
  const seconds = Math.max(0, Math.floor((Date.now() - since) / 1000)) || 0;
  const two = (number) => String(number).padStart(2, "0");
  const hours = Math.floor(seconds / 3600);
  return `${hours ? `${hours}:` : ""}${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
}
