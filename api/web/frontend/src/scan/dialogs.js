// A question in front of the page. Escape closes it, Enter sends it, and the scan field has the focus afterwards.
import { h, one } from "../dom.js";
import { saying, t } from "../text.js";
import { call, NoAnswer, Problem } from "../api.js";
import { newId } from "../ids.js";

// `fields`: nodes; `send(form, post)`: does it by `post`, and throws what the API threw; `word`: the button. Where `send`
// answers with a text it doubts: that is shown and nothing was done; with false it waits. Without `send` it only shows.
export function openDialog({ name, title, fields, send, word, danger, wide }) {
  const said = h("p", { class: "form-problem", role: "alert", hidden: true });
  const form = h("form", { class: "dialog-form", method: "dialog", autocomplete: "off", novalidate: true },
    h("h2", {}, title), ...fields.filter(Boolean), said,
    h("div", { class: "ask-buttons" },
      send ? h("button", { type: "submit", class: `btn btn-lg ${danger ? "btn-danger" : "btn-primary"}` }, word) : null,
      h("button", { type: "button", class: "btn btn-lg", "data-close": true }, send ? t("Back") : t("Close"))));
  const dialog = h("dialog", { class: `dialog${wide ? " dialog-wide" : ""}`, "data-dialog": name }, form);
  const close = () => dialog.close();
  const post = once();
  one("[data-close]", form).addEventListener("click", close);
  dialog.addEventListener("close", () => {
    dialog.remove();
    one("#scan-input")?.focus();
  });
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (!send || form.dataset.busy) return;
    if (!form.reportValidity()) return;
    form.dataset.busy = "yes";
    try {
      const doubt = await send(form, post);
      if (typeof doubt === "string") said.textContent = doubt;
      said.hidden = typeof doubt !== "string";
      if (doubt !== false && said.hidden) close();
    } catch (error) {
      if (error instanceof Problem) said.textContent = saying(error.code, error.detail);
      else if (error instanceof NoAnswer) said.textContent = t("No answer from the server. Press again: it can only happen once.");
      else throw error;
      said.hidden = false;
    } finally {
      delete form.dataset.busy;
    }
  });
  document.body.append(dialog);
  dialog.showModal();
  (one("input:not([type=radio]):not([type=file]), select, textarea", form) || one("button", form)).focus();
  return dialog;
}

// Calls of one dialog. Pressing again after a dead network has one effect; a refusal is final for its attempt id, so what
// is sent after it is a new attempt; and of two steps the one that is done is not done again for the other's sake.
function once() {
  const attempts = new Map();
  const done = new Map();
  return async (url, body) => {
    const sent = JSON.stringify([url, body]);
    if (done.has(sent)) return done.get(sent);
    if (!attempts.has(sent)) attempts.set(sent, newId());
    try {
      const answer = await call("POST", url, body, attempts.get(sent));
      done.set(sent, answer);
      return answer;
    } catch (error) {
      if (error instanceof Problem) attempts.delete(sent);
      throw error;
    }
  };
}

// In the place of a list that did not come: an empty list would say that there is nothing.
export const unknown = (error) => ({ items: [], unknown: error instanceof Problem ? saying(error.code, error.detail) : t("No answer from the server") });

export const dialogOpen = () => one("dialog[open]");

export function field(label, input, hint) {
  return h("label", { class: "form-label ask-field" }, label, input, hint ? h("small", { class: "form-hint" }, hint) : null);
}
