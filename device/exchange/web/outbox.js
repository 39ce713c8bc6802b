// What a member tells the exchange, in order: an offer before its candidates, the newest state last.

import { ask, Problem } from "./api.js";
import { pause } from "./events.js";

const RETRY_MS = 500;

/** Sends while `goesOn()`, until the exchange has heard it. Its refusal, if any; else null. */
export async function insist(send, goesOn) {
  while (goesOn()) {
    try {
      await send();
      return null;
    } catch (problem) {
      if (!(problem instanceof Problem)) throw problem;
      if (!problem.isPassing) return problem;
    }
    await pause(RETRY_MS);
  }
  return null;
}

export class Outbox {
  /** `refused(problem)` hears of what the exchange did not take. */
  constructor(secret, refused) {
    this.secret = secret;
    this.refused = refused;
    this.isClosed = false;
    this.last = Promise.resolve();
  }

  /** Sends after all that was put before; `body` may be a function, asked at the last moment.
   *  While the exchange is away it waits. Resolves once taken, refused or closed. */
  put(method, path, body) {
    this.last = this.last.then(() => this.deliver(method, path, body));
    return this.last;
  }

  async deliver(method, path, body) {
    const send = () => ask(method, path, { body: typeof body === "function" ? body() : body, secret: this.secret });
    const problem = await insist(send, () => !this.isClosed);
    if (problem && !this.isClosed) this.refused(problem);
  }

  close() {
    this.isClosed = true;
  }
}
