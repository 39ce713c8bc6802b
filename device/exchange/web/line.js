// This tab's line at the exchange: registered as a device, and told what rings.

import { ask, Problem } from "./api.js";
import { EventReader, pause } from "./events.js";
import { Outbox } from "./outbox.js";
import { peace } from "./peace.js";

const KEY = "device";
const RETRY_MS = 1000;
const LOCK_WITHIN_MS = 1000; // a page that is being reloaded lets go within that

/** Tells "up" (detail: how things stand; what was known before is void), "news" (detail: {name, call,
 *  by}), "lost", "restored", "out" (the account is refused). */
export class Line extends EventTarget {
  deviceId = null;
  isUp = false;
  isLost = false;
  refusal = ""; // in words, while the exchange will not have this device
  #stopped = new AbortController();
  #reader = null;
  #outbox = new Outbox(null, () => {}); // refused: this device is to register anew, and says it again

  /** `canBeRung`: a visitor cannot. */
  constructor(canBeRung) {
    super();
    this.canBeRung = canBeRung;
    peace.addEventListener("change", () => this.#sayPeace(), { signal: this.#stopped.signal });
  }

  /** Registers and listens, over any number of broken connections, until stopped or out. */
  async run() {
    const { signal } = this.#stopped;
    this.deviceId = await ownDeviceId(signal);
    while (!signal.aborted) {
      try {
        const standing = await ask("PUT", `/devices/${this.deviceId}`);
        if (signal.aborted) return;
        this.isUp = true;
        this.#setLost(false);
        this.#tell("up", standing);
        this.#sayPeace();
        await this.#listen(standing.after);
      } catch (problem) {
        if (signal.aborted || !(problem instanceof Problem)) return;
        if (problem.status === 401) {
          this.#tell("out");
          return;
        }
        this.#setLost(true, problem.isPassing ? "" : problem.message);
      }
      await pause(RETRY_MS);
    }
  }

  stop() {
    this.#stopped.abort();
    this.#reader?.stop();
    this.#outbox.close();
  }

  /** A device that registers is not known to want peace. */
  #sayPeace() {
    if (!this.canBeRung || !this.deviceId) return;
    this.#outbox.put("PUT", `/devices/${this.deviceId}/do-not-disturb`, () => ({ on: peace.isOn }));
  }

  /** Until the exchange knows this device no more. Raises Problem where it refuses the account. */
  async #listen(after) {
    let refused = null;
    this.#reader = new EventReader(`/devices/${this.deviceId}/events`, null, {
      event: (name, data) => {
        if (name === "removed") this.#reader.stop();
        else this.#tell("news", { name, ...data });
      },
      lost: () => this.#setLost(true),
      restored: () => this.#setLost(false),
      out: (problem) => { refused = problem; },
    }, after);
    await this.#reader.run();
    if (refused?.status === 401) throw refused;
  }

  #setLost(isLost, refusal = "") {
    if (this.isLost === isLost && this.refusal === refusal) return;
    Object.assign(this, { isLost, refusal });
    this.isUp = !isLost;
    this.#tell(isLost ? "lost" : "restored");
  }

  #tell(kind, detail) {
    this.dispatchEvent(new CustomEvent(kind, { detail }));
  }
}

/** The same after a reload. A tab that was duplicated has the first one's, and takes a new one. */
async function ownDeviceId(signal) {
  const known = sessionStorage.getItem(KEY);
  if (known && (await hold(known, signal))) return known;
  const made = `web-${[...crypto.getRandomValues(new Uint8Array(12))].map((byte) => byte.toString(16).padStart(2, "0")).join("")}`;
  sessionStorage.setItem(KEY, made);
  await hold(made, signal);
  return made;
}

/** Whether no other tab has it; held until this page goes or the line is stopped. */
function hold(deviceId, stopped) {
  if (!navigator.locks) return Promise.resolve(true);
  return new Promise((done) => {
    navigator.locks.request(`device ${deviceId}`, { signal: AbortSignal.timeout(LOCK_WITHIN_MS) }, () => {
      done(true);
      return new Promise((release) => stopped.addEventListener("abort", release, { once: true }));
    }).catch(() => done(false));
  });
}
