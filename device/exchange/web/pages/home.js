// Where one begins: who can be called, and which calls are on.

import { el, icon } from "../dom.js";
import { DirectoryList } from "./directory.js";
import { frame, section } from "./frame.js";
import { field, submits } from "./parts.js";
import { RunningSessions } from "./running.js";

export function homePage(app) {
  const directory = new DirectoryList(app);
  const running = new RunningSessions(app);
  const form = el("form", {},
    field("session", "Join a session by name", { maxlength: 128, autocomplete: "off", spellcheck: "false" }),
    el("div.choice", {},
      el("button.go", { type: "submit", value: "video" }, icon("video"), "Video"),
      el("button", { type: "submit", value: "audio" }, icon("phone"), "Audio only")));
  submits(form, (data, kind) => app.join(data.get("session").trim(), kind === "audio"));
  const made = frame(app, "people", "People", directory.root, section("In a call now", running.words, running.list, form));
  made.leave = () => {
    directory.close();
    running.close();
  };
  return made;
}
