// Notifications of what rings, for when this page is not in front; through the service worker, which
// also makes the page installable.

const SCRIPT = "/sw.js";
const ACTIONS = [{ action: "answer", title: "Answer" }, { action: "decline", title: "Decline" }];

export class Alerts {
  #worker = null; // ServiceWorkerRegistration
  #shown = new Map(); // call's id -> Notification, where there is no service worker

  /** `chosen(action, id)`: "answer", "decline" or "" (only looked at), from a notification. */
  constructor(chosen) {
    this.chosen = chosen;
    this.#register();
  }

  async #register() {
    const { serviceWorker } = navigator;
    if (!serviceWorker) return;
    serviceWorker.addEventListener("message", ({ data }) => this.chosen(data.action, data.id));
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
    if (this.#worker) {
      await this.#worker.showNotification(title, { ...options, actions: ACTIONS });
      return;
    }
    const made = new Notification(title, options);
    made.addEventListener("click", () => {
      focus();
      this.chosen("", id);
    });
    this.#shown.set(id, made);
  }

  async close(id) {
    this.#shown.get(id)?.close();
    this.#shown.delete(id);
    for (const made of (await this.#worker?.getNotifications({ tag: id })) ?? []) made.close();
  }
}
