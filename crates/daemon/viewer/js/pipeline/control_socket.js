// The connection to `/ws/control`: patches out, each with its answer; what others change comes in.

import { Backoff } from "../engine/backoff.js";
import { Connection } from "../engine/connection.js";
import { isRecord, parseObject } from "../engine/messages.js";
import { number, words } from "../shell/answers.js";
import { mistakesOf, Problem, protocols, socketAddress } from "../shell/http.js";
import { text } from "../text/shell.js";

/** @typedef {import("./json_patch.js").Operation} Operation */

/**
 * What came of a patch.
 * @typedef {object} Applied
 * @property {number} revision
 * @property {Map<string, number>} appliedAt  for each stage that took it, the index of its first sample after it
 * @property {string[]} warnings
 */

export class ControlSocket {
  /**
   * @param {() => void} changed  the document or the state is another
   */
  constructor(changed) {
    this.changed = changed;
    /** @type {Map<number, {resolve: (applied: Applied) => void, reject: (problem: Problem) => void}>} */
    this.waiting = new Map();
    this.sent = 0;
    this.connection = new Connection(
      socketAddress("/ws/control"),
      {
        open: (address) => new WebSocket(address, protocols()),
        now_ms: () => Date.now(),
        later: (run, delay_ms) => Number(setTimeout(run, delay_ms)),
        cancel: (timer) => clearTimeout(timer),
      },
      { onText: (message) => this.hear(message), onFrame: () => {}, onState: () => this.stateChanged() },
      new Backoff(),
    );
  }

  /** Connects, and stays so. */
  open() {
    this.connection.keep();
  }

  stateChanged() {
    if (this.connection.state === "open") return;
    // What was on its way has no answer any more.
    for (const { reject } of this.waiting.values()) reject(new Problem(0, text.noAnswerNow));
    this.waiting.clear();
  }

  /**
   * @param {Operation[]} patch
   * @returns {Promise<Applied>}
   * @throws {Problem} when it was refused: nothing was changed
   */
  async send(patch) {
    const { socket, state } = this.connection;
    if (socket === null || state !== "open") throw new Problem(0, text.notConnected);
    const id = (this.sent += 1);
    socket.send(JSON.stringify({ type: "patch", id, patch }));
    return new Promise((resolve, reject) => this.waiting.set(id, { resolve, reject }));
  }

  /** @param {string} message */
  hear(message) {
    const told = parseObject(message);
    const { type, id } = told;
    const asked = typeof id === "number" ? this.waiting.get(id) : undefined;
    if (type === "applied" && asked !== undefined) {
      this.waiting.delete(Number(id));
      asked.resolve(appliedOf(told));
    } else if (type === "error" && asked !== undefined) {
      this.waiting.delete(Number(id));
      asked.reject(
        new Problem(told.code === "locked" ? 423 : told.code === "conflict" ? 409 : 422, words(told.message), {
          mistakes: mistakesOf(told.errors),
          stage: words(told.stage),
          reason: words(told.reason),
          since_ns: number(told.since_ns),
        }),
      );
    } else if (type === "snapshot" || type === "change" || type === "state") {
      this.changed();
    }
  }
}

/** @param {Record<string, unknown>} told @returns {Applied} */
function appliedOf({ revision, applied_at, warnings }) {
  const at = isRecord(applied_at) ? Object.entries(applied_at) : [];
  return {
    revision: number(revision),
    appliedAt: new Map(at.map(([stage, sample]) => [stage, number(sample)])),
    warnings: Array.isArray(warnings) ? warnings.filter((warning) => typeof warning === "string") : [],
  };
}
