// What rings here and which call this tab is in. No page: calls.js shows it.

import { ask, Problem } from "./api.js";
import { Line } from "./line.js";
import { insist } from "./outbox.js";

const INSIST_MS = 60000; // by then the exchange has given the call up itself
const OVER = new Set(["rejected", "busy", "cancelled", "unanswered", "ended"]);

/** Tells "change" (look again) and, with a CallItem as detail: "accepted" (the own call was answered),
 *  "over" (the own call is), "resumed" (this tab was in it before a reload). "out": the account is
 *  refused. */
export class Phone extends EventTarget {
  ringing = new Map(); // session_id -> CallItem, the oldest first
  own = null; // the call that this tab makes or is in
  elsewhere = null; // the call that this person is in with another tab or device
  #line;
  #early = null; // session_id -> what is heard of a call before the exchange's answer to it
  #isUnheard = false; // whether the exchange may have a call of this tab that it could not tell of
  #withdrawing = null; // a promise, while it is given up

  constructor(user) {
    super();
    this.user = user;
    this.#line = new Line(user.kind !== "visitor");
    this.#line.addEventListener("up", ({ detail }) => this.#up(detail));
    this.#line.addEventListener("news", ({ detail }) => this.#news(detail));
    for (const kind of ["lost", "restored"]) this.#line.addEventListener(kind, () => this.#tell("change"));
    this.#line.addEventListener("out", () => this.#tell("out"));
    this.#line.run();
  }

  /** Whether this tab can ring and be rung. */
  get isUp() {
    return this.#line.isUp;
  }

  get isLost() {
    return this.#line.isLost;
  }

  /** Why the exchange will not have this device, in words; empty: it has it, or is away. */
  get refusal() {
    return this.#line.refusal;
  }

  close() {
    this.#line.stop();
  }

