// Reads the picture: which sample stands at a place of the canvas, its value, and what lies between two places.

import { readChannel } from "./decimate.js";

/**
 * @typedef {object} Reading
 * @property {number} x  where it stands, as a share of the width
 * @property {number} position  of the sample
 * @property {number} index  of the sample, as the stream counts
 * @property {number} time_s  seconds since the Unix epoch
 * @property {number} value  display units; NaN where nothing was received
 *
 * A place on the screen, or a sample that is stepped from.
 * @typedef {{x: number} | {position: number, step: number}} Place
 *
 * @typedef {object} Span  what lies between two readings
 * @property {number} seconds
 * @property {number} samples
 * @property {number} difference  display units
 * @property {number} peakToPeak  display units
 * @property {number} rms  display units, about the mean
 */

/**
 * @param {import("./layer.js").Layer} layer
 * @param {number} row  lane
 * @param {Place} place
 * @param {"sweep" | "scroll"} motion
 * @returns {Reading | null} null where nothing is drawn
 */
export function probe(layer, row, place, motion) {
  const { shown, sweep, column: head } = layer;
  const lane = layer.look.lanes[row];
  if (shown === null || sweep === null || lane === undefined || !Number.isFinite(head)) return null;
  const { width } = sweep;
  const oldest = Math.max(shown.ring.start, sweep.firstIn(head - width + 1));
  let position = NaN;
  if ("position" in place) {
    // A sample that has left the screen is not stepped from.
    if (place.position < oldest || place.position >= layer.head) return null;
    position = place.position + place.step;
  } else {
    const at = Math.min(width - 1, Math.max(0, Math.floor(place.x * width)));
    const column = head - (motion === "scroll" ? width - 1 - at : sweep.placeOf(head - at));
    const first = Math.max(oldest, sweep.firstIn(column));
    const stop = Math.min(layer.head, sweep.firstIn(column + 1));
    position = stop > first ? tip(shown, lane.channel, first, stop) : nearest(sweep, column);
  }
  position = Math.min(layer.head - 1, Math.max(oldest, position));
  if (position < shown.ring.start) return null;
  const column = sweep.columnOf(position);
  const at = motion === "scroll" ? width - 1 - (head - column) : sweep.placeOf(column);
  return { position, x: (at + 0.5) / width, value: valueAt(shown, lane, position), ...layer.topic.momentOf(position) };
}

/**
 * The sample whose ink reaches furthest in a column: what one points at there.
 * @param {import("./decimate.js").Shown} shown
 * @param {number} channel
 * @param {number} first  position
 * @param {number} stop  position
 */
function tip(shown, channel, first, stop) {
  const values = new Float32Array(stop - first);
  readChannel(shown, channel, first, stop, values);
  let furthest = 0;
  values.forEach((value, i) => {
    const best = Math.abs(values[furthest] ?? NaN);
    if (Math.abs(value) > best || Number.isNaN(best)) furthest = i;
  });
  return first + furthest;
}

/** @param {import("./sweep.js").Sweep} sweep @param {number} column */
function nearest(sweep, column) {
  return Math.round((column + 0.5) / sweep.columnsPerFrame - sweep.phase);
}

/**
 * @param {import("./decimate.js").Shown} shown
 * @param {import("./painter.js").Lane} lane
 * @param {number} position
 */
function valueAt(shown, { channel, sign }, position) {
  const value = new Float32Array(1);
  readChannel(shown, channel, position, position + 1, value);
  return sign * /** @type {number} */ (value[0]);
}

/**
 * @param {import("./layer.js").Layer} layer
 * @param {number} row
 * @param {Reading} a
 * @param {Reading} b
 * @returns {Span | null}
 */
export function spanOf(layer, row, a, b) {
  const { shown } = layer;
  const lane = layer.look.lanes[row];
  if (shown === null || lane === undefined) return null;
  const [first, last] = a.position <= b.position ? [a.position, b.position] : [b.position, a.position];
  const values = new Float32Array(last + 1 - first);
  readChannel(shown, lane.channel, first, last + 1, values);
  let [low, high, sum, count] = [Infinity, -Infinity, 0, 0];
  for (const value of values) {
    if (Number.isNaN(value)) continue;
    low = Math.min(low, value);
    high = Math.max(high, value);
    sum += value;
    count += 1;
  }
  const mean = sum / count;
  const power = values.reduce((total, value) => (Number.isNaN(value) ? total : total + (value - mean) ** 2), 0);
  return {
    seconds: b.time_s - a.time_s,
    samples: b.position - a.position,
    difference: b.value - a.value,
    peakToPeak: high - low,
    rms: Math.sqrt(power / count),
  };
}
