// Who a person is at a glance: the picture, or the initials where there is none that may be shown.

import { el, initials } from "./dom.js";

/** `kind` as el() has it; `sign` stands for who has no picture. */
export function avatar(kind, { name, avatar: picture }, sign = initials(name)) {
  const made = el(kind, { "aria-hidden": "true" }, sign);
  if (isOwnPicture(picture)) made.append(el("img", { src: picture, alt: "" }));
  return made;
}

/** A picture of this page's own exchange, or one within the address: any other host would learn who looks.
 *  An address is what the browser makes of it, which takes "/\host/" for another host, too. */
function isOwnPicture(picture) {
  if (!picture?.startsWith("/")) return /^data:image\//.test(picture ?? "");
  return el("a", { href: picture }).origin === location.origin;
}
