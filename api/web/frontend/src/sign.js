// A signature drawn on the screen, by finger, pen or mouse: [data-signature] holds a canvas, a button that clears it, and
// the photo field (photo.js) through which it is uploaded when the form is sent. Who signs is typed as well: the drawing
// is evidence beside the name, not instead of it.
import { all, one } from "./dom.js";

const INK = "#111827";
const PAPER = "#ffffff";
const PEN_PIXELS = 2.6;
const drawn = new WeakMap(); // fieldset → whether there is ink that has not been uploaded

document.addEventListener("pointerdown", (event) => {
  const sheet = event.target.closest?.("[data-signature] canvas");
  if (!sheet || !event.isPrimary) return;
  event.preventDefault();
  const pen = penOf(sheet);
  sheet.setPointerCapture(event.pointerId);
  const move = (next) => {
    const [x, y] = place(sheet, next);
    pen.lineTo(x, y);
    pen.stroke();
  };
  const [x, y] = place(sheet, event);
  pen.beginPath();
  pen.moveTo(x, y);
  pen.lineTo(x + 0.1, y);
  pen.stroke();
  sheet.addEventListener("pointermove", move);
  const end = () => {
    sheet.removeEventListener("pointermove", move);
    drawn.set(sheet.closest("[data-signature]"), true);
    sheet.dispatchEvent(new Event("input", { bubbles: true })); // other contents are another attempt
  };
  sheet.addEventListener("pointerup", end, { once: true });
  sheet.addEventListener("pointercancel", end, { once: true });
});

document.addEventListener("click", (event) => {
  const button = event.target.closest?.("[data-signature] [data-clear]");
  if (!button) return;
  const pad = button.closest("[data-signature]");
  const sheet = one("canvas", pad);
  sheet.getContext("2d").clearRect(0, 0, sheet.width, sheet.height);
  drawn.delete(pad);
  hand(one("input[data-photo]", pad), []);
});

// Hands the drawings of a form to their photo fields, which upload them.
export async function signed(form) {
  for (const pad of all("[data-signature]", form)) {
    if (!drawn.get(pad)) continue;
    const blob = await new Promise((resolve) => onPaper(one("canvas", pad)).toBlob(resolve, "image/png"));
    drawn.set(pad, false);
    if (blob) hand(one("input[data-photo]", pad), [new File([blob], "signature.png", { type: "image/png" })]);
  }
}

function hand(field, files) {
  const carrier = new DataTransfer();
  files.forEach((file) => carrier.items.add(file));
  field.files = carrier.files;
  field.dispatchEvent(new Event("change", { bubbles: true }));
}

// As many pixels as the screen has, set when first drawn on: before that the canvas may not be laid out.
function penOf(sheet) {
  const pen = sheet.getContext("2d");
  if (!sheet.dataset.ready) {
    const scale = window.devicePixelRatio || 1;
    sheet.width = Math.round(sheet.clientWidth * scale);
    sheet.height = Math.round(sheet.clientHeight * scale);
    pen.scale(scale, scale);
    sheet.dataset.ready = "yes";
  }
  Object.assign(pen, { lineWidth: PEN_PIXELS, lineCap: "round", lineJoin: "round", strokeStyle: INK });
  return pen;
}

function place(sheet, event) {
  const box = sheet.getBoundingClientRect();
  return [event.clientX - box.left - sheet.clientLeft, event.clientY - box.top - sheet.clientTop];
}

function onPaper(sheet) {
  const paper = document.createElement("canvas");
  paper.width = sheet.width;
  paper.height = sheet.height;
  const pen = paper.getContext("2d");
  pen.fillStyle = PAPER;
  pen.fillRect(0, 0, paper.width, paper.height);
  pen.drawImage(sheet, 0, 0);
  return paper;
}
