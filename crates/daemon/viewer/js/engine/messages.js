// Reads the text messages of `/ws/data`.
//
// Everything here comes from outside. It is checked once, in this file; beyond it the types hold.

import { text } from "../text/core.js";

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
 * @property {string} sensor
 * @property {Channel[]} channels
 *
 * @typedef {{type: "lagged", topic: string, packets: number}} Lagged
 *
 * @typedef {object} Happening  something that happened at one time: a marker, a change, a fault
 * @property {"event"} type
 * @property {string} kind
 * @property {number} time_s  seconds since the Unix epoch; NaN for what has no place among the samples
 * @property {number} duration_s  0 for a moment
 * @property {string} text
 * @property {string} stage
 * @property {string} channel
 */

/** A message that breaks the contract; its text says how. */
export class MessageError extends Error {}

/**
 * @param {string} message
 * @returns {Stream | Lagged | Happening | null} null for a type that this page does not know (the contract may grow)
 * @throws {MessageError}
 */
export function parseMessage(message) {
  const value = parseObject(message);
  switch (value.type) {
    case "stream":
      return parseStream(value);
    case "lagged":
      return { type: "lagged", topic: stringOf(value, "topic"), packets: countOf(value, "packets") };
    case "event":
      return parseEvent(value);
    default:
      return null;
  }
}

/**
 * @param {string} message
 * @returns {Record<string, unknown>}
 * @throws {MessageError}
 */
export function parseObject(message) {
  /** @type {unknown} */
  let value;
  try {
    value = JSON.parse(message);
  } catch {
    throw new MessageError(text.messageNotJson);
  }
  if (!isRecord(value)) throw new MessageError(text.messageNotJson);
  return value;
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
    stream: countOf(value, "stream"),
    topic: stringOf(value, "topic"),
    rate_hz,
    unit,
    dtype: value.dtype,
    sensor: typeof value.sensor === "string" ? value.sensor : "",
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
 * @param {Record<string, unknown>} value
 * @returns {Happening}
 */
function parseEvent(value) {
  const { time_ns, duration_s } = value;
  if (time_ns !== undefined && typeof time_ns !== "number") throw new MessageError(text.messageField("time_ns"));
  const words = (/** @type {unknown} */ field) => (typeof field === "string" ? field : "");
  return {
    type: "event",
    kind: words(value.event),
    time_s: time_ns === undefined ? NaN : time_ns / 1e9,
    duration_s: typeof duration_s === "number" && duration_s > 0 && Number.isFinite(duration_s) ? duration_s : 0,
    text: words(value.text),
    stage: words(value.stage),
    channel: words(value.channel),
  };
}

/**
 * @param {unknown} value
 * @returns {value is Record<string, unknown>}
 */
export function isRecord(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * @param {Record<string, unknown>} value
 * @param {string} field
 * @returns {string}
 */
export function stringOf(value, field) {
  const found = value[field];
  if (typeof found !== "string" || found === "") throw new MessageError(text.messageField(field));
  return found;
}

/**
 * @param {Record<string, unknown>} value
 * @param {string} field
 * @returns {number}
 */
export function countOf(value, field) {
  const found = value[field];
  if (typeof found !== "number" || !Number.isSafeInteger(found) || found < 0) {
    throw new MessageError(text.messageField(field));
  }
  return found;
}
