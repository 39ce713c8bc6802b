// A visitor: who has a link, and no account. What the link allows, this tab may do, and no other.

import { actAs, ask } from "./api.js";

const KEY = "visit";

/** The secret in an address such as "#visit=SECRET"; null where it is none of a visitor's. */
export function secretIn(address) {
  return /^#visit=(.+)$/.exec(address)?.[1] ?? null;
}

/** What this tab knows of this link, since the visitor gave a name: {secret, user, receiver,
 *  receiver_type, receiver_name, auth_token}; null: nothing yet. From now on the tab is the visitor's. */
export function remembered(secret) {
  const known = JSON.parse(sessionStorage.getItem(KEY));
  if (known?.secret !== secret) return null;
  actAs(known.auth_token);
  return known;
}

/** Raises Problem. Who is signed in with this browser stays so: the token is for this tab only. */
export async function introduce(secret, name) {
  actAs(null);
  const known = { ...await ask("POST", "/visit", { body: { secret, name }, isApart: true }), secret };
  sessionStorage.setItem(KEY, JSON.stringify(known));
  actAs(known.auth_token);
  return known;
}

export function forget() {
  sessionStorage.removeItem(KEY);
  actAs(null);
}
