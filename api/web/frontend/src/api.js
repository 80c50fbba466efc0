// The program's own API, from its own pages: JSON both ways, the CSRF token, the attempt id.
import { t } from "./text.js";

// The answer was a refusal: `code`, `detail`, `facts`, `status`.
export class Problem extends Error {
  constructor(status, body) {
    super(body.detail || body.code || String(status));
    this.status = status;
    this.code = body.code || "http." + status;
    this.detail = body.detail || "";
    this.facts = body.facts || {};
  }
}

// Nothing came back: it is not known whether it was done. Sending again with the same attempt id is safe.
export class NoAnswer extends Error {
  constructor() {
    super(t("No answer from the server"));
  }
}

const meta = (name) => document.querySelector(`meta[name="${name}"]`);
const token = () => meta("csrf-token")?.content || "";

// Whoever logged in again in another window goes on here with the new session's token; another person does not.
async function renewed() {
  const me = await fetch("/api/v1/me", { credentials: "same-origin" }).then((answer) => answer.json()).catch(() => ({}));
  if (!me.csrf || me.person?.login !== meta("whose-page")?.content || me.csrf === token()) return false;
  meta("csrf-token").content = me.csrf;
  return true;
}

export async function call(method, url, body, attempt, version, again = false) {
  const headers = { Accept: "application/json" };
  if (method !== "GET") headers["X-CSRF-Token"] = token();
  if (attempt) headers["Idempotency-Key"] = attempt;
  if (version) headers["If-Match"] = `"${version}"`;
  if (body !== undefined && body !== null) headers["Content-Type"] = "application/json";
  let answer;
  try {
    answer = await fetch(url, {
      method,
      headers,
      credentials: "same-origin",
      body: body === undefined || body === null ? undefined : JSON.stringify(body),
    });
  } catch {
    throw new NoAnswer();
  }
  // A page's own address leads whoever is not logged in to the log-in page: that is no answer.
  const led = answer.redirected && new URL(answer.url).pathname === "/login";
  if (answer.ok && !led) document.dispatchEvent(new Event("beiyu:used"));
  if (!answer.ok || led) {
    const problem = led
      ? new Problem(401, { code: "session.required", detail: t("Log in first.") })
      : new Problem(answer.status, await answer.json().catch(() => ({})));
    if (problem.code === "csrf.bad-token" && !again && (await renewed())) return call(method, url, body, attempt, version, true);
    if (problem.code === "session.required") document.dispatchEvent(new Event("beiyu:logged-out"));
    throw problem;
  }
  if (answer.status === 204) return null;
  const kind = answer.headers.get("Content-Type") || "";
  return kind.includes("json") ? answer.json() : answer.blob();
}
