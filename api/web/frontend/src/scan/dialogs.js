// A question in front of the page. Escape closes it, Enter sends it, and the scan field has the focus afterwards.
import { h, one } from "../dom.js";
import { saying, t } from "../text.js";
import { NoAnswer, Problem } from "../api.js";

// `fields`: nodes; `send(form)`: does it, and throws what the API threw; `word`: the button. Without `send` it only shows.
export function openDialog({ name, title, fields, send, word, danger, wide }) {
  const said = h("p", { class: "form-problem", role: "alert", hidden: true });
  const form = h("form", { class: "dialog-form", method: "dialog", autocomplete: "off", novalidate: true },
    h("h2", {}, title), ...fields.filter(Boolean), said,
    h("div", { class: "ask-buttons" },
      send ? h("button", { type: "submit", class: `btn btn-lg ${danger ? "btn-danger" : "btn-primary"}` }, word) : null,
      h("button", { type: "button", class: "btn btn-lg", "data-close": true }, send ? t("Back") : t("Close"))));
  const dialog = h("dialog", { class: `dialog${wide ? " dialog-wide" : ""}`, "data-dialog": name }, form);
  const close = () => dialog.close();
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
      if ((await send(form)) !== false) close();
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

export const dialogOpen = () => one("dialog[open]");

export function field(label, input, hint) {
  return h("label", { class: "form-label ask-field" }, label, input, hint ? h("small", { class: "form-hint" }, hint) : null);
}
