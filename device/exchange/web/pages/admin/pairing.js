// A code with which a unit gets an account of its own.

import { ask } from "../../api.js";
import { el, elapsed } from "../../dom.js";
import { adminFrame } from "../frame.js";
import { Listing } from "../listing.js";
import { field, submits } from "../parts.js";

const SVG = "http://www.w3.org/2000/svg";
const TICK_MS = 1000;
const QUIET = 4; // modules around a QR code that stay light

export function newUnitPage(app) {
  const made = new PairingPage(app, "Add a unit");
  made.askFor({});
  return made.page;
}

/** For a unit that has an account already. */
export function pairPage(app, uid) {
  const made = new PairingPage(app, `Pair ${uid}`);
  const list = new Listing(async () => {
    const { people } = await ask("GET", "/people");
    return people.find(({ user }) => user.uid === uid)?.user;
  }, (user) => {
    if (user?.kind !== "unit") return [el("p", {}, "There is no such unit any more.")];
    made.askFor(user);
    return [];
  });
  made.body.replaceChildren(list.root);
  return made.page;
}

class PairingPage {
  constructor(app, title) {
    this.body = el("div.stack");
    this.page = adminFrame(app, "admin", title, this.body);
    this.page.leave = () => clearInterval(this.timer);
  }

  askFor({ uid, name }) {
    const form = el("form.narrow", {},
      field("uid", "Short name", { maxlength: 128, value: uid, readonly: Boolean(uid), autocapitalize: "none",
        autocomplete: "off", spellcheck: "false" }, "Letters and digits, such as front-door. It stays."),
      field("name", "Name that others see", { maxlength: 256, value: name, autocomplete: "off" }),
      field("session_id", "Session to join by itself", { maxlength: 128, required: false, autocomplete: "off",
        spellcheck: "false" }, "Empty: none; the unit waits for calls."),
      el("button.go", { type: "submit" }, "Make a pairing code"));
    this.body.replaceChildren(submits(form, async (data) => {
      const wanted = { uid: data.get("uid"), name: data.get("name"), session_id: data.get("session_id") || null };
      this.show(wanted, await ask("POST", "/pairings", { body: wanted }));
    }));
  }

  show(wanted, { code, expires_at: end, link, qr: rows }) {
    const left = el("p.quiet");
    const title = el("h2", { tabindex: -1 }, `Pair ${wanted.name}`);
    const offer = el("div.stack", {},
      el("p", {}, "On the unit, run:"),
      el("p.pane", {}, el("code.link", {}, `sudo callbox enroll ${link}`)),
      el("p", {}, "The same link as a picture, for a phone from which you reach the unit:"),
      qrOf(rows),
      el("p", {}, "Or the code alone, after ", el("code", {}, "callbox enroll --exchange"), " and this exchange's address:"),
      el("p.pairing-code", {}, code),
      left);
    const again = el("button.hidden", { type: "button", onclick: () => this.askFor(wanted) }, "Make a new code");
    const said = el("p", { role: "status" });
    this.body.replaceChildren(title, offer, said, again);
    title.focus();
    const tick = () => {
      const ms = end * 1000 - Date.now();
      left.textContent = `It works once, for another ${elapsed(ms)}.`;
      if (ms > 0) return;
      clearInterval(this.timer);
      offer.remove();
      said.textContent = "The pairing code has expired.";
      again.classList.remove("hidden");
    };
    clearInterval(this.timer);
    this.timer = setInterval(tick, TICK_MS);
    tick();
  }
}

/** `rows` of "0" and "1", which is dark. */
function qrOf(rows) {
  const size = rows.length + 2 * QUIET;
  const picture = document.createElementNS(SVG, "svg");
  const attributes = { viewBox: `${-QUIET} ${-QUIET} ${size} ${size}`, class: "qr", role: "img", "aria-label": "QR code of the pairing link" };
  for (const [name, value] of Object.entries(attributes)) picture.setAttribute(name, value);
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", rows.flatMap((row, y) => [...row].map((dark, x) => (dark === "1" ? `M${x} ${y}h1v1h-1z` : ""))).join(""));
  picture.append(path);
  return picture;
}
