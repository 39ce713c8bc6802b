// Links with which a visitor's browser calls somebody, until they expire.

import { ask } from "../api.js";
import { el, icon } from "../dom.js";
import { Listing } from "./listing.js";
import { riskyAction } from "./asking.js";
import { field, select, submits } from "./parts.js";

const WHEN = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
const HOUR_S = 3600;
const LIFETIMES = [[HOUR_S, "One hour"], [24 * HOUR_S, "One day"], [7 * 24 * HOUR_S, "One week"], [30 * 24 * HOUR_S, "30 days"]];

export class VisitorLinks {
  /** `receivers` are [type, id, name], of which the person may choose. */
  constructor(app, receivers) {
    this.app = app;
    this.receivers = receivers;
    this.made = el("div.stack", { role: "status" });
    this.list = new Listing(() => ask("GET", "/links"), ({ links }) => this.rows(links));
    this.parts = [
      el("p.quiet", {}, "Whoever has the link can call until it expires, without an account, and nothing else."),
      this.form(), this.made, this.list.root,
    ];
  }

  form() {
    const many = this.receivers.length > 1;
    const form = el("form", {},
      field("link-name", "Whom or what is it for?", { name: "name", maxlength: 128, autocomplete: "off" }),
      many && select("receiver", "Rings", this.receivers.map(([, , name], at) => [at, name])),
      select("lifetime", "Expires after", LIFETIMES, 24 * HOUR_S),
      el("button.go", { type: "submit" }, icon("link"), "Make a link"));
    return submits(form, async (data) => {
      const [receiver_type, receiver] = this.receivers[Number(data.get("receiver") ?? 0)];
      const expires_at = Math.floor(Date.now() / 1000) + Number(data.get("lifetime"));
      const { url } = await ask("POST", "/links", { body: { receiver_type, receiver, name: data.get("name"), expires_at } });
      form.reset();
      this.showMade(url);
      await this.list.look();
    });
  }

  showMade(url) {
    const input = el("input", { id: "made-link", readonly: true, value: url });
    this.made.replaceChildren(el("div.pane", {},
      el("label", { for: "made-link" }, "The link. It is shown only now."), input,
      el("button", { type: "button", onclick: () => this.copy(input) }, icon("copy"), "Copy")));
    input.focus();
    input.select();
  }

  async copy(input) {
    input.select();
    try {
      await navigator.clipboard.writeText(input.value);
      this.app.say("The link is copied.");
    } catch {
      this.app.say("This browser does not let the page copy. The link is selected: copy it yourself.");
    }
  }

  rows(links) {
    if (!links.length) return [el("p.quiet", {}, "There are no links.")];
    return [el("ul.rows", {}, ...links.map((link) => this.row(link)))];
  }

  row({ link_id: id, name, receiver_type: type, receiver, expires_at: end }) {
    const hasExpired = end * 1000 <= Date.now();
    const known = this.receivers.find(([kind, each]) => kind === type && each === receiver);
    const remove = riskyAction(this.app, [icon("trash-2"), "Delete"], {
      title: `Delete the link “${name}”?`,
      words: "Nobody can call with it any more. A call that is on with it ends at once.",
      yes: "Delete",
    }, async () => {
      await ask("DELETE", `/links/${encodeURIComponent(id)}`);
      this.made.replaceChildren();
      await this.list.look();
      document.querySelector("h1").focus(); // the button has gone with its link
      this.app.say("The link is deleted.");
    }, { "aria-label": `Delete the link ${name}` });
    return el("li", {}, el("div.whole", {}, el("strong", {}, name),
      el("span.quiet", {}, `Rings ${known?.[2] ?? receiver} · ${hasExpired ? "Expired" : "Expires"} ${WHEN.format(end * 1000)}`)), remove);
  }
}
