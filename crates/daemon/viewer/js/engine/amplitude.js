// Units for display, the amplitudes to choose from, and the choice that fits a signal.

import { readChannel } from "./decimate.js";
import { text } from "../text/core.js";

export const SECONDS = /** @type {const} */ ([0.5, 1, 2, 5, 10, 20, 30, 60]);
export const DEFAULT_SECONDS = 10;

const MICROVOLTS_PER_DIVISION = [10, 20, 50, 100, 200, 500, 1000, 5000];
/** For codes of an unknown size: at gain 24 a code of an ADS1299 is 0.022 uV, so these are about 11 uV to 22 mV. */
const CODES_PER_DIVISION = [500, 1000, 2000, 5000, 20_000, 50_000, 200_000, 1_000_000];

/** @type {Record<string, number>} */
const MICROVOLTS_OF = { V: 1e6, mV: 1e3, uV: 1, "µV": 1, "μV": 1, nV: 1e-3 };

/** @typedef {import("./messages.js").Stream} Stream */

/** @param {Stream} stream */
function inMicrovolts(stream) {
  return stream.channels.every(
    (channel) => MICROVOLTS_OF[channel.unit] !== undefined && (stream.dtype === "f32" || channel.unitPerCode !== null),
  );
}

/**
 * Display units of one value, per channel. A topic is shown in microvolts when each channel's unit allows it.
 * @param {Stream} stream
 * @returns {Float64Array<ArrayBuffer>}
 */
export function displayScale(stream) {
  const microvolts = inMicrovolts(stream);
  return Float64Array.from(stream.channels, (channel) => {
    if (!microvolts) return 1;
    return (MICROVOLTS_OF[channel.unit] ?? 1) * (stream.dtype === "i32" ? (channel.unitPerCode ?? 1) : 1);
  });
}

/**
 * @param {Stream} stream
 * @returns {string}
 */
export function displayUnit(stream) {
  if (inMicrovolts(stream)) return text.microvolts;
  if (stream.dtype === "i32") return text.codes;
  return stream.unit;
}

/**
 * @param {string} unit  as `displayUnit` gives it
 * @returns {readonly number[]} eight amplitudes, display units per division
 */
export function amplitudesOf(unit) {
  return unit === text.codes ? CODES_PER_DIVISION : MICROVOLTS_PER_DIVISION;
}

/**
 * The smallest amplitude at which the middle 96 % of the median channel keeps to its own division.
 * @param {import("./decimate.js").Shown} shown
 * @param {Iterable<number>} channels  to judge by
 * @param {number} from  position
 * @param {number} to  position
 * @param {readonly number[]} amplitudes  in rising order
 * @returns {number | null} null when there is nothing to judge by
 */
export function chooseAmplitude(shown, channels, from, to, amplitudes) {
  const values = new Float32Array(Math.max(0, to - from));
  /** @type {number[]} */
  const spreads = [];
  for (const channel of channels) {
    readChannel(shown, channel, from, to, values);
    const sorted = values.filter((value) => Number.isFinite(value)).sort();
    if (sorted.length < 2) continue;
    const at = (/** @type {number} */ share) => /** @type {number} */ (sorted[Math.round(share * (sorted.length - 1))]);
    spreads.push(at(0.98) - at(0.02));
  }
  if (spreads.length === 0) return null;
  spreads.sort((a, b) => a - b);
  const spread = /** @type {number} */ (spreads[spreads.length >> 1]);
  return amplitudes.find((amplitude) => amplitude >= spread) ?? amplitudes[amplitudes.length - 1] ?? null;
}
