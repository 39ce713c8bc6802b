// This browser's microphone and camera. What is off is closed: no sample is taken, no light is on.

const CAMERA = { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 30 } };
const MICROPHONE = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };
const INPUTS = { microphone: ["audio", MICROPHONE], camera: ["video", CAMERA] };
const KINDS = { camera: "videoinput", microphone: "audioinput", speaker: "audiooutput" };
const SPEAKER = "speaker";
const isPhone = matchMedia("(pointer: coarse)"); // whose cameras look two ways

/** What there is: {camera, microphone, speaker}, each a list of MediaDeviceInfo. */
export async function deviceLists() {
  const found = (await navigator.mediaDevices?.enumerateDevices()) ?? [];
  const canPlayOn = "setSinkId" in HTMLMediaElement.prototype;
  return Object.fromEntries(Object.entries(KINDS).map(([device, kind]) => (
    [device, device === SPEAKER && !canPlayOn ? [] : found.filter((each) => each.kind === kind && each.deviceId)])));
}

/** The loudspeaker that was chosen on this machine; empty: the system's. */
export function speakerId() {
  return localStorage.getItem(SPEAKER) ?? "";
}

export function keepSpeaker(id) {
  localStorage.setItem(SPEAKER, id);
}

/** What to tell a person whose device ("microphone" or "camera") cannot be opened. */
export function wordsFor(error, device) {
  switch (error.name) {
    case "NotAllowedError":
      return `This page may not use the ${device}. Allow it beside the address, then try again.`;
    case "NotFoundError":
      return `No ${device} found. The call goes on without it.`;
    case "NotReadableError":
    case "AbortError":
      return `The ${device} is in use by another program. Close that one, then try again.`;
    default:
      return `The ${device} cannot be used: ${error.message}`;
  }
}

export class LocalMedia {
  /** `lost(device)` hears of a device that went away by itself. */
  constructor(lost) {
    this.lost = lost;
    this.microphone = null;
    this.camera = null;
    this.facing = "user";
    this.isClosed = false;
  }

  /** The id of the open "microphone" or "camera", or of the one chosen on this machine. */
  idOf(device) {
    return this[device]?.getSettings().deviceId ?? localStorage.getItem(device);
  }

  /** From the next opening on. */
  choose(device, id) {
    localStorage.setItem(device, id);
  }

  /** From the next opening on the other side's camera. */
  flip() {
    this.facing = this.facing === "user" ? "environment" : "user";
  }

  get canFlip() {
    return isPhone.matches && this.camera !== null;
  }

  /** Whether the open camera looks away from the person. */
  get isRear() {
    return this.camera?.getSettings().facingMode === "environment";
  }

  wish(device) {
    const [kind, wanted] = INPUTS[device];
    const id = localStorage.getItem(device);
    if (device === "camera" && isPhone.matches) return { [kind]: { ...wanted, facingMode: { ideal: this.facing } } };
    return { [kind]: id ? { ...wanted, deviceId: { exact: id } } : wanted };
  }

  /** Opens what is closed of `devices`. One question to the person if both can be had; else what
   *  can be. Returns the errors, by device. */
  async open(...devices) {
    const closed = devices.filter((device) => !this[device]);
    if (!closed.length) return {};
    try {
      this.keep(await capture(Object.assign({}, ...closed.map((device) => this.wish(device)))));
      return {};
    } catch (error) {
      if (error.name === "OverconstrainedError" && this.forget(closed)) return this.open(...closed);
      if (closed.length === 1) return { [closed[0]]: error };
    }
    const errors = {};
    for (const device of closed) Object.assign(errors, await this.open(device));
    return errors;
  }

  /** The chosen one is not there any more: any other will do. Whether one had been chosen. */
  forget(devices) {
    const chosen = devices.filter((device) => localStorage.getItem(device));
    for (const device of chosen) localStorage.removeItem(device);
    return chosen.length > 0;
  }

  keep(stream) {
    for (const track of stream.getTracks()) {
      const device = track.kind === "audio" ? "microphone" : "camera";
      if (this.isClosed) {
        track.stop(); // the call ended while the person was asked
        continue;
      }
      this[device] = track;
      track.addEventListener("ended", () => {
        if (this[device] !== track) return;
        this[device] = null;
        this.lost(device);
      });
    }
  }

  stop(device) {
    this[device]?.stop();
    this[device] = null;
  }

  close() {
    this.isClosed = true;
    this.stop("microphone");
    this.stop("camera");
  }
}

async function capture(wanted) {
  if (navigator.mediaDevices) return navigator.mediaDevices.getUserMedia(wanted);
  throw new Error("open this page over https, or on this machine itself.");
}
