// Requests to the exchange. A refusal is thrown as a Problem, whose message is for the person.

const API = "/api/v1";
const ANSWER_WITHIN_MS = 10000;
const SIGNED_OUT = ["auth_token_empty", "auth_token_refused"];

export class Problem extends Error {
  constructor(code, message, status) {
    super(message);
    this.code = code;
    this.status = status;
  }

  /** Whether the exchange was not there or broke, so that asking again may help. */
  get isPassing() {
    return this.status === 0 || this.status >= 500;
  }
}

/** Tells "signed-out" when the exchange does not know this browser, or not any more. */
export const account = new EventTarget();

let token = null;

/** With this auth token instead of the cookie's, in this tab; null: with the cookie's. */
export function actAs(authToken) {
  token = authToken;
}

/** One request; `secret` is a membership's resume secret, without it the auth token counts. Nobody is
 *  signed in by one that `isApart`, nor does it matter who is. */
export async function ask(method, path, { body, secret, isApart = false, keepalive = false } = {}) {
  const headers = isApart ? {} : headersWith(secret);
  if (body !== undefined) headers["Content-Type"] = "application/json";
  let answer;
  try {
    answer = await fetch(API + path, {
      method,
      headers,
      keepalive,
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
    });
    if (answer.ok) return answer.status === 204 ? null : await answer.json();
  } catch {
    throw new Problem("unreachable", "The exchange does not answer. Check the network.", 0);
  }
  const problem = await refusal(answer);
  if (!secret && SIGNED_OUT.includes(problem.code)) account.dispatchEvent(new Event("signed-out"));
  throw problem;
}

/** The body of the event stream at `path`, from after event number `after` on. */
export async function openEvents(path, secret, after, signal) {
  const headers = { ...headersWith(secret), "Last-Event-ID": String(after) };
  const answer = await fetch(API + path, { headers, signal, cache: "no-store" });
  if (answer.ok) return answer.body;
  throw await refusal(answer);
}

function headersWith(secret) {
  const bearer = secret ?? token;
  return bearer ? { "X-Callbox": "1", Authorization: `Bearer ${bearer}` } : { "X-Callbox": "1" };
}

async function refusal(answer) {
  const problem = await answer.json().catch(() => ({}));
  return new Problem(
    problem.code ?? "error",
    problem.message ?? "The exchange refused. Try again.",
    answer.status,
  );
}
