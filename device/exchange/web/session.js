// One session as this browser sees it: who is there, what they show, and this browser's own part.

import { ask } from "./api.js";
import { EventReader } from "./events.js";
import { Links } from "./links.js";
import { LocalMedia, wordsFor } from "./media.js";
import { Outbox } from "./outbox.js";

const KINDS = { microphone: "audio", camera: "video" };
const FIELDS = { microphone: "audio_muted", camera: "video_paused" };

const WENT = { connection_lost: "lost the connection", removed: "was removed" };

/** Tells "change" (look again), "words" (detail: a sentence for the person). */
export class Session extends EventTarget {
  constructor() {
    super();
    this.media = new LocalMedia((device) => this.deviceLost(device));
    this.grants = [];
    this.lost = new Map(); // uid -> name, of those whose connection broke
    this.hasMet = false; // whether anybody else has been there
    this.peers = new Map(); // uid -> {user, state, seq, link, streams: {audio, video}}
    this.state = { audio_muted: false, video_paused: false };
    this.me = null;
    this.audioOnly = false;
    this.recording = false;
    this.videoAsked = null; // uid of who asks for this browser's camera
    this.exchangeLost = false;
    this.ended = null; // why, once it is over
    this.doing = Promise.resolve(); // what the person asked for, one after the other
  }

  get mayModerate() {
    return this.grants.includes("moderate");
  }

  get hasEnded() {
    return this.ended !== null;
  }

  /** Opens this browser's devices, which may take a question to the person. Those that cannot be
   *  opened are reported, and the call goes on without. */
  prepare(withCamera) {
    this.prepared = this.openDevices(...(withCamera ? ["microphone", "camera"] : ["microphone"]));
    return this.prepared;
  }

  /** Enters, once prepared. Raises Problem; it may be tried again. */
  async join(name, audioOnly) {
    const [{ token }] = await Promise.all([ask("POST", "/tokens", { body: { session_id: name } }), this.prepared]);
    this.state = { audio_muted: !this.media.microphone, video_paused: !this.media.camera };
    this.take(await ask("POST", "/join", { body: { token, state: this.state, audio_only: audioOnly } }));
  }

  take(joined) {
    this.id = joined.session_id;
    this.me = joined.me;
    this.grants = joined.grants;
    this.secret = joined.resume_secret;
    this.audioOnly = joined.audio_only; // the session's word counts, not the wish
    this.outbox = new Outbox(this.secret, (problem) => {
      if (problem.code !== "peer_not_in_session") this.say(problem.message);
    });
    if (this.audioOnly && this.media.camera) {
      this.media.stop("camera");
      this.publish({ video_paused: true });
    }
    this.links = new Links(joined.ice_servers, (...signal) => this.signal(...signal), {
      track: (uid, track) => this.gotTrack(uid, track),
      state: (uid, link) => this.changePeer(uid, { link }),
    });
    for (const device of Object.keys(KINDS)) this.sendDevice(device);
    joined.others.forEach((item) => this.peerJoined(item));
    this.started = Date.now();
    this.reader = new EventReader("/session/events", this.secret, {
      event: (name, data) => this.event(name, data),
      lost: () => this.change(() => { this.exchangeLost = true; }),
      restored: () => this.change(() => { this.exchangeLost = false; }),
      out: () => this.end("connection_lost"),
    });
    this.reader.run();
    this.change();
  }

  event(name, data) {
    if (this.hasEnded) return;
    switch (name) {
      case "joined": this.peerJoined(data); break;
      case "left": this.peerLeft(data); break;
      case "state": this.stateChanged(data); break;
      case "signal": this.signalled(data); break;
      case "video_requested": this.change(() => { if (this.audioOnly) this.videoAsked = data.uid; }); break;
      case "switched_to_video": this.switched(data); break;
      case "recording": this.change(() => { this.recording = data.running; }); break;
      case "removed": this.end(data.reason); break;
    }
  }

  peerJoined({ user, state, seq }) {
    const isNew = !this.peers.has(user.uid);
    this.hasMet = true;
    this.lost.delete(user.uid);
    this.peers.set(user.uid, { user, state, seq, link: "connecting", streams: {} });
    this.links.connect(user.uid, this.me.seq > seq);
    if (isNew && this.started) this.say(`${user.name} joined`);
    this.change();
  }

  peerLeft({ uid, reason }) {
    const peer = this.peers.get(uid);
    if (!peer) return;
    this.links.close(uid);
    this.peers.delete(uid);
    if (this.videoAsked === uid) this.videoAsked = null;
    const { name } = peer.user;
    if (reason === "connection_lost") this.lost.set(uid, name);
    if (reason !== "replaced") this.say(`${name} ${WENT[reason] ?? "left"}`);
    this.change();
  }

