// Every act of the desk has a key; this table is what the help sheet shows and what the keyboard does.
import { h, one } from "../dom.js";
import { t } from "../text.js";
import { dialogOpen, openDialog } from "./dialogs.js";

const MODES = { F2: "receive", F3: "put-away", F4: "move", F7: "issue", F8: "look-up", F9: "undo" };
const SETTLES_MS = 250; // a "?" that stands alone so long was typed by a person

// [keys as they are shown, what it does, the act's name]
const table = () => [
  ["F6", t("Difference: damaged, wrong, too much; on a pick list: not there"), "difference"],
  ["F10", t("Wrong goods that stand in no line of the delivery: turned away"), "stray"],
  ["Ctrl Enter", t("Finish the delivery note or pick list"), "finish"],
  ["Shift F6", t("Put aside, or go on with what was put aside"), "aside"],
  ["Shift F7", t("Pick lists of this store"), "picks"],
  ["Shift F8", t("Misses: to the list and back"), "misses"],
  ["Shift F9", t("Undo the last scan"), "undo-last"],
  ["Shift F2", t("Quantity"), "quantity"],
  ["Shift F3", t("Condition"), "condition"],
  ["Shift F4", t("Store"), "site"],
  ["1 … 9 Enter", t("Answer a question by the number before the choice"), null],
  ["Esc", t("Leave the question; back to the scan field"), null],
  ["? F1", t("This sheet"), "help"],
];

export function keyboard({ setMode, acts, escape }) {
  document.addEventListener("keydown", (event) => {
    if (event.altKey || event.metaKey || dialogOpen()) return;
    const name = actOf(event);
    if (name && acts[name]) {
      event.preventDefault();
      acts[name]();
    } else if (!event.ctrlKey && !event.shiftKey && MODES[event.key] && one(`[data-mode="${MODES[event.key]}"]`)) {
      event.preventDefault();
      setMode(MODES[event.key]);
    } else if (event.key === "Escape") {
      escape();
    }
  });
  const input = one("#scan-input");
  let timer = 0;
  input.addEventListener("input", () => {
    clearTimeout(timer);
    if (!["?", "？"].includes(input.value)) return;
    timer = setTimeout(() => {
      if (!["?", "？"].includes(input.value)) return;
      input.value = "";
      acts.help();
    }, SETTLES_MS);
  });
}

function actOf(event) {
  if (event.ctrlKey) return event.key === "Enter" ? "finish" : null;
  if (event.key === "F1") return "help";
  if (!event.shiftKey) return { F6: "difference", F10: "stray" }[event.key] || null;
  return { F2: "quantity", F3: "condition", F4: "site", F6: "aside", F7: "picks", F8: "misses", F9: "undo-last" }[event.key] || null;
}

export function helpSheet() {
  const modes = Object.keys(MODES).filter((key) => one(`[data-mode="${MODES[key]}"]`))
    .map((key) => [key, one(`[data-mode="${MODES[key]}"] span`).textContent]);
  openDialog({
    name: "help",
    title: t("Everything by keyboard"),
    wide: true,
    fields: [
      h("p", { class: "text-secondary" }, t("The scanner may be used at any time, wherever the focus is.")),
      h("dl", { class: "key-list" }, [...modes, ...table()].map(([keys, what]) =>
        h("div", {}, h("dt", {}, keys.split(" ").map((key) => (key === "…" ? " … " : h("kbd", {}, key)))), h("dd", {}, what)))),
    ],
  });
}
