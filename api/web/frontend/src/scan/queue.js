// Scans on their way to the server, in order. Each has its id and its whole content before anything is sent, and stays
// in the browser's own database until it is answered: a reload, a dead network or a second press loses nothing, and
// sending again is safe because the id decides.
import { openDB } from "idb";
import { call, NoAnswer, Problem } from "../api.js";
import { newId } from "../ids.js";

const MOST_PER_BATCH = 50;
const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 15000;
const KEPT_ANSWERS = 60;

export class Queue {
  // `complete(entry)` gives the body of a scan when its turn comes (the bin in force may hang on the scan before it);
  // `mayChange(entry)`: later scans must wait for its answer. `onAnswer(entry, result)`, `onState({ waiting, trouble })`.
  constructor({ person, complete, mayChange, onAnswer, onState }) {
    Object.assign(this, { person, complete, mayChange, onAnswer, onState });
    this.waiting = [];
    this.others = 0;
    this.sending = false;
    this.wait = 0;
    this.trouble = null;
    this.db = null;
    this.storing = new WeakMap();
  }

  async open() {
    try {
      this.db = await openDB("beiyu", 1, {
        upgrade(db) {
          db.createObjectStore("scans", { keyPath: "seq", autoIncrement: true });
          db.createObjectStore("answers", { keyPath: "seq", autoIncrement: true });
        },
      });
      const stored = await this.db.getAll("scans");
      this.waiting = stored.filter((entry) => entry.person === this.person);
      this.others = stored.length - this.waiting.length;
    } catch {
      this.db = null; // a private window: scans live only as long as the page
    }
    window.addEventListener("online", () => this.retryNow());
    this.tell();
    this.pump();
  }

  get durable() {
    return this.db !== null;
  }

  // `draft`: what was read and how the page stood at that moment.
  add(draft) {
    const entry = { id: newId(), person: this.person, at: new Date().toISOString(), body: null, ...draft };
    this.waiting.push(entry);
    this.tell();
    this.storing.set(entry, this.store(entry));
    this.pump();
    return entry;
  }

  async store(entry) {
    if (this.db) entry.seq = await this.db.add("scans", plain(entry));
  }

  async answers() {
    if (!this.db) return [];
    return (await this.db.getAll("answers")).filter((answer) => answer.person === this.person);
  }

  async updateAnswer(answer) {
    if (this.db && answer.seq !== undefined) await this.db.put("answers", plain(answer));
  }

  retryNow() {
    clearTimeout(this.timer);
    this.timer = null;
    this.wait = 0;
    this.pump();
  }

  tell() {
    this.onState({ waiting: this.waiting.length, others: this.others, trouble: this.trouble });
  }

  async pump() {
    if (this.sending || this.timer || this.waiting.length === 0) return;
    this.sending = true;
    try {
      while (this.waiting.length > 0 && (await this.sendBatch()));
    } finally {
      this.sending = false;
    }
  }

  async sendBatch() {
    const batch = await this.takeBatch();
    let answer;
    try {
      answer = await call("POST", "/api/v1/scans", {
        device_clock: new Date().toISOString(),
        fact: false,
        scans: batch.map((entry) => entry.body),
      });
    } catch (error) {
      return this.failed(error, batch);
    }
    this.trouble = null;
    this.wait = 0;
    for (const result of answer.results) {
      const entry = batch.find((one) => one.id === result.id);
      if (entry) await this.settle(entry, result);
    }
    this.tell();
    return true;
  }

  async takeBatch() {
    const batch = [];
    for (const entry of this.waiting.slice(0, MOST_PER_BATCH)) {
      await this.storing.get(entry); // first safe here, then sent
      if (entry.body === null) {
        entry.body = { id: entry.id, at: entry.at, ...this.complete(entry) };
        if (this.db && entry.seq !== undefined) await this.db.put("scans", plain(entry));
      }
      batch.push(entry);
      if (this.mayChange(entry)) break;
    }
    return batch;
  }

  async failed(error, batch) {
    if (error instanceof Problem && [400, 409, 413, 422].includes(error.status)) {
      if (batch.length > 1) {
        this.oneByOne = batch.length; // one of them is bad: find it
        const rest = this.mayChange;
        this.mayChange = () => true;
        try {
          while (this.oneByOne-- > 0 && (await this.sendBatch()));
        } finally {
          this.mayChange = rest;
        }
        return true;
      }
      await this.settle(batch[0], {
        id: batch[0].id, outcome: "refused", code: error.code, detail: error.detail, facts: error.facts,
      });
      this.tell();
      return true;
    }
    this.trouble = error instanceof NoAnswer ? "no-answer" : [401, 403].includes(error.status) ? "log-in" : "server";
    this.wait = Math.min(this.wait === 0 ? FIRST_WAIT_MS : this.wait * 2, LONGEST_WAIT_MS);
    this.timer = setTimeout(() => {
      this.timer = null;
      this.pump();
    }, this.wait);
    this.tell();
    return false;
  }

  async settle(entry, result) {
    this.waiting = this.waiting.filter((one) => one !== entry);
    const answer = { ...plain(entry), result };
    delete answer.seq;
    if (this.db) {
      const step = this.db.transaction(["scans", "answers"], "readwrite");
      if (entry.seq !== undefined) step.objectStore("scans").delete(entry.seq);
      const answers = step.objectStore("answers");
      answer.seq = await answers.add(answer);
      const keys = await answers.getAllKeys();
      for (const key of keys.slice(0, Math.max(0, keys.length - KEPT_ANSWERS))) answers.delete(key);
      await step.done;
    }
    this.onAnswer(answer, result);
  }
}

const plain = (entry) => JSON.parse(JSON.stringify(entry));
