// The service worker: it carries a choice from a notification to the page. It has no cache and takes no
// request, so that what a browser runs is always what the exchange serves.
//
// Version 1. The browser compares this file with every visit, and a new one takes over at once.

addEventListener("install", () => skipWaiting());
addEventListener("activate", (event) => event.waitUntil(clients.claim()));

addEventListener("notificationclick", (event) => {
  const { action, notification } = event;
  notification.close();
  event.waitUntil(carry(action, notification.data.id));
});

async function carry(action, id) {
  const pages = await clients.matchAll({ type: "window", includeUncontrolled: true });
  if (!pages.length) {
    await clients.openWindow("/"); // it rings there, if it still rings
    return;
  }
  const [latest] = pages; // the one that was in front last; the others would answer, too
  // A browser may keep a page behind; the choice counts all the same.
  if (action !== "decline") await latest.focus().catch(() => null);
  latest.postMessage({ action, id });
}
