// A list that is worked off by scanning (care, rotation): what was scanned is looked up, and its rows take over.
import { call, Problem } from "../api.js";
import { newId } from "../ids.js";
import { saying, t } from "../text.js";
import { dialogOpen } from "./dialogs.js";
import { sound } from "./tones.js";
import { Wedge } from "./wedge.js";
import { shownCode } from "./words.js";

// Says into the place beside the list, with the tone of the outcome.
export const teller = (said) => (text, kind) => {
  said.hidden = false;
  said.dataset.outcome = kind;
  said.textContent = text;
  sound(kind);
};

// Whatever is scanned into `input`: found({lot, serial, item}) for a lot or a machine; the rest is told.
export function scanInto(input, tell, found) {
  if (!input) return;
  new Wedge({ input, onScan: (raw) => lookUp(raw, tell, found) });
  if (window.matchMedia("(pointer: coarse)").matches) input.inputMode = "none";
  input.focus();
}

async function lookUp(raw, tell, found) {
  if (dialogOpen()) {
    sound("refused");
    return;
  }
  const scan = { id: newId(), raw: raw.slice(0, 500), mode: "look-up", at: new Date().toISOString() };
  let result;
  try {
    [result] = (await call("POST", "/api/v1/scans", { scans: [scan] })).results;
  } catch (error) {
    tell(error instanceof Problem ? saying(error.code, error.detail) : t("No answer from the server"), "refused");
    return;
  }
  const { kind, lot, serial, item } = result.facts || {};
  if (result.outcome !== "done" || !["lot", "serial"].includes(kind)) {
    tell(t("No lot and no machine: {code}", { code: shownCode(raw) }), "unreadable");
    return;
  }
  found({ lot, serial, item });
}
