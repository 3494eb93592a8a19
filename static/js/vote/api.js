// The requests of the voting page. Every end of a request is one of four: done, refused for good, signed out, or to be
// tried again.

/** @typedef {{kind: "image" | "text" | "shape", url?: string, text?: string, shape?: string}} Stimulus */
/**
 * @typedef {{client_id: string, answer: string}} Given
 * @typedef {{place: number, question: number, kind: "triplet" | "label", reference?: Stimulus, left?: Stimulus,
 *   right?: Stimulus, stimulus?: Stimulus, given?: Given, expected?: string}} Item
 */
/**
 * @typedef {{assignment: number, ticket: string, lease_until: string, items: Item[]}} Claimed
 * @typedef {{needs: "consent"} | {needs: "practice", items: Item[]}} Needed
 * @typedef {{done: true, why: string, votes: number, hits: number}} Nothing
 * @typedef {{saved: string[], uncounted: Record<string, string>}} Receipt
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

/** @param {string} url @param {object} body @param {Record<string, string>} headers @param {boolean} keepalive */
async function fetched(url, body, headers, keepalive) {
  try {
    return await fetch(url, {
      method: "POST",
      headers: { "Content-Type": "application/json", ...headers },
      body: JSON.stringify(body),
      credentials: "same-origin",
      redirect: "manual", // a redirect here is always the way to a sign-in page, ours or a hotel's
      keepalive,
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
  } catch (error) {
    throw new Unreachable(String(error));
  }
}

/** @param {Response} response */
async function json(response) {
  try {
    return await response.json();
  } catch {
    if (response.ok) throw new Unreachable("The server's answer was cut short.");
    return {};
  }
}

/** @param {{claim: string, votes: string, heartbeat: string, return: string, consent: string, practice: string, csrf: string}} at */
export function createApi(at) {
  /** What needs to know who asks. @param {string} url @param {object} body */
  async function asPerson(url, body) {
    const response = await fetched(url, body, { "X-CSRFToken": csrfToken(at.csrf) }, false);
    if (response.type === "opaqueredirect" || response.status === 401 || response.status === 403) throw new SignedOut();
    if (response.status >= 500 || response.status === 408 || response.status === 429) {
      throw new Unreachable(`The server answered ${response.status}.`);
    }
    const answer = await json(response);
    if (!response.ok) throw new Refused(answer.message ?? `The server answered ${response.status}.`);
    return answer;
  }

  /** What a ticket lets in. Only the server itself refuses for good, with a sentence; whatever stands between, not. @param {string} url @param {object} body */
  async function byTicket(url, body) {
    const response = await fetched(url, body, {}, true);
    if (response.type === "opaqueredirect") throw new Unreachable("Something stands between here and the server.");
    const answer = await json(response);
    if (response.ok) return answer;
    const forGood = (response.status === 400 || response.status === 409) && answer.message;
    throw forGood ? new Refused(answer.message) : new Unreachable(`The server answered ${response.status}.`);
  }

  return {
    /** @returns {Promise<Claimed | Needed | Nothing>} */
    claim: () => asPerson(at.claim, { client: aboutThisBrowser() }),
    consent: () => asPerson(at.consent, {}),
    /** @param {{question: number, answer: string}[]} answers @returns {Promise<{right: number, given: number}>} */
    practice: (answers) => asPerson(at.practice, { answers }),
    /** @param {string} ticket @param {object[]} answers @param {boolean} [submit] @returns {Promise<Receipt>} */
    send: (ticket, answers, submit = false) => byTicket(at.votes, { ticket, submit, answers }),
    /** @param {string} ticket @returns {Promise<{held: boolean}>} */
    heartbeat: (ticket) => byTicket(at.heartbeat, { ticket }),
    /** Give a bundle back; one that is answered whole is submitted. @param {string} ticket */
    giveBack: (ticket) => byTicket(at.return, { ticket }),
  };
}

/** How the questions are looked at; kept with the bundle, because a small window or a finger can explain slow answers. */
function aboutThisBrowser() {
  return {
    width: innerWidth,
    height: innerHeight,
    pixels: devicePixelRatio,
    touch: matchMedia("(pointer: coarse)").matches,
    dark: matchMedia("(prefers-color-scheme: dark)").matches,
    language: document.documentElement.lang,
  };
}
