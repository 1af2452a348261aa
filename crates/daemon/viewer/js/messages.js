// Reads what the daemon says in JSON: text messages of `/ws/data`, `GET /topics` and `GET /pipeline`.
//
// Everything here comes from outside. It is checked once, in this file; beyond it the types hold.

import { text } from "./text.js";

/**
 * @typedef {object} Channel
 * @property {string} label
 * @property {string} unit  of the physical value
 * @property {number | null} unitPerCode  that many units make one code; null for values that are physical already
 *
 * @typedef {object} Stream
 * @property {"stream"} type
 * @property {number} stream
 * @property {string} topic
 * @property {number} rate_hz
 * @property {string} unit
 * @property {"i32" | "f32"} dtype
 * @property {Channel[]} channels
 *
 * @typedef {{type: "lagged", topic: string, packets: number}} Lagged
 * @typedef {{type: "event"}} MarkerEvent
 *
 * @typedef {object} Pipeline
 * @property {string} state
 * @property {string} name
 */

/** A message that breaks the contract; its text says how. */
export class MessageError extends Error {}

/**
 * @param {string} message
 * @returns {Stream | Lagged | MarkerEvent | null} null for a type that this page does not know (the contract may grow)
 * @throws {MessageError}
 */
export function parseMessage(message) {
  /** @type {unknown} */
  let value;
  try {
    value = JSON.parse(message);
  } catch {
    throw new MessageError(text.messageNotJson);
  }
  if (!isRecord(value)) throw new MessageError(text.messageNotJson);
  switch (value.type) {
    case "stream":
      return parseStream(value);
    case "lagged":
      return { type: "lagged", topic: string(value, "topic"), packets: count(value, "packets") };
    case "event":
      return { type: "event" };
    default:
      return null;
  }
}

/**
 * @param {Record<string, unknown>} value
 * @returns {Stream}
 */
function parseStream(value) {
  const rate_hz = value.rate_hz;
  if (typeof rate_hz !== "number" || !(rate_hz > 0) || !Number.isFinite(rate_hz)) {
    throw new MessageError(text.messageField("rate_hz"));
  }
  if (value.dtype !== "i32" && value.dtype !== "f32") throw new MessageError(text.messageField("dtype"));
  if (!Array.isArray(value.channels) || value.channels.length === 0) {
    throw new MessageError(text.messageField("channels"));
  }
  const unit = typeof value.unit === "string" ? value.unit : "";
  return {
    type: "stream",
    stream: count(value, "stream"),
    topic: string(value, "topic"),
    rate_hz,
    unit,
    dtype: value.dtype,
    channels: value.channels.map((channel, i) => {
      const record = isRecord(channel) ? channel : {};
      const scale = record.unit_per_code;
      const physical = record.physical_unit ?? record.unit;
      return {
        label: typeof record.label === "string" && record.label !== "" ? record.label : text.unnamedChannel(i + 1),
        unit: typeof physical === "string" ? physical : unit,
        unitPerCode: typeof scale === "number" && Number.isFinite(scale) && scale !== 0 ? scale : null,
      };
    }),
  };
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
 * @param {unknown} value  the answer of `GET /pipeline`
 * @returns {Pipeline}
 * @throws {MessageError}
 */
export function parsePipeline(value) {
  if (!isRecord(value)) throw new MessageError(text.messageField("state"));
  const name = isRecord(value.config) && typeof value.config.name === "string" ? value.config.name : "";
  return { state: string(value, "state"), name };
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

/**
 * @param {unknown} value
 * @returns {value is Record<string, unknown>}
 */
function isRecord(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * @param {Record<string, unknown>} value
 * @param {string} field
 * @returns {string}
 */
function string(value, field) {
  const found = value[field];
  if (typeof found !== "string" || found === "") throw new MessageError(text.messageField(field));
  return found;
}

/**
 * @param {Record<string, unknown>} value
 * @param {string} field
 * @returns {number}
 */
function count(value, field) {
  const found = value[field];
  if (typeof found !== "number" || !Number.isSafeInteger(found) || found < 0) {
    throw new MessageError(text.messageField(field));
  }
  return found;
}
