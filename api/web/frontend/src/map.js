// The map: draws what the list beside it says, with or without a server of tiles, and reads the list anew on news.
import "leaflet/dist/leaflet.css";
import L from "leaflet";
import { all, h, one } from "./dom.js";
import { t } from "./text.js";

const POLL_MS = 30000;
const REST_MS = 300;
const DISTRICTS_FROM = 9; // the zoom from which districts are named, and towns
const TOWNS_FROM = 11;
const place = one("#map");
const list = one("#map-list");
const state = one("#map-state span");
const said = JSON.parse(one("#map-settings").textContent);
const MOST_FAILED = 4;
const SIGNS = { wanted: "!", vehicle: "▶", point: "⚑", site: "■" };

const words = (text) => text.replace(/[&<>]/g, (sign) => `&#${sign.charCodeAt(0)};`); // Leaflet takes it for markup

const map = L.map(place, { zoomSnap: 0.5, attributionControl: said.tiles.length > 0, maxZoom: said.most_zoom, fadeAnimation: false });
map.attributionControl?.setPrefix(false);
L.control.scale({ imperial: false }).addTo(map);

// Without tiles the names of places are all there is to go by: where no server is set, and while it does not answer.
const towns = L.layerGroup();
const districts = L.layerGroup();
let named = false;

function names() {
  for (const [layer, from] of [[districts, DISTRICTS_FROM], [towns, TOWNS_FROM]]) {
    if (named && map.getZoom() >= from) layer.addTo(map);
    else layer.remove();
  }
}

{
  for (const { name, lat, lon, tier } of said.names) {
    const text = L.divIcon({ className: `map-name is-${tier}`, html: h("span", {}, name), iconSize: null });
    L.marker([lat, lon], { icon: text, interactive: false, keyboard: false }).addTo(tier === "town" ? towns : districts);
  }
  map.on("zoomend", names);
}

function bare(is) {
  if (named === is) return;
  named = is;
  names();
  const told = one("#map-tiles");
  if (told) told.hidden = !is;
}

// A tile may be missing here and there; a server that sends none at all is down, or out of reach.
let failed = 0;
for (const address of said.tiles) {
  L.tileLayer(address, { subdomains: said.subdomains, attribution: words(said.attribution), maxZoom: said.most_zoom })
    .on("tileload", () => {
      failed = 0;
      bare(false);
    })
    .on("tileerror", () => {
      failed += 1;
      if (failed >= MOST_FAILED) bare(true);
    })
    .addTo(map);
}
if (!said.tiles.length) bare(true);

const markers = new Map();
const offsets = new Map(); // several at one point stand beside each other

function draw() {
  const seen = new Set();
  offsets.clear();
  for (const spot of all("[data-spot][data-lat]", list)) {
    const { spot: key, kind, lat, lon } = spot.dataset;
    seen.add(key);
    const turn = offsets.get(`${lat},${lon}`) || 0;
    offsets.set(`${lat},${lon}`, turn + 1);
    const link = one("a", spot);
    const late = Boolean(one(".tag-damaged", spot));
    const name = `${link.textContent} ${one("[data-detail]", spot).textContent.trim()}`;
    const look = [kind, lat, lon, turn, late, spot.innerHTML].join("|");
    const old = markers.get(key);
    if (old?.look === look) continue;
    const open = old?.marker.isPopupOpen();
    old?.marker.remove();
    const sign = h("span", { class: `spot-mark spot-${kind}${late ? " is-late" : ""}${"vague" in spot.dataset ? " is-vague" : ""}` }, SIGNS[kind]);
    const icon = L.divIcon({ className: "map-spot", html: sign, iconSize: [26, 26], iconAnchor: [13 - 10 * (turn % 8), 13 - 14 * Math.floor(turn / 8)] });
    const marker = L.marker([Number(lat), Number(lon)], { icon, title: name, alt: name, riseOnHover: true, zIndexOffset: kind === "site" ? -500 : 0 });
    marker.bindPopup(h("div", { class: "map-card" }, ...Array.from(spot.cloneNode(true).childNodes)), { minWidth: 180 });
    marker.addTo(map);
    if (open) marker.openPopup();
    markers.set(key, { marker, look });
  }
  for (const [key, { marker }] of markers) {
    if (seen.has(key)) continue;
    marker.remove();
    markers.delete(key);
  }
}

function fit() {
  const points = Array.from(markers.values(), ({ marker }) => marker.getLatLng());
  if (points.length) map.fitBounds(L.latLngBounds(points).pad(0.08), { maxZoom: 13, animate: false });
  else if (said.names.length) map.setView([said.names[0].lat, said.names[0].lon], 9);
  else map.setView([31.8, 119.95], 9);
}

let timer = 0;
let at = new Date();
const clock = (when) => when.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit", timeZone: "Asia/Shanghai" });

async function read() {
  clearTimeout(timer);
  try {
    const incident = place.dataset.incident ? `?incident=${place.dataset.incident}` : "";
    // Not through call(): looking on is no use of the session.
    const answer = await fetch(`/board/map/part${incident}`, { credentials: "same-origin", redirect: "manual" });
    if (!answer.ok) throw new Error(String(answer.status));
    const text = await answer.text();
    if (list.dataset.text !== text) {
      const focused = document.activeElement?.closest?.("[data-spot]")?.dataset.spot;
      const { scrollTop } = list;
      list.dataset.text = text;
      list.replaceChildren(...new DOMParser().parseFromString(text, "text/html").body.childNodes);
      list.scrollTop = scrollTop;
      if (focused) one(`[data-spot="${focused}"] a`, list)?.focus({ preventScroll: true });
      draw();
    }
    at = new Date();
    state.textContent = t("As of {at}", { at: clock(at) });
    state.parentElement.dataset.state = "live";
  } catch {
    state.textContent = t("No connection since {at}: what you see is as of then", { at: clock(at) });
    state.parentElement.dataset.state = "cut";
  }
  timer = setTimeout(read, POLL_MS);
}

function soon() {
  clearTimeout(timer);
  timer = setTimeout(read, REST_MS);
}

draw();
fit();
for (const name of ["beiyu:board", "beiyu:stream"]) document.addEventListener(name, soon);
for (const name of ["online", "offline"]) addEventListener(name, soon);
timer = setTimeout(read, POLL_MS);
