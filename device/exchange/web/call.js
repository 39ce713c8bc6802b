// The call on the screen: tiles, controls, who is there, what is asked.

import { el, elapsed, icon } from "./dom.js";
import { Sounds } from "./sounds.js";
import { Tile } from "./tile.js";

const CALM_AFTER_MS = 4000;
const CLOCK_MS = 1000;
const LISTEN_MS = 400;
const SPEAKING = 0.02; // of full scale; a quiet room stays below

export class CallView {
  /** `call` is {name, tones, end()}. */
  constructor(session, call) {
    this.session = session;
    this.call = call;
    this.tiles = new Map(); // uid -> Tile
    this.sounds = new Sounds(() => this.hear.classList.remove("hidden"));
    this.grid = el("div.tiles");
    this.time = el("span");
    this.title = el("div.pill.title.fades", {}, el("strong", {}, call.name), this.time);
    this.notices = el("div.notices", { role: "status" });
    this.roster = el("section.panel.hidden", { id: "roster", "aria-label": "Who is here" });
    this.asking = el("section.panel.ask.hidden", { role: "alertdialog", "aria-label": "Switch to video" });
    this.hear = this.makeHear();
    this.controls = el("div.controls", { role: "toolbar", "aria-label": "Call" });
    this.makeControls();
    this.root = el("main.call", { "aria-label": "Call", tabindex: -1 }, this.grid, el("div.top", {}, this.title, this.notices),
      this.roster, this.hear, this.asking, this.controls);
    this.watch();
    this.stir();
    this.show();
    this.showTime();
  }

  /** Looks again whenever something changed or time passed, until `leave`. */
  watch() {
    this.left = new AbortController();
    const { signal } = this.left;
    this.session.addEventListener("change", () => this.show(), { signal });
    // What cannot be seen cannot be pressed: the touch that wakes the controls does only that.
    const early = { capture: true, signal };
    this.root.addEventListener("pointerdown", () => { this.isWaking = this.root.classList.contains("calm"); }, early);
    this.root.addEventListener("click", (event) => {
      if (this.isWaking && event.detail) event.stopPropagation();
      this.isWaking = false;
    }, early);
    for (const kind of ["pointermove", "pointerdown", "keydown", "focusin"]) {
      document.addEventListener(kind, () => this.stir(), { signal });
    }
    document.addEventListener("keydown", ({ key }) => {
      if (key === "Escape") this.showPeople(false);
    }, { signal });
    const timers = [setInterval(() => this.showTime(), CLOCK_MS), setInterval(() => this.listen(), LISTEN_MS)];
    signal.addEventListener("abort", () => timers.forEach(clearInterval));
  }

  leave() {
    this.left.abort();
    clearTimeout(this.calming);
    this.sounds.close();
    this.tiles.forEach((tile) => tile.close());
  }

  /** The controls fade after a while without a touch, unless something is open. */
  stir() {
    this.root.classList.remove("calm");
    clearTimeout(this.calming);
    this.calming = setTimeout(() => {
      const isOpen = [this.roster, this.asking, this.hear].some((panel) => !panel.classList.contains("hidden"));
      this.root.classList.toggle("calm", !isOpen);
    }, CALM_AFTER_MS);
  }

  makeControls() {
    const { session } = this;
    const make = (name, onclick, kind = "button") => {
      const button = el(kind, { type: "button", onclick }, icon(name));
      this.controls.append(button);
      return button;
    };
    this.mute = make("mic", () => session.setMuted(!session.state.audio_muted));
    this.pause = make("video", () => session.setPaused(!session.state.video_paused));
    this.upgrade = make("video", () => session.switchToVideo());
    this.people = make("users", () => this.showPeople(this.roster.classList.contains("hidden")));
    this.people.setAttribute("aria-controls", "roster");
    this.end = make("phone-off", () => this.call.end(), "button.stop");
    describe(this.upgrade, "Switch to video");
    describe(this.people, "Who is here");
    describe(this.end, "Leave");
    this.people.setAttribute("aria-expanded", "false");
  }

  makeHear() {
    const listen = () => {
      this.hear.classList.add("hidden");
      this.sounds.startAll();
    };
    const button = el("button.go", { type: "button", onclick: listen }, icon("volume-2"), "Tap to hear");
    return el("section.panel.ask.hidden", { "aria-label": "Sound is off" }, button);
  }

