// The three requests of the voting page. Every end of a request is one of four: done, refused for good, signed out,
// or to be tried again.

/** @typedef {{url: string, alt: string}} Picture */
/** @typedef {{id: number, reference: Picture, left: Picture, right: Picture}} Question */
/**
 * @typedef {{assignment: number, lease_until: string, total: number, answered: number, questions: Question[]}} Bundle
 * @typedef {{done: true, votes: number, hits: number, paused: boolean}} Nothing
 * @typedef {{saved: string[], superseded: string[], remaining: number, submitted: boolean}} Receipt
 */

/** The server read the request and will not take it, now or later. */
export class Refused extends Error {}

/** The sign-in has ended: nothing is lost, but somebody must sign in again. */
export class SignedOut extends Error {}

/** Network or server trouble: the same request may work in a moment. */
export class Unreachable extends Error {}

const TIMEOUT_MS = 15_000;

/** Signing in again, in another tab, changes the token; the cookie has the newest. @param {string} fromPage */
const csrfToken = (fromPage) => /(?:^|; )csrftoken=([^;]+)/.exec(document.cookie)?.[1] ?? fromPage;

/** @param {{claim: string, votes: string, return: string, csrf: string}} addresses */
export function createApi(addresses) {
  /** @param {string} url @param {object} body @param {boolean} [keepalive] */
  async function post(url, body, keepalive = false) {
    let response;
    try {
      response = await fetch(url, {
        method: "POST",
        headers: { "Content-Type": "application/json", "X-CSRFToken": csrfToken(addresses.csrf) },
        body: JSON.stringify(body),
        credentials: "same-origin",
        redirect: "manual", // a redirect here is always the way to the sign-in page
        keepalive,
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
    } catch (error) {
      throw new Unreachable(String(error));
    }
    if (response.type === "opaqueredirect" || response.status === 401 || response.status === 403) throw new SignedOut();
    if (response.status >= 500 || response.status === 408 || response.status === 429) {
      throw new Unreachable(`The server answered ${response.status}.`);
    }
    let answer;
    try {
      answer = await response.json();
    } catch {
      if (response.ok) throw new Unreachable("The server's answer was cut short.");
      throw new Refused(`The server answered ${response.status}.`);
    }
    if (!response.ok) throw new Refused(answer.message ?? `The server answered ${response.status}.`);
    return answer;
  }

  return {
    /** @returns {Promise<Bundle | Nothing>} */
    claim: () => post(addresses.claim, {}),
    /** @param {number} assignment @param {object[]} answers @returns {Promise<Receipt>} */
    send: (assignment, answers) => post(addresses.votes, { assignment, answers }, true),
    /** @param {number} assignment */
    giveBack: (assignment) => post(addresses.return, { assignment }, true),
  };
}
