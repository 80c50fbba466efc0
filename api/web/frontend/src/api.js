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

const token = () => document.querySelector('meta[name="csrf-token"]')?.content || "";

export async function call(method, url, body, attempt, version) {
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
  if (answer.ok) document.dispatchEvent(new Event("beiyu:used"));
  if (!answer.ok) throw new Problem(answer.status, await answer.json().catch(() => ({})));
  if (answer.status === 204) return null;
  const kind = answer.headers.get("Content-Type") || "";
  return kind.includes("json") ? answer.json() : answer.blob();
}
