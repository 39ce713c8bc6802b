// Calls on the page: what rings, what is being rung, the call, its end.

import { Problem } from "./api.js";
import { Bar } from "./bar.js";
import { CallView } from "./call.js";
import { elapsed } from "./dom.js";
import { pause } from "./events.js";
import { endPage } from "./pages/end.js";
import { wordsOf } from "./pages/parts.js";
import { Phone } from "./phone.js";
import { Ringer } from "./ringer.js";
import { callerOf, OutgoingView, wordsOfOutcome } from "./ringing.js";
import { Session } from "./session.js";
import { Tones } from "./tones.js";

const RETRY_MS = 1000;
let calls = null;

/** Rings a user or a group ("user", "group") with "video" or "audio"; `name` is what people call them.
 *  What comes of it the page shows. */
export function startCall(receiver, receiverType = "user", callType = "video", name = receiver) {
  return calls.start({ receiver, receiverType, callType, name });
}

export class Calls {
  session = null; // while a call is on, or being entered
  phone = null; // while somebody is signed in
  #outgoing = null; // the view, while this person waits for a call

  /** `app` has show(root, view), showPage(), say(words), signedOut(). */
  constructor(app) {
    calls = this;
    this.app = app;
    this.tones = new Tones(() => this.#look());
    this.ringer = new Ringer(this.tones, {
      answer: (call, withCamera) => this.answer(call, withCamera),
      decline: (call) => this.phone.reject(call.session_id),
      changed: () => this.#look(),
    });
    this.bar = new Bar(this.ringer.alerts, this.tones, {
      takeOver: () => this.#resume(this.phone.takeOver()),
      endElsewhere: () => this.phone.endElsewhere().catch((problem) => this.app.say(wordsOf(problem))),
      changed: () => this.#look(),
    });
    for (const kind of ["pointerdown", "keydown"]) addEventListener(kind, () => this.tones.wake());
    addEventListener("pagehide", () => this.#pageGoes());
  }

  /** From now on this person can ring and be rung here. */
  begin(user) {
    this.finish();
    const phone = new Phone(user);
    this.phone = phone;
    const on = (kind, take) => phone.addEventListener(kind, ({ detail }) => take(detail));
    on("change", () => this.#look());
    on("accepted", (call) => this.#enter(call));
    on("resumed", (call) => this.#resume(call));
    on("over", (call) => this.#over(call));
    on("out", () => this.app.signedOut());
    this.tones.wake();
  }

  /** Nobody is signed in here any more. */
  finish() {
    this.#leaveSession();
    this.#outgoing = null;
    this.phone?.close();
    this.phone = null;
    this.ringer.show([]);
    this.bar.show(null);
  }

  /** Rings, on a page that shows what comes of it. */
  async start(wanted) {
    const { receiver, receiverType, callType, name } = wanted;
    const view = this.#wait({ name }, callType, wanted);
    this.#prepare(callType === "video");
    this.bar.mayAsk();
    try {
      const call = await this.phone.call(receiver, receiverType, callType);
      if (this.#outgoing !== view) await this.phone.cancel(); // given up meanwhile
      else if (call.status === "ongoing") await this.#enter(call); // they were calling, too
      else if (call.status !== "initiated") this.#failed(call.status); // busy, most likely
    } catch (problem) {
      if (this.#outgoing === view) this.#failed(problem.code, wordsOf(problem));
    }
    this.#look();
  }

  /** Answers what rings. */
  async answer(call, withCamera) {
    const caller = callerOf(call);
    this.ringer.silence(); // before the exchange has heard it
    const again = { receiver: caller.uid, receiverType: "user", callType: call.call_type, name: caller.name };
    const view = this.#wait(caller, call.call_type, again);
    view.connecting("Connecting…");
    this.#prepare(withCamera);
    this.bar.mayAsk();
    this.#look();
    try {
      const answered = await this.phone.accept(call.session_id);
      if (this.#outgoing === view) await this.#enter(answered);
      else await this.phone.end(); // given up meanwhile
    } catch (problem) {
      this.ringer.offerAgain(call.session_id);
      if (this.#outgoing === view) this.#failed(problem.code, wordsOf(problem));
    }
  }

  /** Joins a session that does not ring. Raises Problem, whose words the page that asked shows. */
  async join(name, audioOnly) {
    if (this.session) return;
    this.#prepare(!audioOnly);
    const { session } = this;
    try {
      await session.join(name, audioOnly);
    } catch (problem) {
      this.#leaveSession();
      throw problem;
    }
    this.#show(session, { name, again: { words: "Rejoin", go: () => this.join(name, audioOnly) } });
  }

  /** The call was answered, or goes on here: enters its session, however long the exchange is away. */
  async #enter(call) {
    const { session } = this;
    this.#outgoing?.connecting("Connecting…");
    this.tones.play(null);
    while (this.session === session) {
      try {
        await session.join(call.session_id, call.call_type === "audio");
        break;
      } catch (problem) {
        if (this.session !== session) return;
        if (!(problem instanceof Problem) || !problem.isPassing) {
          this.phone.end(); // nobody may be left waiting
          this.#failed(problem.code, wordsOf(problem));
          return;
        }
        this.#outgoing?.connecting("The exchange is away. Reconnecting…");
      }
      await pause(RETRY_MS);
    }
    if (this.session !== session) session.leave();
    else this.#show(session, { call, name: this.#nameOf(call), again: { words: "Call again", go: () => this.start(this.#again(call)) } });
  }

  /** After a reload, or an absence too long for the session: back to the call. */
  #resume(call) {
    const isRinging = call.status === "initiated";
    const view = this.#wait({ name: this.#nameOf(call) }, call.call_type, this.#again(call));
    this.#prepare(call.call_type === "video");
    if (isRinging) {
      view.calling();
    } else {
      view.connecting("Going back to the call…");
      this.#enter(call);
    }
    this.#look();
  }

  /** The page of one who waits, with a session whose devices may open already. */
  #wait(person, callType, again) {
    const view = new OutgoingView(person, callType, {
      cancel: () => this.#giveUp(),
      again: () => this.start(again),
      back: () => this.#goHome(),
    });
    this.#outgoing = view;
    this.app.show(view.root, { leave: () => {
      view.showOwn(null);
      if (this.#outgoing === view) this.#outgoing = null;
    } });
    return view;
  }

  #prepare(withCamera) {
    this.#leaveSession();
    const session = new Session();
    this.session = session;
    session.addEventListener("words", ({ detail }) => this.app.say(detail));
    session.prepare(withCamera).then(() => {
      if (this.session === session) this.#outgoing?.showOwn(session.media.camera);
    });
  }

  #show(session, { call = null, name, again }) {
    this.#outgoing = null;
    const awaited = call && name;
    const view = new CallView(session, { name, awaited, tones: this.tones, end: () => this.#hangUp(session) });
    this.app.show(view.root, view);
    const look = () => {
      if (session.hasEnded && this.session === session) this.#ended(session, call, name, again);
    };
    session.addEventListener("change", look);
    look();
    this.#look();
  }

  #hangUp(session) {
    this.phone.end(); // told until it is heard
    session.leave();
  }

  #ended(session, call, name, again) {
    this.session = null;
    const { ended: reason } = session;
    if (call && reason === "connection_lost" && this.phone.own?.session_id === call.session_id) {
      this.#resume(this.phone.own);
      return;
    }
    if (call && this.phone.own?.session_id === call.session_id) this.phone.letGo(reason === "replaced");
    const lasted = elapsed(Date.now() - session.started);
    const isFinal = reason === "removed" || reason === "replaced";
    this.app.show(endPage(this.app, { name, reason, lasted, again: isFinal ? null : again }, () => this.#goHome()));
    this.#look();
  }

  /** The own call is over by what others did, or by time. */
  #over(call) {
    if (this.#outgoing) this.#failed(call.status, null, this.#nameOf(call));
    else this.session?.end("remote_end");
    this.#look();
  }

  #failed(why, words = null, name = this.#outgoing?.person.name) {
    this.#leaveSession();
    this.#outgoing?.failed(wordsOfOutcome(why, name) ?? words ?? `The call with ${name} is over.`);
    this.tones.play(null);
    this.#look();
  }

  #giveUp() {
    this.#leaveSession();
    this.phone.cancel();
    this.#goHome();
  }

  #goHome() {
    this.#outgoing = null;
    this.app.showPage();
    this.#look();
  }

  #leaveSession() {
    const { session } = this;
    this.session = null;
    session?.leave();
  }

  #look() {
    const { phone } = this;
    if (!phone) return;
    this.ringer.show([...phone.ringing.values()], this.#outgoing && phone.own?.status === "initiated");
    this.bar.show(phone);
  }

  /** A session that rings goes on for a while, so that a page that is loaded anew is back in it. */
  #pageGoes() {
    if (this.session && !this.phone?.own) this.session.leave();
  }

  /** Whom the call is with, in words. */
  #nameOf(call) {
    if (call.receiver_type === "group") return call.receiver_name;
    const other = call.parties.find(({ user }) => user.uid !== this.phone.user.uid);
    return other?.user.name ?? call.receiver_name;
  }

  #again(call) {
    const isGroup = call.receiver_type === "group";
    const other = call.parties.find(({ user }) => user.uid !== this.phone.user.uid);
    return { receiver: isGroup ? call.receiver : other.user.uid, receiverType: call.receiver_type,
      callType: call.call_type, name: this.#nameOf(call) };
  }
}
