// How the page stands: where, what for, which bin and delivery are in force. Kept over a reload, per person.
const MODES = ["receive", "put-away", "move", "issue", "look-up", "undo"];

export class Context {
  constructor(person, sites) {
    this.key = `beiyu.desk.${person}`;
    let kept = {};
    try {
      kept = JSON.parse(localStorage.getItem(this.key)) || {};
    } catch {
      kept = {};
    }
    this.mode = MODES.includes(kept.mode) ? kept.mode : "look-up";
    this.site = sites.includes(kept.site) ? kept.site : sites[0] || null;
    this.bins = kept.site === this.site && kept.bins ? kept.bins : {}; // the bin in force of each mode
    this.pending = null; // { entry, lot }: a lot waiting for its bin
    this.document = kept.site === this.site ? kept.document || null : null;
    this.pick = kept.site === this.site ? kept.pick || null : null;
  }

  get bin() {
    return this.bins[this.mode] || null;
  }

  keep() {
    const { mode, site, bins, document, pick } = this;
    localStorage.setItem(this.key, JSON.stringify({ mode, site, bins, document, pick }));
  }

  setMode(mode) {
    if (!MODES.includes(mode)) return;
    this.mode = mode;
    this.pending = null;
    this.keep();
  }

  setSite(site) {
    if (site === this.site) return;
    this.site = site;
    this.bins = {};
    this.pending = null;
    this.document = null;
    this.pick = null;
    this.keep();
  }

  setBin(bin, mode = this.mode) {
    if (bin) this.bins[mode] = bin;
    else delete this.bins[mode];
    this.keep();
  }

  setDocument(document) {
    this.document = document;
    this.keep();
  }

  setPick(pick) {
    this.pick = pick;
    this.keep();
  }
}
