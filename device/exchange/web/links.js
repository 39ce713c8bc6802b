// The media links of a session, one peer connection for each other participant.
//
// Who came later (higher seq) offers. Both ends always negotiate one audio and one video transceiver,
// both ways; mute, pause and the switch to video only replace a track, so nothing is negotiated twice.

const UP_WITHIN_MS = 15000;
const ANY_LINK = "-"; // what a restart names when its sender has no link

export class Links {
  /** `send(to, link, kind, body)` signals; `on` has track(uid, track), state(uid, words). */
  constructor(iceServers, send, on) {
    this.iceServers = iceServers.map(({ urls, username, credential }) => (
      username ? { urls, username, credential } : { urls }));
    this.send = send;
    this.on = on;
    this.links = new Map();
    this.tracks = { audio: null, video: null };
  }

  /** What is sent to everybody from now on; null sends nothing. */
  async setTrack(kind, track) {
    this.tracks[kind] = track;
    await Promise.all([...this.links.values()].map((link) => link.setTrack(kind, track)));
  }

  /** Begins a link, or waits for the other's offer. Replaces an old one. */
  connect(uid, weOffer) {
    this.close(uid);
    this.on.state(uid, "connecting");
    if (weOffer) this.offer(uid);
  }

  offer(uid) {
    const link = this.open(uid, crypto.randomUUID().replaceAll("-", ""), true);
    link.offer().catch((error) => {
      if (!link.isOver) console.warn("no offer could be made:", error.message);
    });
  }

  /** Takes a signal of another member. One of a link that was replaced is dropped. */
  async signal({ sender, link: name, kind, body }) {
    const link = this.links.get(sender);
    if (kind === "restart") {
      if (link?.weOffer && [link.name, ANY_LINK].includes(name)) this.connect(sender, true);
    } else if (kind === "offer") {
      if (link?.weOffer) return; // not their turn
      this.close(sender);
      this.on.state(sender, "connecting");
      await this.open(sender, name, false).answer(body);
    } else if (link?.name === name) {
      await link.take(kind, body);
    }
  }

  open(uid, name, weOffer) {
    const link = new Link(this, uid, name, weOffer);
    this.links.set(uid, link);
    return link;
  }

  /** The link broke: a new one under the same participant, by the one who offers. */
  broke(link) {
    if (this.links.get(link.uid) !== link) return;
    this.on.state(link.uid, "lost");
    if (link.weOffer) {
      this.close(link.uid);
      this.offer(link.uid);
    } else {
      link.end();
      this.send(link.uid, link.name, "restart", "");
    }
  }

  close(uid) {
    this.links.get(uid)?.end();
    this.links.delete(uid);
  }

  closeAll() {
    for (const uid of [...this.links.keys()]) this.close(uid);
  }
}

class Link {
  constructor(owner, uid, name, weOffer) {
    Object.assign(this, { owner, uid, name, weOffer, senders: {}, early: [], isOver: false });
    this.pc = new RTCPeerConnection({ iceServers: owner.iceServers, bundlePolicy: "max-bundle" });
    this.pc.onicecandidate = ({ candidate }) => this.send("candidate", candidate?.candidate ?? "");
    this.pc.ontrack = ({ track }) => { if (!this.isOver) owner.on.track(uid, track); };
    this.pc.onconnectionstatechange = () => this.changed();
    this.deadline = setTimeout(() => this.down(), UP_WITHIN_MS);
  }

  send(kind, body) {
    if (!this.isOver) this.owner.send(this.uid, this.name, kind, body);
  }

  async offer() {
    for (const kind of ["audio", "video"]) {
      this.prepare(kind, this.pc.addTransceiver(kind, { direction: "sendrecv" }));
    }
    await this.pc.setLocalDescription();
    this.send("offer", this.pc.localDescription.sdp);
    await this.showTracks();
  }

  async answer(sdp) {
    await this.pc.setRemoteDescription({ type: "offer", sdp });
    for (const transceiver of this.pc.getTransceivers()) {
      transceiver.direction = "sendrecv";
      this.prepare(transceiver.receiver.track.kind, transceiver);
    }
    await this.showTracks();
    await this.pc.setLocalDescription();
    this.send("answer", this.pc.localDescription.sdp);
    await this.takeEarly();
  }

  /** H.264 first: what units encode in hardware. */
  prepare(kind, transceiver) {
    this.senders[kind] = transceiver.sender;
    const known = RTCRtpReceiver.getCapabilities?.(kind)?.codecs;
    if (kind !== "video" || !known || !transceiver.setCodecPreferences) return;
    const isH264 = (codec) => codec.mimeType.toLowerCase() === "video/h264";
    const others = known.filter((codec) => !isH264(codec));
    transceiver.setCodecPreferences([...known.filter(isH264), ...others]);
  }

  async showTracks() {
    for (const kind of ["audio", "video"]) await this.setTrack(kind, this.owner.tracks[kind]);
  }

  async setTrack(kind, track) {
    if (!this.isOver) await this.senders[kind]?.replaceTrack(track);
  }

  async take(kind, body) {
    if (kind === "answer") {
      await this.pc.setRemoteDescription({ type: "answer", sdp: body });
      await this.takeEarly();
    } else if (!this.pc.remoteDescription) {
      this.early.push(body);
    } else {
      await this.add(body);
    }
  }

  async takeEarly() {
    for (const body of this.early.splice(0)) await this.add(body);
  }

  async add(body) {
    // Everything is bundled on the first line.
    if (body) await this.pc.addIceCandidate({ candidate: body, sdpMLineIndex: 0 });
  }

  changed() {
    if (this.isOver) return;
    if (this.pc.connectionState === "connected") {
      clearTimeout(this.deadline);
      this.owner.on.state(this.uid, "up");
    } else if (this.pc.connectionState === "disconnected") {
      this.owner.on.state(this.uid, "lost");
    } else if (this.pc.connectionState === "failed") {
      this.down();
    }
  }

  /** How loud the other is now, 0 to 1. */
  async loudness() {
    const receiver = this.pc.getReceivers().find(({ track }) => track.kind === "audio");
    for (const item of (await receiver?.getStats())?.values() ?? []) {
      if (item.type === "inbound-rtp") return item.audioLevel ?? 0;
    }
    return 0;
  }

  down() {
    if (!this.isOver) this.owner.broke(this);
  }

  end() {
    this.isOver = true;
    clearTimeout(this.deadline);
    this.pc.close();
  }
}
