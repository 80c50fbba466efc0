// Misses: what was refused, not readable or not known in this session, to be worked off later. Each is tried again, looked
// up, or dismissed with a reason; the arrow keys go from row to row.
import { all, h, one } from "../dom.js";
import { t } from "../text.js";
import { field, openDialog } from "./dialogs.js";
import { describe, shownCode } from "./words.js";

const SHOWN = 50;
const MISSED = ["refused", "unreadable"];

export const isMiss = (answer) => MISSED.includes(answer.result.outcome) && !answer.settled;

export class Misses {
  // `retry(answer)`, `lookUp(answer)`, `settled(answer)`: keep it; `focusBack()`.
  constructor(acts) {
    this.acts = acts;
    this.whole = new Set(); // ids of rows whose text is shown whole
    one("#miss-list").addEventListener("keydown", (event) => this.walk(event));
  }

  show(answers) {
    this.missed = answers.filter(isMiss);
    one("#miss-count").textContent = String(this.missed.length);
    one("#misses").hidden = this.missed.length === 0;
    const held = document.activeElement?.closest?.("#miss-list li")?.dataset.id;
    one("#miss-list").replaceChildren(...this.missed.slice(0, SHOWN).map((answer) => this.row(answer)));
    if (held) (one(`#miss-list li[data-id="${held}"] [data-miss]`) || one("#miss-list [data-miss]") || one("#scan-input")).focus();
  }

  row(answer) {
    const said = describe(answer);
    const whole = this.whole.has(answer.id);
    return h("li", { "data-id": answer.id },
      h("button", { type: "button", class: whole ? "miss-text is-whole" : "miss-text", "aria-expanded": String(whole), onclick: (event) => this.unfold(answer, event.currentTarget) },
        h("strong", {}, shownCode(answer.raw)), h("small", {}, `${said.title}: ${said.main}`)),
      h("span", { class: "miss-buttons" },
        h("button", { type: "button", class: "btn", "data-miss": "retry", onclick: () => this.settle(answer, "retry") }, t("Try again")),
        h("button", { type: "button", class: "btn", "data-miss": "look-up", onclick: () => this.acts.lookUp(answer) }, t("Look up")),
        h("button", { type: "button", class: "btn", "data-miss": "dismiss", onclick: () => this.dismiss(answer) }, t("Dismiss"))));
  }

  // Long texts are shortened; a tap shows the whole, another shortens it again.
  unfold(answer, text) {
    const whole = text.classList.toggle("is-whole");
    text.setAttribute("aria-expanded", String(whole));
    if (whole) this.whole.add(answer.id);
    else this.whole.delete(answer.id);
  }

  settle(answer, how, reason = "") {
    answer.settled = { how, reason, at: new Date().toISOString() };
    this.acts.settled(answer);
    if (how === "retry") this.acts.retry(answer);
  }

  dismiss(answer) {
    const reasons = [t("Foreign label"), t("Scanned by mistake"), t("Dealt with otherwise")];
    openDialog({
      name: "dismiss",
      title: t("Dismiss this miss"),
      fields: [
        h("p", {}, h("strong", {}, shownCode(answer.raw))),
        field(t("Why?"), h("input", {
          name: "reason", list: "dismiss-reasons", required: true, maxlength: "200", class: "form-control form-control-lg",
        })),
        h("datalist", { id: "dismiss-reasons" }, reasons.map((reason) => h("option", { value: reason }))),
      ],
      word: t("Dismiss"),
      send: async (form) => this.settle(answer, "dismiss", form.elements.reason.value.trim()),
    });
  }

  // The key goes to the first row, and back.
  toggle() {
    const inside = document.activeElement?.closest?.("#miss-list");
    const first = one("#miss-list [data-miss]");
    if (inside || !first) this.acts.focusBack();
    else first.focus();
  }

  walk(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const side = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    const here = document.activeElement;
    if ((!step && !side) || !here?.dataset?.miss) return;
    event.preventDefault();
    const row = here.closest("li");
    const rows = all("#miss-list li");
    const next = step ? rows[rows.indexOf(row) + step] : row;
    if (!next) return;
    const buttons = all("[data-miss]", next);
    const at = buttons.findIndex((button) => button.dataset.miss === here.dataset.miss) + (side || 0);
    buttons[Math.max(0, Math.min(at, buttons.length - 1))].focus();
  }
}