  /** Rings. Answers at once where the other rings this person. Raises Problem. */
  async call(receiver, receiverType, callType) {
    if (this.#isUnheard) await this.#withdraw();
    const body = { receiver, receiver_type: receiverType, call_type: callType, device_id: this.#line.deviceId };
    const early = new Map();
    this.#early = early;
    let call;
    try {
      call = await ask("POST", "/calls", { body });
    } catch (problem) {
      if (problem instanceof Problem && problem.isPassing) this.#withdrawUnheard();
      throw problem;
    } finally {
      if (this.#early === early) this.#early = null;
    }
    const known = early.get(call.session_id) ?? call;
    this.own = OVER.has(known.status) ? null : known;
    this.#stop(known.session_id); // they were calling, too
    this.#tell("change");
    return known;
  }

  /** Answers. Raises Problem: answered elsewhere, or over. */
  async accept(id) {
    const body = { device_id: this.#line.deviceId };
    try {
      this.own = await ask("POST", `/calls/${id}/accept`, { body });
    } catch (problem) {
      if (!(problem instanceof Problem && problem.isPassing)) this.#stop(id);
      throw problem;
    }
    this.#stop(id);
    return this.own;
  }

  /** Stops ringing here at once, whatever the exchange says. Ends it if the exchange has an answer of
   *  this tab's that it could not tell of. */
  async reject(id) {
    const body = { device_id: this.#line.deviceId, reason: "rejected" };
    this.#stop(id);
    const problem = await told(`/calls/${id}/reject`, body);
    if (problem?.code === "call_answered") await told(`/calls/${id}/end`);
  }

  /** Gives up the own call, or ends it if it was answered just now. */
  async cancel() {
    if (!this.own) return;
    const { session_id: id } = this.own;
    this.own = null;
    await giveUp(id);
  }

  /** Leaves the own call. */
  async end() {
    if (!this.own) return;
    const { session_id: id } = this.own;
    this.own = null;
    await told(`/calls/${id}/end`);
  }

  /** The own call goes on at another tab or device, or without this person. */
  letGo(isElsewhere) {
    const call = this.own;
    this.own = null;
    if (isElsewhere) this.#setElsewhere(call);
  }

  /** Takes the call that is on another tab or device to this one. */
  takeOver() {
    this.own = this.elsewhere;
    this.#setElsewhere(null);
    return this.own;
  }

  /** Ends the call that is on another tab or device. Raises Problem. */
  async endElsewhere() {
    await ask("DELETE", "/calls/active");
    this.#setElsewhere(null);
  }

  /** The exchange may have made the call, and nobody would be there for who answers it. */
  #withdrawUnheard() {
    this.#isUnheard = true;
    insistFor(() => this.#withdraw(), () => this.#isUnheard).then(() => { this.#isUnheard = false; });
  }

  /** Raises Problem: the exchange could not be asked. */
  #withdraw() {
    this.#withdrawing ??= this.#giveUpUnheard().finally(() => { this.#withdrawing = null; });
    return this.#withdrawing;
  }

  /** Not what this person is in with another device: that goes on. */
  async #giveUpUnheard() {
    const { call } = await ask("GET", "/calls/active");
    if (call && this.#isHere(call) && call.session_id !== this.own?.session_id) await giveUp(call.session_id);
    this.#isUnheard = false;
  }

  #up({ ringing, active }) {
    const rings = new Set(ringing.map((call) => call.session_id));
    for (const id of [...this.ringing.keys()]) if (!rings.has(id)) this.#stop(id);
    for (const call of ringing) this.ringing.set(call.session_id, call);
    this.#take(active);
    this.#tell("change");
  }

  /** How the exchange sees this person's call, after a reload or a long absence. */
  #take(active) {
    if (this.own && active?.session_id !== this.own.session_id) this.#over({ ...this.own, status: "ended" });
    const isHere = active && this.#isHere(active);
    if (isHere && !this.own) {
      if (this.#isUnheard) return; // it is being given up
      this.own = active;
      this.#tell("resumed", active);
    } else if (isHere && this.own.status === "initiated" && active.status === "ongoing") {
      this.#answered(active);
    }
    this.#setElsewhere(active && !isHere && active.session_id !== this.own?.session_id ? active : null);
  }

  #me(call) {
    return call.parties.find(({ user }) => user.uid === this.user.uid) ?? {};
  }

  #isHere(call) {
    return this.#me(call).device_id === this.#line.deviceId;
  }

  #news({ name, call }) {
    const id = call.session_id;
    if (this.own?.session_id === id) {
      if (name !== "incoming") this.#ownNews(call); // they were calling, too
    } else if (name === "incoming") {
      this.ringing.set(id, call);
    } else if (this.ringing.has(id) && !(name === "accepted" || name === "left")) {
      this.#stop(id);
    } else if (OVER.has(call.status) && this.elsewhere?.session_id === id) {
      this.#setElsewhere(null);
    }
    if (name !== "incoming") this.#early?.set(id, call);
    if (name === "answered_elsewhere" && call.status === "ongoing" && this.#me(call).standing === "joined") {
      this.#setElsewhere(call);
    }
    this.#tell("change");
  }

  #ownNews(call) {
    const wasRinging = this.own.status === "initiated";
    this.own = call;
    if (OVER.has(call.status)) this.#over(call);
    else if (wasRinging && call.status === "ongoing") this.#answered(call);
  }

  #answered(call) {
    this.own = call;
    this.#tell("accepted", call);
  }

  #over(call) {
    this.own = null;
    this.#tell("over", call);
  }

  #stop(id) {
    if (this.ringing.delete(id)) this.#tell("change");
  }

  #setElsewhere(call) {
    this.elsewhere = call;
    this.#tell("change");
  }

  #tell(kind, detail) {
    this.dispatchEvent(new CustomEvent(kind, { detail }));
  }
}

/** Cancels a call, or ends it if it was answered just now. */
async function giveUp(id) {
  const problem = await told(`/calls/${id}/cancel`);
  if (problem?.code === "call_answered") await told(`/calls/${id}/end`);
}

/** Nothing may be left ringing. The refusal, if any; else null. */
function told(path, body) {
  return insistFor(() => ask("POST", path, { body, keepalive: true }));
}

/** Until the exchange has heard it, or has given the call up itself. */
function insistFor(send, goesOn = () => true) {
  const until = Date.now() + INSIST_MS;
  return insist(send, () => goesOn() && Date.now() <= until);
}
