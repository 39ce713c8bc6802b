// Requests to the exchange. A refusal is thrown as a Problem, whose message is for the person.

const API = "/api/v1";

export class Problem extends Error {
  constructor(code, message, status) {
    super(message);
    this.code = code;
    this.status = status;
  }
}

/** One request; `secret` is a membership's resume secret, without it the cookie counts. */
export async function ask(method, path, { body, secret, keepalive = false, signal } = {}) {
  const headers = { "X-Callbox": "1" };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (secret) headers["Authorization"] = `Bearer ${secret}`;
  let answer;
  try {
    answer = await fetch(API + path, {
      method, headers, keepalive, signal, body: body === undefined ? undefined : JSON.stringify(body),
    });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem("unreachable", "The exchange does not answer. Check the network.", 0);
  }
  if (answer.ok) return answer.status === 204 ? null : answer.json();
  const problem = await answer.json().catch(() => ({}));
  throw new Problem(problem.code ?? "error", problem.message ?? "The exchange refused.", answer.status);
}

/** The event stream's answer, from after event number `after` on. */
export async function openEvents(secret, after, signal) {
  const headers = { Authorization: `Bearer ${secret}`, "Last-Event-ID": String(after) };
  const answer = await fetch(`${API}/session/events`, { headers, signal, cache: "no-store" });
  if (answer.ok) return answer.body;
  const problem = await answer.json().catch(() => ({}));
  throw new Problem(problem.code ?? "error", problem.message ?? "", answer.status);
}
