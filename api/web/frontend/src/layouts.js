// The form of label stock draws what its fields say, to scale, and puts the fields of a sheet away for a roll.
import { all, one } from "./dom.js";

const SVG = "http://www.w3.org/2000/svg";

function drawn(tag, attributes) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}

function draw(form) {
  const roll = form.elements.kind.value === "roll";
  const sheet = one("[data-of-sheet]", form);
  sheet.hidden = sheet.disabled = roll;
  const figure = (name) => Number(form.elements[name].value) || 0;
  const [wide, high] = [figure("label_width"), figure("label_height")];
  const [columns, rows] = roll ? [1, 1] : [Math.min(figure("columns"), 50), Math.min(figure("rows"), 100)];
  const [left, top, across, down] = roll ? [0, 0, 0, 0] : ["left", "top", "gap_x", "gap_y"].map(figure);
  const [pageWide, pageHigh] = roll ? [wide, high] : [figure("page_width"), figure("page_height")];
  const picture = drawn("svg", { class: "sheet", viewBox: `0 0 ${pageWide} ${pageHigh}`, "aria-hidden": "true" });
  picture.append(drawn("rect", { class: "sheet-page", width: pageWide, height: pageHigh }));
  for (let place = 0; place < columns * rows; place += 1) {
    const x = left + (place % columns) * (wide + across);
    const y = top + Math.floor(place / columns) * (high + down);
    picture.append(drawn("rect", { class: "sheet-label", x, y, width: wide, height: high, rx: 2 }));
  }
  one("[data-stock-drawing]", form).replaceChildren(picture);
  const words = one("figcaption", form);
  const fits = left + columns * (wide + across) - across <= pageWide + 0.001 && top + rows * (high + down) - down <= pageHigh + 0.001;
  words.textContent = fits ? words.dataset.fits.replace("{count}", columns * rows) : words.dataset.tooLarge;
  words.classList.toggle("is-wrong", !fits);
}

for (const form of all("form[data-stock]")) {
  form.addEventListener("input", () => draw(form));
  draw(form);
}