  show() {
    const { session } = this;
    if (session.hasEnded) return;
    const { audio_muted: isMuted, video_paused: isPaused } = session.state;
    showSwitch(this.mute, isMuted, isMuted ? "Unmute" : "Mute", "mic");
    showSwitch(this.pause, isPaused, isPaused ? "Resume video" : "Pause video", "video");
    this.pause.classList.toggle("hidden", session.audioOnly);
    this.upgrade.classList.toggle("hidden", !session.audioOnly);
    this.showTiles();
    this.showNotices();
    this.showRoster();
    this.showAsking();
  }

  showTiles() {
    const { session } = this;
    const own = { user: session.me.user, state: session.state, link: "up", isOwn: true,
      streams: { video: this.ownStream() } };
    const shown = [...session.peers.values(), own]; // the own tile lies last
    for (const [uid, tile] of this.tiles) {
      if (shown.some(({ user }) => user.uid === uid)) continue;
      tile.close();
      this.tiles.delete(uid);
    }
    for (const person of shown) {
      const { uid } = person.user;
      if (!this.tiles.has(uid)) {
        const tile = new Tile(person);
        this.grid.insertBefore(tile.root, this.tiles.get(own.user.uid)?.root ?? null);
        this.tiles.set(uid, tile);
      }
      this.tiles.get(uid).show(person, session.audioOnly);
    }
    this.grid.dataset.layout = ["alone", "alone", "spotlight"][shown.length] ?? "many";
    this.grid.dataset.count = shown.length;
    this.sounds.show(Object.fromEntries([...session.peers].map(([uid, { streams }]) => [uid, streams.audio])));
  }

  ownStream() {
    const track = this.session.media.camera;
    if (this.ownTrack !== track) {
      this.ownTrack = track;
      this.own = track ? new MediaStream([track]) : null;
    }
    return this.own ?? null;
  }

  showTime() {
    this.time.textContent = elapsed(Date.now() - this.session.started);
  }

  showNotices() {
    const { session } = this;
    const notices = [
      session.recording && ["circle-dot", "Recording"],
      session.exchangeLost && ["wifi-off", "Reconnecting to the exchange…"],
      !session.peers.size && ["users", "You are alone in this call."],
    ].filter(Boolean);
    const said = notices.join();
    if (said === this.said) return;
    this.said = said;
    this.notices.replaceChildren(...notices.map(([name, words]) => (
      el(name === "users" ? "div.pill" : "div.pill.notice", {}, icon(name), words))));
  }

  showPeople(isOpen) {
    this.roster.classList.toggle("hidden", !isOpen);
    this.people.setAttribute("aria-expanded", String(isOpen));
    this.stir();
  }

  showRoster() {
    const { me, state, peers } = this.session;
    const people = [...peers.values(), { user: me.user, state, isOwn: true }];
    this.roster.replaceChildren(el("h2", {}, `${people.length} here`), el("ul", {}, ...people.map(rosterRow)));
  }

  showAsking() {
    const { session } = this;
    const uid = session.videoAsked;
    if (this.askingFor === uid) return;
    this.askingFor = uid;
    this.asking.classList.toggle("hidden", uid === null);
    if (uid === null) return;
    const name = session.peers.get(uid)?.user.name ?? "Somebody";
    this.asking.replaceChildren(el("p", {}, `${name} would like to switch to video. Turn your camera on?`),
      el("div.choice", {},
        el("button.go", { type: "button", onclick: () => session.switchToVideo("accept") }, icon("video"), "Accept"),
        el("button", { type: "button", onclick: () => session.declineVideo() }, icon("x"), "Decline")));
    this.stir();
  }

  /** Rings the one who speaks. */
  async listen() {
    if (document.hidden) return;
    for (const [uid, link] of this.session.links.links) {
      const loudness = await link.loudness().catch(() => 0);
      this.tiles.get(uid)?.showSpeaking(loudness > SPEAKING);
    }
  }
}

function describe(button, words) {
  button.setAttribute("aria-label", words);
  button.title = words;
}

function showSwitch(button, isOff, words, iconName) {
  button.classList.toggle("on", isOff);
  describe(button, words);
  button.querySelector("use").setAttribute("href", `/web/icons.svg#${iconName}${isOff ? "-off" : ""}`);
}

function rosterRow({ user, state, isOwn }) {
  const sign = (isOff, iconName, words) => (
    el(isOff ? "span.off" : "span.quiet", { role: "img", "aria-label": words, title: words },
      icon(isOff ? `${iconName}-off` : iconName)));
  return el("li", { "data-uid": user.uid }, el("span.who", {}, isOwn ? `${user.name} (you)` : user.name),
    sign(state.audio_muted, "mic", state.audio_muted ? "muted" : "can be heard"),
    sign(state.video_paused, "video", state.video_paused ? "no video" : "video on"));
}
