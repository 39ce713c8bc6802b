// Notifications of what rings, for when this page is not in front; through the service worker, which
// also makes the page installable.

const SCRIPT = "/sw.js";
const ACTIONS = [{ action: "answer", title: "Answer" }, { action: "decline", title: "Decline" }];

export class Alerts {
  #worker = null; // ServiceWorkerRegistration
  #shown = new Map(); // call's id -> its Notifications; none while it is being shown

  /** `on` has isRinging(id) and chosen(action, id): "answer", "decline" or "" (only looked at), from a
   *  notification. */
  constructor(on) {
    this.on = on;
    this.#register();
  }

  async #register() {
    const { serviceWorker } = navigator;
    if (!serviceWorker) return;
    serviceWorker.addEventListener("message", ({ data: { action, id }, ports: [reply] }) => {
      if (reply) reply.postMessage(this.on.isRinging(id));
      else this.on.chosen(action, id);
    });
    try {
      await serviceWorker.register(SCRIPT, { updateViaCache: "none" });
      this.#worker = await serviceWorker.ready;
    } catch (error) {
      console.warn("no service worker:", error.message); // a private window; the page works without
    }
  }

  /** Whether the person has yet to say if they want notifications. */
  get canAsk() {
    return globalThis.Notification?.permission === "default";
  }

  /** Within a touch. */
  ask() {
    return Notification.requestPermission();
  }

  async show(id, title, body) {
    if (globalThis.Notification?.permission !== "granted" || document.hasFocus()) return;
    const options = { body, tag: id, icon: "/web/icons/192.png", requireInteraction: true, data: { id } };
    this.#shown.set(id, []);
    const made = await this.#make(id, title, options);
    if (this.#shown.has(id)) this.#shown.set(id, made);
    else made.forEach((each) => each.close()); // it rings no more
  }

  async #make(id, title, options) {
    if (this.#worker) {
      await this.#worker.showNotification(title, { ...options, actions: ACTIONS });
      return this.#worker.getNotifications({ tag: id });
    }
    const made = new Notification(title, options);
    made.addEventListener("click", () => {
      focus();
      this.on.chosen("", id);
    });
    return [made];
  }

  /** At once, as this page may be going; then what was left by a page that could not. */
  async close(id) {
    this.#shown.get(id)?.forEach((each) => each.close());
    this.#shown.delete(id);
    for (const left of (await this.#worker?.getNotifications({ tag: id })) ?? []) left.close();
  }

  closeAll() {
    for (const id of [...this.#shown.keys()]) this.close(id);
  }
}
