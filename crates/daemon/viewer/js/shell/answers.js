// Reads what the daemon answers over HTTP. All of it comes from outside; it is checked once, here.

import { isRecord, MessageError, stringOf } from "../engine/messages.js";
import { text } from "../text/core.js";

/**
 * @typedef {{count: number, p50: number, p99: number, max: number}} Quantiles  nanoseconds
 *
 * @typedef {object} StageStatus
 * @property {string} state
 * @property {string} closedBy  the stage whose failure closed this one
 * @property {string} role
 * @property {string} group
 * @property {number} rate_hz  of its output; NaN for a sink
 * @property {number} channels
 * @property {number} delay_s
 * @property {number} framesIn
 * @property {number} framesOut
 * @property {number} packetsIn
 * @property {number} packetsOut
 * @property {number} lost
 * @property {number} overflow
 * @property {number} dropped
 * @property {number} errors
 * @property {number} queue
 * @property {Quantiles | null} process
 * @property {Quantiles | null} age
 * @property {string} locked  why it must not be disturbed; empty when it may be
 * @property {ReadonlyMap<string, number> | null} device  what a source knows of its device; null where there is none
 *
 * @typedef {{kind: string, inputs: string[], group: string, onError: string, params: Record<string, unknown>}} StageDoc
 *
 * @typedef {object} Pipeline
 * @property {string} state
 * @property {number} revision
 * @property {string} name
 * @property {string} reason
 * @property {string} origin
 * @property {number} changes  operations by which the document differs from its file
 * @property {Record<string, unknown>} config  the merged document as it came
 * @property {Map<string, StageDoc>} stages
 * @property {Map<string, StageStatus>} status
 * @property {{stage: string, message: string}[]} failures
 * @property {number} time_s  the daemon's clock when it answered; NaN when it does not say
 * @property {Thread[]} threads  of the data path, as they are scheduled
 *
 * @typedef {{group: string, priority: number, cores: number[], refused: string[]}} Thread  what the system gave; `priority` is
 *   NaN under the normal policy, `refused` is what it did not give
 */

/**
 * @param {unknown} value  the answer of `GET /pipeline`
 * @returns {Pipeline}
 * @throws {MessageError}
 */
export function parsePipeline(value) {
  if (!isRecord(value)) throw new MessageError(text.messageField("state"));
  const config = isRecord(value.config) ? value.config : {};
  return {
    state: stringOf(value, "state"),
    revision: number(value.revision),
    name: words(config.name),
    reason: words(value.reason),
    origin: words(value.origin),
    changes: Array.isArray(value.overrides) ? value.overrides.length : 0,
    config,
    stages: stagesOf(config),
    status: new Map(entries(value.stages).map(([id, status]) => [id, statusOf(status)])),
    failures: list(value.failures).map((failure) => ({ stage: words(failure.stage), message: words(failure.message) })),
    time_s: number(value.time_ns) / 1e9,
    threads: isRecord(value.scheduling) ? list(value.scheduling.threads).map(threadOf) : [],
  };
}

/**
 * @param {Record<string, unknown>} config  a merged document
 * @returns {Map<string, StageDoc>}
 */
export function stagesOf(config) {
  return new Map(
    entries(config.stages).map(([id, { kind, inputs, group, on_error, params }]) => [
      id,
      {
        kind: words(kind),
        inputs: Array.isArray(inputs) ? inputs.filter((input) => typeof input === "string") : [],
        group: words(group),
        onError: words(on_error),
        params: isRecord(params) ? params : {},
      },
    ]),
  );
}

/** @param {Record<string, unknown>} status @returns {StageStatus} */
function statusOf(status) {
  const locked = isRecord(status.locked) ? words(status.locked.reason) || words(status.locked.text) : words(status.locked);
  return {
    state: words(status.state),
    closedBy: words(status.closed_by),
    role: words(status.role),
    group: words(status.group),
    rate_hz: number(status.rate_hz),
    channels: number(status.channels),
    delay_s: number(status.delay_s),
    framesIn: number(status.frames_in),
    framesOut: number(status.frames_out),
    packetsIn: number(status.packets_in),
    packetsOut: number(status.packets_out),
    lost: number(status.lost_frames),
    overflow: number(status.overflow_frames),
    dropped: number(status.dropped_frames),
    errors: number(status.errors),
    queue: number(status.queue_packets),
    process: quantiles(status.process_ns),
    age: quantiles(status.age_ns),
    locked,
    device: isRecord(status.source) ? numbers(status.source.figures) : null,
  };
}