  stateChanged({ uid, state, changed_by: by }) {
    if (uid !== this.me.user.uid) this.changePeer(uid, { state });
    else if (by !== uid && state.audio_muted) this.mutedBy(by);
  }

  /** By a moderator: not a sample more, and the person is told by whom. */
  mutedBy(uid) {
    if (this.state.audio_muted) return;
    this.say(`You were muted by ${this.peers.get(uid)?.user.name ?? "a moderator"}.`);
    this.setMuted(true);
  }

  mute(uid) {
    return this.moderate("POST", `/session/members/${encodeURIComponent(uid)}/mute`);
  }

  remove(uid) {
    return this.moderate("DELETE", `/session/members/${encodeURIComponent(uid)}`);
  }

  endForAll() {
    return this.moderate("POST", "/session/end");
  }

  async moderate(method, path) {
    await ask(method, path, { secret: this.secret }).catch((problem) => this.say(problem.message));
  }

  switched({ initiated_by: from, accepted_by: accepted }) {
    if ([from, accepted].includes(this.me.user.uid)) this.change(() => { this.audioOnly = false; });
  }

  signalled(data) {
    this.links.signal(data).catch((error) => console.warn(`${data.kind} refused:`, error.message));
  }

  signal(to, link, kind, body) {
    return this.outbox.put("POST", "/session/signals", { to, link, kind, body });
  }

  gotTrack(uid, track) {
    const peer = this.peers.get(uid);
    if (!peer) return;
    peer.streams = { ...peer.streams, [track.kind]: new MediaStream([track]) };
    this.change();
  }

  changePeer(uid, changes) {
    const peer = this.peers.get(uid);
    if (peer) this.change(() => Object.assign(peer, changes));
  }

  setMuted(muted) {
    return this.inTurn(() => this.turn("microphone", !muted));
  }

  setPaused(paused) {
    return this.inTurn(() => this.turn("camera", !paused));
  }

  /** Asks for video, or agrees to it (action "accept"). This side's camera opens first. */
  switchToVideo(action = "request") {
    this.change(() => { this.videoAsked = null; });
    return this.inTurn(async () => {
      if (!this.audioOnly) return;
      if (!(await this.turn("camera", true))) return;
      await this.outbox.put("POST", "/session/video", { action });
    });
  }

  declineVideo() {
    this.change(() => { this.videoAsked = null; });
  }

  inTurn(work) {
    this.doing = this.doing
      .then(() => (this.hasEnded ? undefined : work()))
      .catch((error) => console.error("that could not be done:", error));
    return this.doing;
  }

  /** Opens or closes a device and tells the others; whether it is as wanted. */
  async turn(device, on) {
    if (on) {
      await this.openDevices(device);
      if (!this.media[device] || this.hasEnded) return false;
    } else {
      this.media.stop(device);
    }
    await this.sendDevice(device);
    this.publish({ [FIELDS[device]]: !on });
    return true;
  }

  /** Another "microphone" or "camera", now and in later calls. */
  chooseDevice(device, id) {
    this.media.choose(device, id);
    return this.reopen(device);
  }

  /** On a phone: from the side of the person to the other, or back. */
  flipCamera() {
    this.media.flip();
    return this.reopen("camera");
  }

  /** A phone opens no second camera while the first is open. */
  reopen(device) {
    return this.inTurn(async () => {
      if (!this.media[device]) return;
      this.media.stop(device);
      if (!(await this.turn(device, true)) && !this.hasEnded) await this.turn(device, false);
    });
  }

  async openDevices(...devices) {
    const errors = await this.media.open(...devices);
    for (const [device, error] of Object.entries(errors)) this.say(wordsFor(error, device));
  }

  deviceLost(device) {
    this.say(`The ${device} went away. Check its cable.`);
    this.inTurn(() => this.turn(device, false));
  }

  sendDevice(device) {
    return this.links.setTrack(KINDS[device], this.media[device]);
  }

  publish(changes) {
    this.change(() => { this.state = { ...this.state, ...changes }; });
    this.outbox.put("PUT", "/session/state", () => this.state);
  }

  /** Leaves at once; the exchange is told. Also when the page goes away. */
  leave() {
    if (this.hasEnded) return;
    this.end("local_end");
    if (this.secret) ask("POST", "/session/leave", { secret: this.secret, keepalive: true }).catch(() => {});
  }

  end(reason) {
    if (this.hasEnded) return;
    this.ended = reason;
    this.reader?.stop();
    this.outbox?.close();
    this.links?.closeAll();
    this.media.close();
    this.change();
  }

  say(words) {
    this.dispatchEvent(new CustomEvent("words", { detail: words }));
  }

  change(how) {
    how?.();
    this.dispatchEvent(new Event("change"));
  }
}
