// A keyboard-wedge scanner types like a very fast person: characters less than 30 ms apart, then Enter or Tab.
// Such a burst goes to the scanner's handler wherever the focus is; a field that caught its first characters gets its
// old contents back. People type slower (a champion has 80 ms between two keys) and keep their fields. A busy machine
// or a radio scanner stretches single gaps, so a burst is judged by most of its gaps, not by each.
const SCANNER_GAP_MS = 30;
const SAME_BURST_MS = 150; // a longer pause inside a burst ends it
const FIRST_GAP_MS = 60; // before a burst has shown itself, a pause as people make it begins something new
const MEAN_GAP_MS = 50;
const SHORTEST_CODE = 4;
const SURE_AFTER = 3; // quick characters in a row: no person, the field need not see the rest
const ENDLESS_CODE = 8; // a burst this long is a scan even if the scanner sends no Enter
const GS = "\x1d";

export class Wedge {
  constructor({ input, onScan }) {
    this.input = input; // the scan field: whatever stands in it at Enter is a scan, however slowly typed
    this.onScan = onScan;
    this.forget();
    document.addEventListener("keydown", (event) => this.keydown(event), true);
  }

  forget() {
    clearTimeout(this.timer);
    this.text = "";
    this.swallowed = "";
    this.gaps = [];
    this.last = 0;
    this.row = 0;
    this.field = null;
    this.before = null;
  }

  keydown(event) {
    if (event.target === this.input) {
      this.inScanField(event);
      return;
    }
    if (event.repeat) {
      this.lost();
      return;
    }
    const separator = event.ctrlKey && event.key === "]"; // how wedges send the group separator
    if (event.key === "Enter" || event.key === "Tab") {
      if (this.isBurst(event.timeStamp)) {
        event.preventDefault();
        event.stopPropagation();
        this.finish();
      } else this.lost();
      return;
    }
    if (event.key.length !== 1 || event.altKey || event.metaKey || (event.ctrlKey && !separator)) {
      if (event.key !== "Shift" && event.key !== "CapsLock") this.lost();
      return;
    }
    this.character(event, separator ? GS : event.key);
  }

  character(event, key) {
    const gap = event.timeStamp - this.last;
    if (this.text === "" || gap > (this.row === 0 ? FIRST_GAP_MS : SAME_BURST_MS)) {
      this.lost();
      this.field = typesInto(event.target) ? event.target : null;
      this.before = this.field ? { value: this.field.value, at: selectionOf(this.field) } : null;
    } else {
      this.gaps.push(gap);
      this.row = gap < SCANNER_GAP_MS ? this.row + 1 : this.row;
    }
    this.text += key;
    this.last = event.timeStamp;
    // A button must not be pressed by a space inside a code either.
    if (this.row >= SURE_AFTER - 1 || key === GS || !this.field) {
      event.preventDefault();
      event.stopPropagation();
      this.swallowed += key;
    }
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.pause(), SAME_BURST_MS + 50);
  }

  isBurst(now) {
    if (this.text.length < SHORTEST_CODE || now - this.last > SAME_BURST_MS) return false;
    const quick = this.gaps.filter((gap) => gap < SCANNER_GAP_MS).length;
    const mean = this.gaps.reduce((sum, gap) => sum + gap, 0) / this.gaps.length;
    return quick * 2 > this.gaps.length && mean < MEAN_GAP_MS;
  }

  pause() {
    if (this.text.length >= ENDLESS_CODE && this.isBurst(this.last)) this.finish();
    else this.lost();
  }

  finish() {
    const { text, field, before } = this;
    this.forget();
    if (field && before) {
      field.value = before.value;
      if (before.at !== null) field.setSelectionRange(before.at, before.at);
      field.dispatchEvent(new Event("input", { bubbles: true }));
    }
    this.onScan(text);
  }

  // It was no scan: a field gets back what was kept from it.
  lost() {
    const { field, swallowed } = this;
    this.forget();
    if (field && swallowed && document.activeElement === field) {
      if (selectionOf(field) === null) field.value += swallowed;
      else field.setRangeText(swallowed, field.selectionStart, field.selectionEnd, "end");
      field.dispatchEvent(new Event("input", { bubbles: true }));
    }
  }

  inScanField(event) {
    if (event.ctrlKey && event.key === "]") {
      event.preventDefault();
      this.input.setRangeText(GS, this.input.selectionStart, this.input.selectionEnd, "end");
      return;
    }
    if (event.isComposing) return; // an input method is at work; its own Enter ends the composition
    if (event.key === "Enter" || (event.key === "Tab" && this.input.value !== "" && !event.shiftKey)) {
      event.preventDefault();
      const text = this.input.value;
      this.input.value = "";
      if (text.trim() !== "") this.onScan(text);
    }
  }
}

function typesInto(target) {
  if (target instanceof HTMLTextAreaElement) return true;
  return target instanceof HTMLInputElement && !["checkbox", "radio", "button", "submit"].includes(target.type);
}

function selectionOf(target) {
  try {
    return target.selectionEnd;
  } catch {
    return null; // number and date fields have no selection
  }
}