/** @param {Record<string, unknown>} value @returns {Thread} */
function threadOf({ group, got, refused }) {
  const { priority, cores } = isRecord(got) ? got : {};
  return {
    group: words(group),
    priority: number(priority),
    cores: Array.isArray(cores) ? cores.filter((core) => typeof core === "number") : [],
    refused: Array.isArray(refused) ? refused.filter((why) => typeof why === "string") : [],
  };
}

/** @param {unknown} value @returns {Quantiles | null} */
function quantiles(value) {
  if (!isRecord(value)) return null;
  return { count: number(value.count), p50: number(value.p50), p99: number(value.p99), max: number(value.max) };
}

/**
 * A stage's line of the ledger, in frames at its own rate.
 * @typedef {object} LedgerLine
 * @property {number} acquired  what a source's device has converted; NaN where that is not known
 * @property {ReadonlyMap<string, number>} causes  conversions that became no samples
 * @property {number} taken
 * @property {number} lost  missing in what was taken, wherever it was lost
 * @property {number} overflow  of these, lost at this stage's full queue
 * @property {number} dropped  thrown away by the stage itself
 * @property {number} skipped  passed over after an error
 * @property {number} passedOn
 * @property {number} unaccounted  not there, and reported lost by nobody
 *
 * @typedef {ReadonlyMap<string, LedgerLine>} Ledger
 */

/**
 * @param {unknown} value  the answer of `GET /pipeline/ledger`
 * @returns {Ledger}
 */
export function parseLedger(value) {
  return new Map(
    list(isRecord(value) ? value.stages : []).map(({ stage, acquired, lost_by_cause, taken, lost, overflow, dropped, skipped, passed_on, unaccounted }) => [
      words(stage),
      {
        acquired: number(acquired),
        causes: numbers(lost_by_cause),
        taken: number(taken),
        lost: number(lost),
        overflow: number(overflow),
        dropped: number(dropped),
        skipped: number(skipped),
        passedOn: number(passed_on),
        unaccounted: number(unaccounted),
      },
    ]),
  );
}

/**
 * The topics of `GET /topics`, each once, in the daemon's order.
 * @param {unknown} value
 * @returns {string[]}
 * @throws {MessageError}
 */
export function parseTopics(value) {
  if (!isRecord(value) || !Array.isArray(value.topics)) throw new MessageError(text.messageField("topics"));
  const topics = value.topics.filter((topic) => typeof topic === "string" && topic !== "");
  return [...new Set(topics)];
}

/**
 * The topics that the page's own address asks for (`?topics=a,b`), or null when it leaves the choice to the daemon.
 * @param {string} query  `location.search`
 * @returns {string[] | null}
 */
export function topicsOfAddress(query) {
  const asked = new URLSearchParams(query).get("topics");
  const topics = (asked ?? "").split(",").map((topic) => topic.trim()).filter((topic) => topic !== "");
  return topics.length > 0 ? [...new Set(topics)] : null;
}

/** @param {unknown} value */
export const words = (value) => (typeof value === "string" ? value : "");
/** @param {unknown} value */
export const number = (value) => (typeof value === "number" ? value : NaN);
/** @param {unknown} value @returns {Record<string, unknown>[]} */
export const list = (value) => (Array.isArray(value) ? value.filter(isRecord) : []);

/** @param {unknown} value @returns {Map<string, number>} */
function numbers(value) {
  const all = isRecord(value) ? Object.entries(value) : [];
  return new Map(all.flatMap(([name, n]) => (typeof n === "number" ? [/** @type {const} */ ([name, n])] : [])));
}

/** @param {unknown} value @returns {[string, Record<string, unknown>][]} */
export function entries(value) {
  if (!isRecord(value)) return [];
  return Object.entries(value).map(([key, item]) => [key, isRecord(item) ? item : {}]);
}
