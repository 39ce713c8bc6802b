// The people of a call on the screen, in the layout that the person chose.

import { el } from "./dom.js";
import { Tile } from "./tile.js";

/** Layouts by name, in the words of their buttons. */
export const LAYOUTS = { grid: "Grid", spotlight: "Spotlight", single: "Single" };
const KEY = "layout";
const STAYS_MS = 2000; // before another who speaks is shown large

export class Stage {
  root = el("div.tiles");
  #tiles = new Map(); // uid -> Tile
  #large = null; // uid of who is shown large, and whether by choice
  #isChosen = false;
  #since = 0;

  /** What the person chose; before they do it is by how many there are. */
  get layout() {
    return localStorage.getItem(KEY) ?? (this.#tiles.size > 2 ? "grid" : "spotlight");
  }

  set layout(name) {
    localStorage.setItem(KEY, name);
    this.#arrange();
  }

  /** The tile that is shown large, or the only one. */
  get large() {
    return this.#tiles.get(this.#large);
  }

  /** `people` as Tile has them, the own one last. */
  show(people, audioOnly) {
    for (const [uid, tile] of this.#tiles) {
      if (people.some(({ user }) => user.uid === uid)) continue;
      tile.close();
      this.#tiles.delete(uid);
    }
    const own = people.at(-1).user.uid;
    for (const person of people) {
      const { uid } = person.user;
      if (!this.#tiles.has(uid)) {
        const tile = new Tile(person);
        tile.root.addEventListener("click", () => this.choose(uid));
        this.root.insertBefore(tile.root, this.#tiles.get(own)?.root ?? null);
        this.#tiles.set(uid, tile);
      }
      this.#tiles.get(uid).show(person, audioOnly);
    }
    if (!this.#tiles.has(this.#large) || (this.#large === own && !this.#isChosen)) {
      this.#large = people[0].user.uid;
      this.#isChosen = false;
    }
    this.#arrange();
  }

  /** This one large from now on. */
  choose(uid) {
    this.#large = uid;
    this.#isChosen = true;
    this.#arrange();
  }

  /** The next one large. */
  chooseNext() {
    const uids = [...this.#tiles.keys()];
    this.choose(uids[(uids.indexOf(this.#large) + 1) % uids.length]);
  }

  /** Rings the one who speaks, who is shown large unless somebody was chosen. */
  showSpeaking(uid, isSpeaking) {
    this.#tiles.get(uid)?.showSpeaking(isSpeaking);
    const now = Date.now();
    if (!isSpeaking || this.#isChosen || uid === this.#large || now - this.#since < STAYS_MS) return;
    this.#large = uid;
    this.#since = now;
    this.#arrange();
  }

  close() {
    this.#tiles.forEach((tile) => tile.close());
  }

  #arrange() {
    const count = this.#tiles.size;
    const { layout } = this;
    let shown = { grid: "many", spotlight: count > 2 ? "strip" : "spotlight", single: "alone" }[layout];
    if (count === 1) shown = "alone";
    this.root.dataset.layout = shown;
    this.root.dataset.count = count;
    for (const [uid, tile] of this.#tiles) {
      tile.root.classList.toggle("large", uid === this.#large);
      tile.root.classList.toggle("hidden", shown === "alone" && uid !== this.#large);
    }
  }
}
