// The events of a session or a device, over any number of broken connections: none lost, none twice.

import { openEvents, Problem } from "./api.js";

const RETRY_FIRST_MS = 200;
const RETRY_LONGEST_MS = 3000;
const SILENCE_MS = 12000; // the exchange says something every 5 s

export class EventReader {
  /** Of the stream at `path`, after event number `after`; with `secret`, a membership's, or the cookie.
   *  `on` has event(name, data), lost(), restored(), out(problem): out means nothing more will come. */
  constructor(path, secret, on, after = 0) {
    this.path = path;
    this.secret = secret;
    this.on = on;
    this.last = after;
    this.stopped = new AbortController();
  }

  stop() {
    this.stopped.abort();
  }

  /** Reads until stopped or out. */
  async run() {
    let retryMs = RETRY_FIRST_MS;
    let isLost = false;
    while (!this.stopped.signal.aborted) {
      try {
        await this.readOnce(() => {
          if (isLost) this.on.restored();
          isLost = false;
          retryMs = RETRY_FIRST_MS;
        });
      } catch (error) {
        if (this.stopped.signal.aborted) return;
        if (error instanceof Problem && !error.isPassing) {
          this.on.out(error);
          return;
        }
      }
      if (this.stopped.signal.aborted) return;
      if (!isLost) this.on.lost();
      isLost = true;
      await pause(retryMs * (0.8 + 0.4 * Math.random()));
      retryMs = Math.min(2 * retryMs, RETRY_LONGEST_MS);
    }
  }

  /** One connection, until it ends. A silent one is a dead one. */
  async readOnce(opened) {
    this.connection = new AbortController();
    const abort = () => this.connection.abort();
    this.stopped.signal.addEventListener("abort", abort);
    let silence;
    const heard = () => {
      clearTimeout(silence);
      silence = setTimeout(abort, SILENCE_MS);
    };
    try {
      heard();
      const body = await openEvents(this.path, this.secret, this.last, this.connection.signal);
      opened();
      const reader = body.getReader();
      const decoder = new TextDecoder();
      let rest = "";
      for (;;) {
        const { value, done } = await reader.read();
        if (done) return;
        heard();
        const blocks = (rest + decoder.decode(value, { stream: true })).split("\n\n");
        rest = blocks.pop();
        blocks.forEach((block) => this.take(block));
      }
    } finally {
      clearTimeout(silence);
      this.stopped.signal.removeEventListener("abort", abort);
    }
  }

  take(block) {
    const fields = { event: "message", data: [] };
    for (const line of block.split("\n")) {
      const at = line.indexOf(":");
      if (at <= 0) continue; // a comment, or nothing
      const name = line.slice(0, at);
      const value = line.slice(at + 1).replace(/^ /, "");
      if (name === "data") fields.data.push(value);
      else fields[name] = value;
    }
    const number = Number(fields.id);
    if (!fields.data.length || !(number > this.last)) return;
    this.last = number;
    try {
      this.on.event(fields.event, JSON.parse(fields.data.join("\n")));
    } catch (error) {
      console.error("an event could not be taken:", fields.event, error);
    }
  }
}

export function pause(ms) {
  return new Promise((done) => setTimeout(done, ms));
}
