// What rings, synthesised: a soft ring with a slow attack, another for who waits, and short tones.

const RATE = 24000;
const ATTACK_S = 0.12;
const SHORT_ATTACK_S = 0.01;
const FADE_S = 0.03;

/** {seconds until it comes again, [[starts at s, lasts s, Hz], …]} */
const RINGS = {
  ring: { every_s: 3.2, notes: [[0, 1.1, 659], [0, 1.1, 988], [0.55, 1.5, 523], [0.55, 1.5, 784]] },
  ringback: { every_s: 4, notes: [[0, 1.3, 392], [0, 1.3, 494]] },
};
const SHORT_S = 0.2;
const SHORT = { off: [[0, 0.07, 494], [0.07, 0.09, 370]], on: [[0, 0.07, 370], [0.07, 0.09, 494]] };
const LOUDNESS = 0.22;

export class Tones {
  /** What goes on until stopped: "ring", "ringback" or null. */
  playing = null;
  #context = null;
  #isAllowed = false;
  #source = null;
  #gain = null;

  /** `changed()` is called when the browser lets it play at last. */
  constructor(changed) {
    this.changed = changed;
  }

  /** Whether the browser wants a touch before it plays. */
  get isBlocked() {
    return this.#context !== null && !this.#isAllowed;
  }

  /** Within a touch: from now on it may play. Without one the browser decides. */
  wake() {
    if (!this.#context) {
      this.#context = new AudioContext({ sampleRate: RATE });
      this.#context.addEventListener("statechange", () => this.#look());
      this.#look();
    }
    if (!this.#isAllowed) this.#context.resume();
  }

  /** Goes on with `name` alone; null: silence, at once. */
  play(name) {
    if (this.playing === name) return;
    this.playing = name;
    this.#silence();
    if (!name) return;
    const { every_s: seconds, notes } = RINGS[name];
    this.#source = this.#start(notes, seconds, ATTACK_S);
    this.#source.loop = true;
  }

  /** A short tone: the microphone went "on" or "off". */
  tick(name) {
    if (this.#isAllowed) this.#start(SHORT[name], SHORT_S, SHORT_ATTACK_S);
  }

  #start(notes, seconds, attack_s) {
    this.wake();
    this.#context.resume();
    const source = new AudioBufferSourceNode(this.#context, { buffer: draw(notes, seconds, attack_s) });
    this.#gain = new GainNode(this.#context, { gain: LOUDNESS });
    source.connect(this.#gain).connect(this.#context.destination);
    source.addEventListener("ended", () => { if (!this.playing) this.#context.suspend(); });
    source.start();
    return source;
  }

  #silence() {
    if (!this.#source) return;
    const now = this.#context.currentTime;
    this.#gain.gain.setTargetAtTime(0, now, FADE_S / 3);
    this.#source.stop(now + FADE_S);
    this.#source = null;
  }

  #look() {
    if (this.#isAllowed || this.#context.state !== "running") return;
    this.#isAllowed = true;
    if (!this.playing) this.#context.suspend(); // it holds the loudspeaker open
    this.changed();
  }
}

function draw(notes, seconds, attack_s) {
  const buffer = new AudioBuffer({ length: Math.round(seconds * RATE), sampleRate: RATE });
  const samples = buffer.getChannelData(0);
  for (const [at_s, lasts_s, hz] of notes) {
    const first = Math.round(at_s * RATE);
    for (let n = 0; n < lasts_s * RATE && first + n < samples.length; n += 1) {
      const t = n / RATE;
      const rise = t < attack_s ? 0.5 - 0.5 * Math.cos((Math.PI * t) / attack_s) : 1;
      const fall = (1 - t / lasts_s) ** 2;
      samples[first + n] += 0.4 * rise * fall * Math.sin(2 * Math.PI * hz * t);
    }
  }
  return buffer;
}
