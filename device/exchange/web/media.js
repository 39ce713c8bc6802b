// This browser's microphone and camera. What is off is closed: no sample is taken, no light is on.

const CAMERA = { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 30 } };
const MICROPHONE = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };
const WANTED = { microphone: { audio: MICROPHONE }, camera: { video: CAMERA } };

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
    this.isClosed = false;
  }

  /** Opens what is closed of `devices`. One question to the person if both can be had; else what
   *  can be. Returns the errors, by device. */
  async open(...devices) {
    const closed = devices.filter((device) => !this[device]);
    if (!closed.length) return {};
    try {
      this.keep(await capture(Object.assign({}, ...closed.map((device) => WANTED[device]))));
      return {};
    } catch (error) {
      if (closed.length === 1) return { [closed[0]]: error };
    }
    const errors = {};
    for (const device of closed) Object.assign(errors, await this.open(device));
    return errors;
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
