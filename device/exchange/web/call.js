// The call on the screen: the stage, the controls, what has to be said or asked.

import { describe, showMute, showSwitch } from "./controls.js";
import { el, elapsed, icon } from "./dom.js";
import { speakerId } from "./media.js";
import { Panel } from "./panel.js";
import { SmallWindow } from "./pip.js";
import { Roster } from "./roster.js";
import { Settings } from "./settings.js";
import { Shortcuts } from "./shortcuts.js";
import { Sounds } from "./sounds.js";
import { LAYOUTS, Stage } from "./stage.js";

const CALM_AFTER_MS = 4000;
const CLOCK_MS = 1000;
const LISTEN_MS = 400;
const SPEAKING = 0.02; // of full scale; a quiet room stays below

export class CallView {
  /** `call` is {name, awaited: whom one waits for at first; null: nobody, tones, end()}. */
  constructor(session, call) {
    this.session = session;
    this.call = call;
    this.left = new AbortController();
    this.stage = new Stage();
    this.sounds = new Sounds(() => this.hear.classList.remove("hidden"), speakerId());
    this.time = el("span");
    this.notices = el("div.notices", { role: "status" });
    this.asking = el("section.panel.ask.hidden", { role: "alertdialog", "aria-label": "Switch to video" });
    this.hear = this.makeHear();
    this.people = new Panel("roster", "Who is here", (panel) => this.panelChanged(panel));
    this.more = new Panel("settings", "Settings", (panel) => this.panelChanged(panel));
    this.controls = el("div.controls", { role: "toolbar", "aria-label": "Call" });
    this.makeControls();
    this.makePanels();
    this.root = el("main.call", { "aria-label": "Call", tabindex: -1 }, this.stage.root,
      el("div.top", {}, el("div.pill.title.fades", {}, el("strong", {}, call.name), this.time), this.notices, this.flip),
      this.people.root, this.more.root, this.hear, this.asking, this.controls);
    this.watch();
    this.stir();
    this.show();
    this.showTime();
  }

  makeControls() {
    const { session } = this;
    const make = (name, onclick, kind = "button") => {
      const button = el(kind, { type: "button", onclick }, icon(name));
      this.controls.append(button);
      return button;
    };
    this.mute = make("mic", () => this.toggleMuted());
    this.pause = make("video", () => this.togglePaused());
    this.upgrade = make("video", () => session.switchToVideo());
    const people = make("users", () => this.people.toggle());
    const more = make("sliders-horizontal", () => this.more.toggle());
    this.end = make("phone-off", () => this.call.end(), "button.stop");
    this.flip = el("button.tool.fades", { type: "button", onclick: () => session.flipCamera() }, icon("switch-camera"));
    this.people.belongsTo(people);
    this.more.belongsTo(more);
    describe(this.upgrade, "Switch to video");
    describe(people, "Who is here");
    describe(more, "Settings");
    describe(this.end, "Leave");
    describe(this.flip, "Other camera");
  }

  makePanels() {
    const { session, stage } = this;
    const layouts = Object.keys(LAYOUTS);
    this.roster = new Roster(this.people.root, session);
    this.smallWindow = SmallWindow.isPossible ? new SmallWindow(stage, {
      say: (words) => session.say(words), isMuted: () => session.state.audio_muted,
      mute: () => this.toggleMuted(), end: () => this.call.end(),
    }) : null;
    this.shortcuts = new Shortcuts({
      m: ["Mute or unmute", () => this.toggleMuted()],
      v: ["Video on or off", () => (session.audioOnly ? session.switchToVideo() : this.togglePaused())],
      p: ["Who is here", () => this.people.toggle()],
      s: ["Settings and keys", () => this.more.toggle()],
      l: ["Next layout", () => { stage.layout = layouts[(layouts.indexOf(stage.layout) + 1) % layouts.length]; }],
      n: ["Next person large", () => stage.chooseNext()],
      E: ["Leave the call", () => this.call.end()],
    }, this.left.signal);
    this.settings = new Settings(this.more.root, {
      stage, shortcuts: this.shortcuts, smallWindow: this.smallWindow,
      chosen: (device) => (device === "speaker" ? speakerId() : session.media.idOf(device)),
      choose: (device, id) => (device === "speaker" ? this.sounds.playOn(id) : session.chooseDevice(device, id)),
    });
  }

