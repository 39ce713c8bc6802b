// This browser's microphone and camera.

const CAMERA = { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 30 } };
const MICROPHONE = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };

/** What to tell a person whose device cannot be opened. */
export function wordsFor(error, device) {
  switch (error.name) {
    case "NotAllowedError": return `This page may not use the ${device}. Allow it in the address bar.`;
    case "NotFoundError": return `No ${device} found.`;
    case "NotReadableError": return `The ${device} is in use by another program.`;
    default: return `The ${device} cannot be used: ${error.message}`;
  }
}

export class LocalMedia {
  constructor() {
    this.microphone = null;
    this.camera = null;
  }

  /** Opens the microphone; a muted one is not opened. */
  async openMicrophone() {
    if (this.microphone) return this.microphone;
    this.microphone = await open({ audio: MICROPHONE }, "audio");
    return this.microphone;
  }

  /** Closes the microphone: not a sample more is taken. */
  closeMicrophone() {
    this.microphone?.stop();
    this.microphone = null;
  }

  async openCamera() {
    if (this.camera) return this.camera;
    this.camera = await open({ video: CAMERA }, "video");
    return this.camera;
  }

  /** Closes the camera: its light goes out. */
  closeCamera() {
    this.camera?.stop();
    this.camera = null;
  }

  close() {
    this.closeMicrophone();
    this.closeCamera();
  }
}

async function open(wanted, kind) {
  if (!navigator.mediaDevices) {
    const error = new Error("open this page over https, or on this machine itself");
    error.name = "InsecureContext";
    throw error;
  }
  const stream = await navigator.mediaDevices.getUserMedia(wanted);
  return stream.getTracks().find((track) => track.kind === kind);
}
