// One sitting: consent, practice, bundles one after the other, and the ways out.

import { Refused, SignedOut, Unreachable } from "./api.js";
import { asAnswer } from "./outbox.js";
import { hidePanel, panelIsOpen, showPanel } from "./panel.js";
import * as panels from "./panels.js";
import { Practice } from "./practice.js";
import { Run } from "./run.js";
import * as stage from "./stage.js";
import { text } from "./texts.js";
import { Uncounted } from "./uncounted.js";

/**
 * @typedef {{
 *   api: ReturnType<typeof import("./api.js").createApi>,
 *   outbox: import("./outbox.js").Outbox,
 *   asker: import("./asker.js").Asker,
 *   tabs: import("./tabs.js").Tabs,
 *   worktime: import("./worktime.js").WorkTime,
 *   instructions: () => Promise<void>,
 *   undoKey: () => string,
 *   breakMinutes: number,
 * }} Parts
 */

const RETRY_MS = 4_000;

export class Session {
  /** @type {Run | null} */
  #run = null;
  /** @type {Practice | null} */
  #practice = null;
  /** @type {"busy" | "asking" | "ended" | "resting" | "away" | "left"} */
  #phase = "busy";
  /** @type {(() => void) | null} */
  #retry = null;
  #timer = 0;
  #turn = 0;
  #uncounted = new Uncounted();

  /** @param {Parts} parts */
  constructor(parts) {
    this.parts = parts;
  }

  /** The ticket of the bundle in hand. */
  get ticket() {
    const inHand = this.#phase === "asking" || this.#phase === "ended";
    return inHand && this.#run ? this.#run.bundle.ticket : null;
  }

  /** Go on in this tab. */
  start() {
    this.parts.tabs.take();
    return this.next();
  }

