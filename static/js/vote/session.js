// One sitting: bundles claimed, questions asked one after the other, answers into the outbox.

import { Refused, SignedOut } from "./api.js";
import * as stage from "./stage.js";

/** @typedef {import("./api.js").Question} Question */
/** @typedef {import("./outbox.js").Outbox} Outbox */

// A second press within this time is the first one's bounce, not a judgement of pictures just shown.
const BOUNCE_MS = 120;
const STALE_MS = 200;
const MAX_RESPONSE_MS = 86_400_000;

export class Session {
  /** @type {Question[]} */
  #queue = [];
  #assignment = 0;
  #total = 0;
  #visibleSince = NaN;
  /** @type {string[]} */
  #refusals = [];

  /**
   * @param {ReturnType<typeof import("./api.js").createApi>} api
   * @param {Outbox} outbox
   * @param {import("./pictures.js").Pictures} pictures
   * @param {{home: string, login: string}} addresses
   */
  constructor(api, outbox, pictures, addresses) {
    this.api = api;
    this.outbox = outbox;
    this.pictures = pictures;
    this.addresses = addresses;
  }

  get asking() {
    return Number.isFinite(this.#visibleSince);
  }

  /** Claim a bundle and begin with it. */
  async next() {
    this.#visibleSince = NaN;
    stage.setState("loading");
    try {
      // What an earlier sitting left behind goes first: the bundle then comes without those questions.
      await this.outbox.flush();
      if (this.#refusals.length) return this.#showRefusal();
      const bundle = await this.api.claim();
      if ("done" in bundle) return this.#nothingLeft(bundle);
      const answered = this.outbox.answered(bundle.assignment);
      this.#assignment = bundle.assignment;
      this.#total = bundle.total;
      this.#queue = bundle.questions.filter((one) => !answered.has(one.id));
      return this.#queue.length ? this.#ask() : this.#finish();
    } catch (error) {
      return this.#trouble(error);
    }
  }

  async #ask() {
    const question = this.#queue[0];
    const number = this.#total - this.#queue.length;
    this.pictures.prepare(this.#queue);
    stage.setProgress(number, this.#total);
    // The last question's pictures may stay a moment, so that nothing flickers, but never long enough to be judged again.
    const late = setTimeout(stage.clear, STALE_MS);
    try {
      const trio = await this.pictures.of(question);
      clearTimeout(late);
      if (this.#queue[0] !== question) return; // the bundle was taken away meanwhile
      const visible = await stage.show(trio);
      stage.setState("asking");
      stage.announceQuestion(number + 1, this.#total);
      this.#visibleSince = visible;
    } catch (error) {
      clearTimeout(late);
      if (!(error instanceof DOMException)) throw error; // an image that cannot be decoded throws EncodingError
      this.#pictureMissing();
    }
  }

  /** @param {"left" | "right"} side */
  answer(side) {
    const waited = performance.now() - this.#visibleSince;
    if (!(waited >= BOUNCE_MS)) return;
    const question = this.#queue.shift();
    this.#visibleSince = NaN;
    stage.markChosen(side);
    this.outbox.add({
      assignment: this.#assignment,
      question: question.id,
      side,
      response_ms: Math.min(Math.round(waited), MAX_RESPONSE_MS),
      client_id: newId(),
    });
    if (this.#queue.length) this.#ask();
    else this.#finish();
  }

  #finish() {
    stage.setProgress(this.#total, this.#total);
    stage.setState("resting");
    stage.showPanel(
      {
        title: "Thank you",
        text: `That was a bundle of ${this.#total}. Take a breath, or go on with the next.`,
        go: "Next bundle",
        keys: "Enter goes on",
        leaveHref: this.addresses.home,
      },
      () => this.next(),
    );
  }

  /** @param {import("./api.js").Nothing} done */
  #nothingLeft(done) {
    stage.setState("resting");
    const given = done.votes === 1 ? "1 answer" : `${done.votes.toLocaleString("en")} answers`;
    stage.showPanel({
      title: done.paused ? "A pause" : "That was all",
      text: done.paused
        ? "This campaign is paused. Your answers are kept; come back later."
        : done.votes
          ? `There is nothing left for you here. You gave ${given}. Thank you.`
          : "There is nothing to answer here at the moment.",
      leave: "To the start page",
      leaveHref: this.addresses.home,
    });
  }

  /** The clock starts again: the pictures were covered meanwhile. */
  restartClock() {
    if (this.asking) this.#visibleSince = performance.now();
  }

  /**
   * The server will not take an answer. If it belongs to the bundle in hand, the rest of that would be refused too.
   * @param {string} message @param {import("./outbox.js").Entry} entry
   */
  refused(message, entry) {
    this.#refusals.push(message);
    if (entry.assignment === this.#assignment) this.#showRefusal();
  }

  #showRefusal() {
    const [message] = this.#refusals;
    this.#refusals = [];
    this.#queue = [];
    this.#visibleSince = NaN;
    stage.setState("resting");
    stage.showPanel(
      { title: "An answer came too late", text: message, go: "Go on with another bundle", leaveHref: this.addresses.home },
      () => this.next(),
    );
  }

  #pictureMissing() {
    stage.setState("resting");
    stage.showPanel(
      {
        title: "A picture did not come",
        text: "The connection may have broken. Your answers are kept.",
        go: "Try again",
        leaveHref: this.addresses.home,
      },
      () => this.next(),
    );
  }

  /** @param {unknown} error */
  #trouble(error) {
    stage.setState("resting");
    if (error instanceof SignedOut) {
      const text = "Your sign-in has ended. Answers that were not saved yet wait in this browser.";
      stage.showPanel({ title: "Please sign in again", text, leave: "Sign in", leaveHref: this.addresses.login });
      return;
    }
    const title = error instanceof Refused ? "That did not work" : "No connection";
    const text = error instanceof Refused ? error.message : "The server cannot be reached. Your answers are kept.";
    stage.showPanel({ title, text, go: "Try again", leaveHref: this.addresses.home }, () => this.next());
  }

  /** Leave: send what waits, give the rest of the bundle back to others. */
  async stop() {
    this.#visibleSince = NaN;
    await this.outbox.flush();
    if (this.#queue.length && !this.outbox.size) {
      await this.api.giveBack(this.#assignment).catch(() => undefined); // its lease runs out by itself
    }
    location.assign(this.addresses.home);
  }
}

/** A random UUID; the short way exists only where the page came over HTTPS or from this machine. */
function newId() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}
