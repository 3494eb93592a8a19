// While somebody is at work, their bundle stays theirs: a sign of life every minute.

import { Refused, Unreachable } from "./api.js";

const EVERY_MS = 60_000;
const ACTIVE_MS = 600_000;

/**
 * @param {{
 *   ticket: () => string | null,
 *   activeWithin: (ms: number) => boolean,
 *   send: (ticket: string) => Promise<{held: boolean}>,
 *   onLost: (ticket: string) => void,
 * }} of
 */
export function startHeartbeat({ ticket, activeWithin, send, onLost }) {
  setInterval(async () => {
    const held = ticket();
    if (held === null || document.hidden || !activeWithin(ACTIVE_MS)) return;
    try {
      if (!(await send(held)).held) onLost(held);
    } catch (error) {
      if (error instanceof Refused) onLost(held);
      else if (!(error instanceof Unreachable)) throw error; // no connection: the next beat may get through
    }
  }, EVERY_MS);
}
