// One session as this browser sees it: who is there, what they show, and this browser's own part.

import { ask, Problem } from "./api.js";
import { EventReader } from "./events.js";
import { Links } from "./links.js";
import { LocalMedia, wordsFor } from "./media.js";

export class Session extends EventTarget {
  constructor() {
    super();
    this.media = new LocalMedia();
    this.peers = new Map(); // uid -> {user, state, link, streams: {audio, video}}
    this.state = { audio_muted: false, video_paused: false };
    this.me = null;
    this.audioOnly = false;
    this.recording = false;
    this.videoAsked = null; // uid of who asks for this browser's camera
    this.exchangeLost = false;
    this.ended = null; // why, once it is over
  }

  get hasEnded() {
    return this.ended !== null;
  }

  /** Joins by name. Devices that cannot be opened are reported, and the call goes on without. */
  async join(name, audioOnly) {
    this.audioOnly = audioOnly;
    const { token } = await ask("POST", "/tokens", { body: { session_id: name } });
    await this.openDevices(!audioOnly);
    const body = { token, state: this.state, audio_only: audioOnly };
    try {
      this.take(await ask("POST", "/join", { body }));
    } catch (problem) {
      this.media.close();
      throw problem;
    }
    this.started = Date.now();
  }

  async openDevices(wantsVideo) {
    const opened = async (kind, open) => {
      try {
        await open();
        return true;
      } catch (error) {
        this.say(wordsFor(error, kind));
        return false;
      }
    };
    const microphone = await opened("microphone", () => this.media.openMicrophone());
    const camera = wantsVideo && (await opened("camera", () => this.media.openCamera()));
    this.state = { audio_muted: !microphone, video_paused: !camera };
  }

  take(joined) {
    this.id = joined.session_id;
    this.me = joined.me;
    this.secret = joined.resume_secret;
    if (joined.audio_only && !this.audioOnly) {
      this.audioOnly = true;
      this.media.closeCamera();
      this.publish({ video_paused: true });
    }
    this.links = new Links(joined.ice_servers, (...signal) => this.signal(...signal), {
      track: (uid, track) => this.gotTrack(uid, track),
      state: (uid, link) => this.changePeer(uid, { link }),
    });
    this.links.setTrack("audio", this.media.microphone);
    this.links.setTrack("video", this.media.camera);
    joined.others.forEach((item) => this.peerJoined(item));
    this.reader = new EventReader(this.secret, {
      event: (name, data) => this.event(name, data),
      lost: () => this.change(() => { this.exchangeLost = true; }),
      restored: () => this.change(() => { this.exchangeLost = false; }),
      out: () => this.end("connection_lost"),
    });
    this.reader.run();
    this.change();
  }

  event(name, data) {
    switch (name) {
      case "joined": return this.peerJoined(data);
      case "left": return this.peerLeft(data.uid);
      case "state": return this.stateChanged(data);
      case "signal": return this.links.signal(data).catch((error) => console.warn("signal refused:", error.message));
      case "video_requested": return this.change(() => { if (this.audioOnly) this.videoAsked = data.uid; });
      case "switched_to_video": return this.change(() => this.switched(data));
      case "recording": return this.change(() => { this.recording = data.running; });
      case "removed": return this.end(data.reason);
    }
  }

  peerJoined({ user, state, seq }) {
    const isNew = !this.peers.has(user.uid);
    this.peers.set(user.uid, { user, state, seq, link: "connecting", streams: {} });
    this.links.connect(user.uid, this.me.seq > seq);
    if (isNew && this.started) this.say(`${user.name} joined`);
    this.change();
  }

  peerLeft(uid) {
    const peer = this.peers.get(uid);
    if (!peer) return;
    this.links.close(uid);
    this.peers.delete(uid);
    if (this.videoAsked === uid) this.videoAsked = null;
    this.say(`${peer.user.name} left`);
    this.change();
  }

  stateChanged({ uid, state, changed_by: by }) {
    if (uid !== this.me.user.uid) return this.changePeer(uid, { state });
    if (by !== uid && state.audio_muted) this.setMuted(true);
  }

  switched({ initiated_by: from, accepted_by: accepted }) {
    if ([from, accepted].includes(this.me.user.uid)) this.audioOnly = false;
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

  async setMuted(muted) {
    if (muted) {
      await this.links.setTrack("audio", null);
      this.media.closeMicrophone();
    } else if (!(await this.opens("microphone", () => this.media.openMicrophone()))) {
      return;
    } else {
      await this.links.setTrack("audio", this.media.microphone);
    }
    this.publish({ audio_muted: muted });
  }

  async setPaused(paused) {
    if (paused) {
      await this.links.setTrack("video", null);
      this.media.closeCamera();
    } else if (!(await this.opens("camera", () => this.media.openCamera()))) {
      return false;
    } else {
      await this.links.setTrack("video", this.media.camera);
    }
    this.publish({ video_paused: paused });
    return true;
  }

  async switchToVideo(action = "request") {
    this.videoAsked = null;
    if (await this.setPaused(false)) await this.tell("POST", "/session/video", { action });
    this.change();
  }

  declineVideo() {
    this.change(() => { this.videoAsked = null; });
  }

  async opens(kind, open) {
    try {
      await open();
      return true;
    } catch (error) {
      this.say(wordsFor(error, kind));
      return false;
    }
  }

  publish(changes) {
    this.change(() => { this.state = { ...this.state, ...changes }; });
    return this.tell("PUT", "/session/state", this.state);
  }

  signal(to, link, kind, body) {
    return this.tell("POST", "/session/signals", { to, link, kind, body });
  }

  /** To the exchange; one that left meanwhile is no news. */
  async tell(method, path, body) {
    try {
      await ask(method, path, { body, secret: this.secret });
    } catch (problem) {
      if (!(problem instanceof Problem)) throw problem;
      if (problem.code !== "peer_not_in_session" && !this.hasEnded) this.say(problem.message);
    }
  }

  /** Leaves. `keepalive`: the page is going away. */
  leave(keepalive = false) {
    if (this.hasEnded) return;
    const secret = this.secret;
    this.end("local_end");
    ask("POST", "/session/leave", { secret, keepalive }).catch(() => {});
  }

  end(reason) {
    if (this.hasEnded) return;
    this.ended = reason;
    this.reader?.stop();
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
