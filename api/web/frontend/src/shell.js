// What surrounds every page: menu, search key, help, language, colours, waiting, log-out.
import { call } from "./api.js";
import { all, one } from "./dom.js";
import { t } from "./text.js";
import { toast } from "./toast.js";

const YEAR = 365 * 24 * 3600;
const SHOW_PROGRESS_AFTER_MS = 700;
const remember = (name, value) => {
  document.cookie = `${name}=${value};path=/;max-age=${YEAR};samesite=lax`;
};

// --- the menu: a drawer on phones, a column of its own on wide screens ------------------------------------

const nav = one("#main-nav");
const shade = one("[data-shade]");
let openedBy = null;

function openMenu(open, button) {
  document.body.classList.toggle("menu-open", open);
  all("[data-menu]").forEach((one_) => one_.setAttribute("aria-expanded", String(open)));
  if (shade) shade.hidden = !open;
  for (const other of all(".topbar, .page, .foot-bar")) other.inert = open;
  if (open) {
    openedBy = button;
    (one("[aria-current]", nav) || one("a", nav))?.focus();
  } else {
    openedBy?.focus();
    openedBy = null;
  }
}
all("[data-menu]").forEach((button) =>
  button.addEventListener("click", () => openMenu(!document.body.classList.contains("menu-open"), button)));
shade?.addEventListener("click", () => openMenu(false));
matchMedia("(min-width: 1101px)").addEventListener?.("change", (wide) => {
  if (wide.matches && document.body.classList.contains("menu-open")) openMenu(false);
});

// Arrow keys walk through the menu.
nav?.addEventListener("keydown", (event) => {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!step && event.key !== "Home" && event.key !== "End") return;
  const links = all("a", nav);
  const here = links.indexOf(document.activeElement);
  if (here < 0) return;
  event.preventDefault();
  const next = event.key === "Home" ? 0 : event.key === "End" ? links.length - 1 : here + step;
  links[(next + links.length) % links.length].focus();
});

// "/" goes to the search, unless something is being typed.
document.addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest?.("input, textarea, select, [contenteditable]")) return;
  const find = one("#find");
  if (!find || !find.offsetParent) return;
  event.preventDefault();
  find.focus();
  find.select();
});

// --- language, light, log-out, print ------------------------------------------------------------------------

all("[data-language]").forEach((button) => button.addEventListener("click", () => {
  remember("beiyu_language", button.dataset.language);
  location.reload();
}));

all("[data-theme-switch]").forEach((button) => button.addEventListener("click", () => {
  const root = document.documentElement;
  const next = root.getAttribute("data-bs-theme") === "dark" ? "light" : "dark";
  root.setAttribute("data-bs-theme", next);
  remember("beiyu_theme", next);
}));

all("[data-log-out]").forEach((button) => button.addEventListener("click", async () => {
  button.disabled = true;
  try {
    await call("DELETE", "/api/v1/sessions/current");
  } finally {
    location.assign("/login");
  }
}));

document.addEventListener("click", (event) => {
  if (event.target.closest?.("[data-print]")) window.print();
});

// --- what lies over the page: menus and help ----------------------------------------------------------------

let help = null; // the ⓘ whose box is open

function closeHelp() {
  if (!help) return;
  help.setAttribute("aria-expanded", "false");
  help.nextElementSibling.hidden = true;
  help = null;
}

function openHelp(mark) {
  closeHelp();
  const box = mark.nextElementSibling;
  box.hidden = false;
  mark.setAttribute("aria-expanded", "true");
  help = mark;
  const at = mark.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = box;
  const edge = 8;
  const below = at.bottom + edge + height <= innerHeight || at.top < height + edge;
  box.style.left = `${Math.max(edge, Math.min(at.left - 12, innerWidth - width - edge))}px`;
  box.style.top = `${Math.max(edge, below ? Math.min(at.bottom + 6, innerHeight - height - edge) : at.top - height - 6)}px`;
}

document.addEventListener("click", (event) => {
  const mark = event.target.closest?.("[data-help]");
  if (mark) {
    event.preventDefault(); // inside a label it would move the focus
    const closing = mark === help;
    if (closing) closeHelp();
    else openHelp(mark);
  } else if (help && !event.target.closest?.(".help-box")) closeHelp();
  for (const menu of all("details.menu[open]")) if (!menu.contains(event.target)) menu.open = false;
});
document.addEventListener("focusin", (event) => {
  if (help && event.target !== help && !event.target.closest(".help-box")) closeHelp();
});
addEventListener("scroll", closeHelp, { passive: true, capture: true });
addEventListener("resize", closeHelp);
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  if (help) {
    const mark = help;
    closeHelp();
    mark.focus();
  }
  for (const menu of all("details.menu[open]")) {
    menu.open = false;
    one("summary", menu).focus();
  }
  if (document.body.classList.contains("menu-open")) openMenu(false);
});

// --- waiting: whatever takes long says so --------------------------------------------------------------------

const line = one("#progress");
let waiting = 0;
const wait = () => {
  clearTimeout(waiting);
  waiting = setTimeout(() => line && (line.hidden = false), SHOW_PROGRESS_AFTER_MS);
};
const arrived = () => {
  clearTimeout(waiting);
  if (line) line.hidden = true;
};
document.addEventListener("htmx:beforeRequest", wait);
document.addEventListener("htmx:afterRequest", arrived);
// A list that did not come anew: it stays as it was, and that is said.
document.addEventListener("htmx:sendError", () => toast(t("No answer from the server"), "refused"));
document.addEventListener("htmx:responseError", (event) => {
  if (event.detail.xhr.status === 401) document.dispatchEvent(new Event("beiyu:logged-out"));
  else toast(t("Not done ({code})", { code: event.detail.xhr.status }), "refused");
});
document.addEventListener("click", (event) => {
  const link = event.target.closest?.("a[href]");
  if (!link || event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey) return;
  const leads = link.origin === location.origin && !link.hasAttribute("download") && !link.target;
  if (leads && (link.pathname !== location.pathname || link.search !== location.search)) wait();
});
addEventListener("pageshow", arrived);
addEventListener("beforeunload", () => setTimeout(arrived, 15000)); // a file came instead of a page

// What the page before wished to say: forms with data-done="Saved."
const said = sessionStorage.getItem("beiyu.said");
if (said) {
  sessionStorage.removeItem("beiyu.said");
  toast(said);
}

// A search field has told all by its input events; its change (on leaving it) must not ask for the list once more.
document.addEventListener("change", (event) => {
  if (event.target.type === "search") event.stopPropagation();
}, true);
