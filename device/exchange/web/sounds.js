// The others' voices, each in an element of its own, apart from the pictures.

import { el } from "./dom.js";
import { keepSpeaker } from "./media.js";

export class Sounds {
  /** `blocked()` is called when the browser wants a touch before it plays sound. `speaker`: the id of
   *  the loudspeaker; empty: the system's. */
  constructor(blocked, speaker) {
    this.blocked = blocked;
    this.speaker = speaker;
    this.elements = new Map(); // uid -> audio element
  }

  /** Plays these streams, {uid: MediaStream or undefined}, and no others. */
  show(streams) {
    for (const uid of [...this.elements.keys()]) {
      if (!streams[uid]) this.drop(uid);
    }
    for (const [uid, stream] of Object.entries(streams)) {
      if (stream) this.play(uid, stream);
    }
  }

  play(uid, stream) {
    let sound = this.elements.get(uid);
    if (sound?.srcObject === stream) return;
    if (!sound) {
      sound = el("audio");
      document.getElementById("sounds").append(sound);
      if (this.speaker) this.direct(sound);
      this.elements.set(uid, sound);
    }
    sound.srcObject = stream;
    this.start(sound);
  }

  /** On this loudspeaker from now on, in later calls too. */
  playOn(speaker) {
    this.speaker = speaker;
    keepSpeaker(speaker);
    for (const sound of this.elements.values()) this.direct(sound);
  }

  /** One that is gone leaves the system's. */
  direct(sound) {
    sound.setSinkId?.(this.speaker).catch((error) => console.warn("that loudspeaker cannot be used:", error.message));
  }

  start(sound) {
    sound.play().catch((error) => {
      if (error.name === "NotAllowedError") this.blocked();
    });
  }

  /** Within a touch: the browser now lets them play. */
  startAll() {
    for (const sound of this.elements.values()) this.start(sound);
  }

  drop(uid) {
    const sound = this.elements.get(uid);
    sound.srcObject = null;
    sound.remove();
    this.elements.delete(uid);
  }

  close() {
    this.show({});
  }
}
