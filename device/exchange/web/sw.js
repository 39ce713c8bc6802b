// The service worker: it carries a choice from a notification to the page. It has no cache and takes no
// request, so that what a browser runs is always what the exchange serves.
//
// Version 2. The browser compares this file with every visit, and a new one takes over at once.

const REPLY_WITHIN_MS = 1000; // a page that is not ours, or sleeps, says nothing

addEventListener("install", () => skipWaiting());
addEventListener("activate", (event) => event.waitUntil(clients.claim()));

addEventListener("notificationclick", (event) => {
  const { action, notification } = event;
  notification.close();
  event.waitUntil(carry(action, notification.data.id));
});

/** To the page where it rings; the others of this browser may be signed out, a visitor's, or say so, too. */
async function carry(action, id) {
  const page = await ringingPage(id);
  if (!page) {
    await clients.openWindow("/"); // it rings there, if it still rings
    return;
  }
  // A browser may keep a page behind; the choice counts all the same.
  if (action !== "decline") await page.focus().catch(() => null);
  page.postMessage({ action, id });
}

/** The first to say that it rings there: one alone, as two would both answer. Null: none does. */
async function ringingPage(id) {
  const pages = await clients.matchAll({ type: "window", includeUncontrolled: true });
  return Promise.any(pages.map((page) => new Promise((yes, no) => {
    const { port1: reply, port2: port } = new MessageChannel();
    reply.onmessage = ({ data: isRinging }) => (isRinging ? yes(page) : no());
    setTimeout(no, REPLY_WITHIN_MS);
    page.postMessage({ id }, [port]);
  }))).catch(() => null);
}