  /** Claim a bundle and begin with it. */
  async next() {
    const turn = this.#rest("busy");
    stage.setState("loading");
    try {
      // What an earlier sitting left behind goes first: the bundle then comes with those answers in it.
      await this.parts.outbox.flush();
      const claimed = await this.parts.api.claim();
      if (turn === this.#turn) await this.#begin(claimed);
    } catch (error) {
      if (turn !== this.#turn) return;
      this.#trouble(error, () => this.next());
    }
  }

  /** @param {Awaited<ReturnType<Parts["api"]["claim"]>>} claimed */
  async #begin(claimed) {
    if ("done" in claimed) return this.#say(panels.nothingLeft(claimed, this.parts.worktime));
    if ("needs" in claimed && claimed.needs === "consent") {
      return this.#say(panels.consentFirst(), { onGo: () => this.#consent() });
    }
    const turn = this.#turn;
    stage.expect(claimed.items);
    await this.parts.instructions();
    if (turn !== this.#turn) return undefined;
    return "needs" in claimed ? this.#firstPractice(claimed.items) : this.#open(claimed);
  }

  /** @param {import("./api.js").Claimed} claimed */
  #open(claimed) {
    this.#phase = "asking";
    stage.setNotice(this.#uncounted.say());
    this.#run = new Run(claimed, this.parts, { onWhole: () => this.#whole(), onMissing: () => this.#missing() });
    return this.#run.ask();
  }

  async #consent() {
    const turn = this.#rest("busy");
    try {
      await this.parts.api.consent();
      if (turn === this.#turn) await this.next();
    } catch (error) {
      if (turn === this.#turn) this.#trouble(error, () => this.#consent());
    }
  }

  /** @param {import("./api.js").Item[]} items */
  #firstPractice(items) {
    const practice = new Practice(items, this.parts.asker, {
      onDone: (answers) => this.#practised(answers),
      onMissing: () => this.#missing(),
    });
    const go = () => {
      this.#rest("asking");
      this.#practice = practice;
      practice.ask();
    };
    this.#say(panels.practiceFirst(items.length), { onGo: go });
  }

  /** @param {{question: number, answer: string}[]} answers */
  async #practised(answers) {
    const turn = this.#rest("busy");
    stage.setState("loading");
    try {
      const score = await this.parts.api.practice(answers);
      if (turn === this.#turn) this.#say(panels.practiceScore(score), { onGo: () => this.next() });
    } catch (error) {
      if (turn === this.#turn) this.#trouble(error, () => this.#practised(answers));
    }
  }

  #whole() {
    const { worktime, breakMinutes, undoKey } = this.parts;
    const total = this.#run?.bundle.total ?? 0;
    const content = panels.bundleEnd(total, worktime, breakMinutes, undoKey());
    this.#say(content, { onGo: () => this.next(), onBack: () => this.undo(), onLeave: () => this.stop() }, "ended");
  }

  #missing() {
    const practice = this.#practice;
    const again = () => {
      this.#rest("asking");
      this.#practice = practice;
      (practice ?? this.#run)?.ask();
    };
    this.#say(panels.missing(), { onGo: again });
    this.#retryWhenPossible(again);
  }

  /** @param {string} answer */
  answer(answer) {
    if (this.#phase === "asking" && !panelIsOpen()) (this.#practice ?? this.#run)?.answer(answer);
  }

  /** Take the last answer back. */
  undo() {
    const can = this.#phase === "ended" || (this.#phase === "asking" && !panelIsOpen() && !this.#practice);
    if (!can) return;
    this.#phase = "asking";
    this.#run?.undo();
  }

  /** The server takes answers, and does not count them. @param {{reason: string, entry: import("./outbox.js").Entry}[]} kept */
  uncounted(kept) {
    for (const { reason } of kept) this.#uncounted.add(reason);
    if (this.#phase === "busy") return; // said with the next bundle
    const overtaken = kept.some(
      ({ reason, entry }) => reason !== "repeated" && entry.assignment === this.#run?.bundle.assignment,
    );
    // Where the bundle in hand is over, nothing more of it would count either.
    if (overtaken && this.#phase === "asking") {
      this.#say(panels.overtaken(this.#uncounted.say()), { onGo: () => this.next() });
    } else stage.setNotice(this.#uncounted.say());
  }

  /** The server will not take an answer. @param {string} message @param {import("./outbox.js").Entry} entry */
  refused(message, entry) {
    const elsewhere = this.#phase === "asking" && entry.assignment !== this.#run?.bundle.assignment;
    if (elsewhere || this.#phase === "away" || this.#phase === "left") stage.setNotice(message);
    else this.#say(panels.refused(message), { onGo: () => this.next() });
  }

  /** The bundle in hand is held no more. Claim: it may be given again, with the answers in it. @param {string} ticket */
  async lost(ticket) {
    if (this.#phase !== "asking" || ticket !== this.ticket) return;
    const run = this.#run;
    try {
      const claimed = await this.parts.api.claim();
      if (this.#phase !== "asking" || this.#run !== run) return;
      const same = "items" in claimed && "ticket" in claimed && claimed.assignment === run?.bundle.assignment;
      if (same) run?.renew(claimed);
      else this.#say(panels.overtaken(text("overtaken.text")), { onGo: () => this.next() });
    } catch (error) {
      // Without a connection the next answer or heartbeat tells how it stands; without a sign-in, the next claim.
      if (!(error instanceof Unreachable || error instanceof SignedOut || error instanceof Refused)) throw error;
    }
  }

  /** Another tab goes on. */
  stepAside() {
    if (this.#phase === "left") return;
    this.parts.outbox.suspend();
    const takeBack = () => {
      this.parts.outbox.resume();
      this.start();
    };
    this.#run = null;
    this.#say(panels.away(), { onGo: takeBack }, "away");
  }

  /** The connection is back. */
  online() {
    if (this.#phase === "away") return;
    this.parts.outbox.flush();
    this.#retry?.();
  }

  /** Leave: send what waits, give the bundle back; one that is answered whole is submitted by that. */
  async stop() {
    const ticket = this.ticket;
    this.#rest("left");
    hidePanel();
    stage.setState("loading");
    const all = await this.parts.outbox.flush();
    if (ticket && all) {
      await this.parts.api.giveBack(ticket).catch(() => undefined); // its lease runs out by itself
    }
    if (document.body.dataset.guest) this.#say(panels.stopped(), { onGo: () => this.next() });
    else location.assign(document.body.dataset.home ?? "/");
  }

  /** The page goes away: a bundle that is answered whole is submitted, for nothing is left to be taken back. */
  leave() {
    if (this.#phase !== "ended" || !this.#run) return;
    const { ticket, assignment } = this.#run.bundle;
    const waiting = this.parts.outbox.waiting(assignment);
    const sent = waiting.length ? this.parts.api.send(ticket, waiting.map(asAnswer), true) : this.parts.api.giveBack(ticket);
    sent.catch(() => undefined); // nobody is there to be told; what is unsent is kept, and the lease runs out
  }

  /** @param {import("./panel.js").Content} content @param {import("./panel.js").Deeds} [deeds] @param {typeof this.#phase} [phase] */
  #say(content, deeds = {}, phase = "resting") {
    this.#rest(phase);
    stage.setState("resting");
    showPanel(content, deeds);
  }

  /** Ask nothing, and wait for nothing, from now on. @param {typeof this.#phase} phase */
  #rest(phase) {
    this.#phase = phase;
    clearTimeout(this.#timer);
    this.#retry = null;
    this.parts.asker.stop();
    this.#practice?.end();
    this.#practice = null;
    if (phase !== "ended") stage.setUndo(false);
    return ++this.#turn;
  }

  /** @param {unknown} error @param {() => void} again */
  #trouble(error, again) {
    if (error instanceof SignedOut) {
      this.#say(panels.signIn());
      return;
    }
    if (!(error instanceof Refused || error instanceof Unreachable)) throw error;
    this.#say(panels.trouble(error), { onGo: again });
    if (error instanceof Unreachable) this.#retryWhenPossible(again);
  }

  /** @param {() => void} again */
  #retryWhenPossible(again) {
    this.#retry = again;
    this.#timer = setTimeout(again, RETRY_MS);
  }
}
