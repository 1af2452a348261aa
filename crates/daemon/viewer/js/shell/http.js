// Asks the daemon over HTTP: with the token where one is needed, and with what went wrong as a Problem.

import { isRecord, MessageError } from "../engine/messages.js";
import { text } from "../text/shell.js";

const PATIENCE_MS = 5000;
/** A shutdown waits for everything in flight; a start for boards. */
const LONG_PATIENCE_MS = 60_000;
const KEY = "eegd.token";

/**
 * A mistake in a document.
 * @typedef {{path: string, line: number | null, column: number | null, message: string}} Mistake
 */

/** An answer that says no: `application/problem+json`. Its message is a sentence for the user. */
export class Problem extends Error {
  /**
   * @param {number} status
   * @param {string} message
   * @param {{mistakes?: Mistake[], stage?: string, reason?: string, since_ns?: number}} [more]
   */
  constructor(status, message, { mistakes = [], stage = "", reason = "", since_ns = NaN } = {}) {
    super(message);
    this.status = status;
    this.mistakes = mistakes;
    this.stage = stage;
    this.reason = reason;
    this.since_ns = since_ns;
  }
}

/** The token, kept in this browser where it allows that. */
export const token = {
  /** @type {string | null} */
  held: null,
  get value() {
    try {
      this.held ??= localStorage.getItem(KEY);
    } catch {
      // Forbidden: it is asked for at every visit.
    }
    return this.held;
  },
  /** @param {string} value */
  set(value) {
    this.held = value;
    try {
      localStorage.setItem(KEY, value);
    } catch {
      // As above.
    }
  },
};

/** What a WebSocket carries instead of a header. @returns {string[]} */
export function protocols() {
  const { value } = token;
  return value === null ? [] : ["eegd", `bearer.${value}`];
}

/** @param {string} path @returns {string} */
export const socketAddress = (path) => `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}${path}`;

/**
 * @param {string} path
 * @param {{method?: string, body?: string, type?: string, long?: boolean}} [options]  `type` of the body, JSON unless said
 * @returns {Promise<unknown>}
 * @throws {Problem} when the daemon says no; MessageError when it answers something else than the contract has; TypeError or
 *   DOMException when it does not answer
 */
export async function ask(path, options = {}) {
  const response = await request(path, options);
  try {
    return await response.json();
  } catch {
    throw new MessageError(text.httpNotJson(path));
  }
}

/**
 * @param {string} path
 * @param {{method?: string, body?: string, type?: string, long?: boolean}} [options]
 * @returns {Promise<Response>} one that says yes
 */
export async function request(path, { method = "GET", body, type = "application/json", long = false } = {}) {
  /** @type {Record<string, string>} */
  const headers = {};
  if (body !== undefined) headers["Content-Type"] = type;
  if (token.value !== null) headers.Authorization = `Bearer ${token.value}`;
  const signal = AbortSignal.timeout(long ? LONG_PATIENCE_MS : PATIENCE_MS);
  const response = await fetch(path, { method, headers, signal, cache: "no-store", ...(body === undefined ? {} : { body }) });
  if (!response.ok) throw await problemOf(response);
  return response;
}

/** @param {Response} response */
async function problemOf(response) {
  /** @type {unknown} */
  let told = null;
  try {
    told = await response.json();
  } catch {
    // Not from eegd itself, or cut short: the status has to do.
  }
  const { detail, title, errors, stage, reason, since_ns } = isRecord(told) ? told : {};
  const words = [detail, title].find((word) => typeof word === "string" && word !== "");
  return new Problem(response.status, typeof words === "string" ? words : text.httpStatus(response.status), {
    mistakes: mistakesOf(errors),
    stage: typeof stage === "string" ? stage : "",
    reason: typeof reason === "string" ? reason : "",
    since_ns: typeof since_ns === "number" ? since_ns : NaN,
  });
}

/**
 * @param {unknown} errors  as problems and `/ws/control` have them
 * @returns {Mistake[]}
 */
export function mistakesOf(errors) {
  if (!Array.isArray(errors)) return [];
  return errors.filter(isRecord).map(({ path, line, column, message }) => ({
    path: typeof path === "string" ? path : "",
    line: typeof line === "number" ? line : null,
    column: typeof column === "number" ? column : null,
    message: typeof message === "string" ? message : "",
  }));
}

/**
 * A sentence about whatever was thrown while asking.
 * @param {unknown} error
 * @returns {string}
 */
export function sentenceOf(error) {
  if (error instanceof Problem || error instanceof MessageError) return error.message;
  return text.noAnswerNow;
}
