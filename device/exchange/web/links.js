// The media links of a session, one peer connection for each other participant.
//
// Who came later (higher seq) offers. Both ends always negotiate one audio and one video transceiver,
// both ways; mute, pause and the switch to video only replace a track, so nothing is negotiated twice.

const UP_WITHIN_MS = 15000;

export class Links {
  /** `send(to, link, kind, body)` signals; `on` has track(uid, track), state(uid, words). */
  constructor(iceServers, send, on) {
    this.iceServers = iceServers.map((server) => ({
      urls: server.urls, ...(server.username && { username: server.username, credential: server.credential }),
    }));
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

  connect(uid, weOffer) {
    this.close(uid);
    if (weOffer) this.open(uid, crypto.randomUUID().replaceAll("-", "").slice(0, 16), true).offer();
    else this.on.state(uid, "connecting");
  }

  async signal({ sender, link: name, kind, body }) {
    const link = this.links.get(sender);
    if (kind === "restart") {
      if (link?.weOffer) this.connect(sender, true);
    } else if (kind === "offer") {
      if (link?.weOffer) return; // not their turn
      this.close(sender);
      await this.open(sender, name, false).answer(body);
    } else if (link?.name === name) {
      await link.take(kind, body);
    }
  }

  open(uid, name, weOffer) {
    const link = new Link(this, uid, name, weOffer);
    this.links.set(uid, link);
    this.on.state(uid, "connecting");
    return link;
  }

  /** The link broke: a new one under the same participant. */
  broke(link) {
    if (this.links.get(link.uid) !== link) return;
    if (link.weOffer) return this.connect(link.uid, true);
    link.end();
    this.on.state(link.uid, "lost");
    this.send(link.uid, link.name, "restart", "");
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
    Object.assign(this, { owner, uid, name, weOffer, early: [], isOver: false });
    this.pc = new RTCPeerConnection({ iceServers: owner.iceServers, bundlePolicy: "max-bundle" });
    this.pc.onicecandidate = ({ candidate }) => {
      if (!this.isOver) owner.send(uid, name, "candidate", candidate?.candidate ?? "");
    };
    this.pc.ontrack = ({ track }) => owner.on.track(uid, track);
    this.pc.onconnectionstatechange = () => this.changed();
    this.deadline = setTimeout(() => this.down(), UP_WITHIN_MS);
    if (weOffer) {
      this.senders = {};
      for (const kind of ["audio", "video"]) {
        const transceiver = this.pc.addTransceiver(owner.tracks[kind] ?? kind, { direction: "sendrecv" });
        this.prepare(kind, transceiver);
      }
    }
  }

  prepare(kind, transceiver) {
    this.senders[kind] = transceiver.sender;
    const known = RTCRtpReceiver.getCapabilities?.(kind)?.codecs;
    if (kind === "video" && known && transceiver.setCodecPreferences) {
      const isH264 = (codec) => codec.mimeType.toLowerCase() === "video/h264";
      transceiver.setCodecPreferences([...known.filter(isH264), ...known.filter((codec) => !isH264(codec))]);
    }
  }

  async setTrack(kind, track) {
    await this.senders?.[kind]?.replaceTrack(track);
  }

  async offer() {
    await this.pc.setLocalDescription();
    this.owner.send(this.uid, this.name, "offer", this.pc.localDescription.sdp);
  }

  async answer(sdp) {
    await this.pc.setRemoteDescription({ type: "offer", sdp });
    this.senders = {};
    for (const transceiver of this.pc.getTransceivers()) {
      const kind = transceiver.receiver.track.kind;
      transceiver.direction = "sendrecv";
      this.prepare(kind, transceiver);
      await transceiver.sender.replaceTrack(this.owner.tracks[kind]);
    }
    await this.pc.setLocalDescription();
    this.owner.send(this.uid, this.name, "answer", this.pc.localDescription.sdp);
    await this.takeEarly();
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

  down() {
    if (!this.isOver) this.owner.broke(this);
  }

  end() {
    this.isOver = true;
    clearTimeout(this.deadline);
    this.pc.close();
  }
}