  makeHear() {
    const listen = () => {
      this.hear.classList.add("hidden");
      this.sounds.startAll();
    };
    const button = el("button.go", { type: "button", onclick: listen }, icon("volume-2"), "Tap to hear");
    return el("section.panel.ask.hidden", { "aria-label": "Sound is off" }, button);
  }

  /** Looks again whenever something changed or time passed, until `leave`. */
  watch() {
    const { signal } = this.left;
    this.session.addEventListener("change", () => this.show(), { signal });
    for (const kind of ["online", "offline"]) addEventListener(kind, () => this.showNotices(), { signal });
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
    document.addEventListener("keydown", ({ key }) => { if (key === "Escape") this.closePanels(); }, { signal });
    const timers = [setInterval(() => this.showTime(), CLOCK_MS), setInterval(() => this.listen(), LISTEN_MS)];
    signal.addEventListener("abort", () => timers.forEach(clearInterval));
  }

  leave() {
    this.left.abort();
    clearTimeout(this.calming);
    this.sounds.close();
    this.settings.close();
    this.smallWindow?.close();
    this.stage.close();
  }

  /** The controls fade after a while without a touch, unless something is open or the keyboard is in
   *  use. They stay where a screen reader finds them. */
  stir() {
    this.root.classList.remove("calm");
    clearTimeout(this.calming);
    this.calming = setTimeout(() => {
      const isOpen = this.root.querySelector(".panel:not(.hidden)") || this.root.querySelector(":focus-visible");
      this.root.classList.toggle("calm", !isOpen);
    }, CALM_AFTER_MS);
  }

  toggleMuted() {
    const isMuted = !this.session.state.audio_muted;
    this.call.tones.tick(isMuted ? "off" : "on");
    this.session.setMuted(isMuted);
  }

  togglePaused() {
    this.session.setPaused(!this.session.state.video_paused);
  }

  closePanels() {
    this.people.toggle(false);
    this.more.toggle(false);
  }

  panelChanged(panel) {
    if (panel.isOpen && panel === this.more) {
      this.people.toggle(false);
      this.settings.show();
    } else if (panel.isOpen) {
      this.more.toggle(false);
    }
    this.stir();
  }

  show() {
    const { session } = this;
    if (session.hasEnded) return;
    const { audio_muted: isMuted, video_paused: isPaused } = session.state;
    showMute(this.mute, isMuted);
    showSwitch(this.pause, isPaused, isPaused ? "Resume video" : "Pause video", "video");
    this.pause.classList.toggle("hidden", session.audioOnly);
    this.upgrade.classList.toggle("hidden", !session.audioOnly);
    this.flip.classList.toggle("hidden", !session.media.canFlip);
    this.showPeople();
    this.showNotices();
    this.roster.show();
    this.showAsking();
  }

  showPeople() {
    const { session } = this;
    const own = { user: session.me.user, state: session.state, link: "up", isOwn: true,
      isRear: session.media.isRear, streams: { video: this.ownStream() } };
    this.stage.show([...session.peers.values(), own], session.audioOnly);
    this.sounds.show(Object.fromEntries([...session.peers].map(([uid, { streams }]) => [uid, streams.audio])));
    this.smallWindow?.show();
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
    const away = navigator.onLine ? "Reconnecting to the exchange…" : "This device has no network. Reconnecting…";
    const notices = [
      session.recording && ["circle-dot", "Recording"],
      session.exchangeLost && ["wifi-off", away],
      ...[...session.lost.values()].map((name) => ["wifi-off", `${name} lost the connection. Waiting for them…`]),
      !session.peers.size && !session.lost.size && ["users", this.aloneWords()],
    ].filter(Boolean);
    const said = notices.join();
    if (said === this.said) return;
    this.said = said;
    this.notices.replaceChildren(...notices.map(([name, words]) => (
      el(name === "users" ? "div.pill" : "div.pill.notice", {}, icon(name), words))));
  }

  aloneWords() {
    const { awaited } = this.call;
    return awaited && !this.session.hasMet ? `Waiting for ${awaited}…` : "You are alone in this call.";
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
      this.stage.showSpeaking(uid, loudness > SPEAKING);
    }
  }
}
