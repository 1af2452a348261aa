// From samples to what a column can show: its two extremes, in the order in which they came, so that no peak is lost.

import { MISSING, BREAK } from "./ring.js";

/**
 * What is drawn of a topic: its samples, and what is taken away for display only.
 * @typedef {object} Shown
 * @property {import("./ring.js").SampleRing} ring
 * @property {import("./baseline.js").Baseline | null} baseline  the slow part to be taken away, or null
 * @property {import("./mains.js").MainsNotch | null} mains  the samples without hum, or null
 */

/**
 * Position up to which all that is to be drawn is known.
 * @param {Shown} shown
 */
export function knownTo({ ring, baseline, mains }) {
  return Math.min(ring.end, baseline?.end ?? Infinity, mains?.end ?? Infinity);
}

/**
 * Values of one channel as they are to be drawn: contiguous, NaN where there is nothing.
 * @param {Shown} shown
 * @param {number} channel
 * @param {number} from  position
 * @param {number} to  position
 * @param {Float32Array} out  at least `to - from` long
 */
export function readChannel({ ring, baseline, mains }, channel, from, to, out) {
  const { channels, capacity, marks } = ring;
  const { values } = mains ?? ring;
  let slot = from % capacity;
  for (let i = 0; i < to - from; i++) {
    out[i] = marks[slot] === MISSING ? NaN : /** @type {number} */ (values[slot * channels + channel]);
    if (++slot === capacity) slot = 0;
  }
  baseline?.subtract(out, channel, from, to);
}

/**
 * Extremes of each column: `out[2k]` is the one that came first, `out[2k + 1]` the other; NaN for a column without samples.
 * @param {Float32Array} values  of the positions `from` to `to`
 * @param {number} from  position
 * @param {number} to  position
 * @param {import("./sweep.js").Sweep} sweep
 * @param {number} firstColumn
 * @param {number} columns
 * @param {Float32Array} out  at least twice `columns` long
 */
export function extremes(values, from, to, sweep, firstColumn, columns, out) {
  let position = Math.max(from, sweep.firstIn(firstColumn));
  for (let k = 0; k < columns; k++) {
    const stop = Math.min(to, sweep.firstIn(firstColumn + k + 1));
    let low = Infinity;
    let high = -Infinity;
    let lowAt = 0;
    let highAt = 0;
    for (; position < stop; position++) {
      const value = /** @type {number} */ (values[position - from]);
      // NaN fails both.
      if (value < low) {
        low = value;
        lowAt = position;
      }
      if (value > high) {
        high = value;
        highAt = position;
      }
    }
    const empty = low > high;
    out[2 * k] = empty ? NaN : lowAt < highAt ? low : high;
    out[2 * k + 1] = empty ? NaN : lowAt < highAt ? high : low;
  }
}

/**
 * Marks the columns that no line may cross: a sample is missing in them, or does not follow from the one before.
 * @param {import("./ring.js").SampleRing} ring
 * @param {number} from  position
 * @param {number} to  position
 * @param {import("./sweep.js").Sweep} sweep
 * @param {number} firstColumn
 * @param {number} columns
 * @param {Uint8Array} out  at least `columns` long: 1 where broken
 */
export function brokenColumns(ring, from, to, sweep, firstColumn, columns, out) {
  out.fill(0, 0, columns);
  for (let position = from; position < to; position++) {
    if (ring.mark(position) === 0) continue;
    const k = sweep.columnOf(position) - firstColumn;
    if (k >= 0 && k < columns) out[k] = 1;
  }
}

/**
 * Calls `gap(begin, end)` for every run of missing samples, and with `begin === end` for a break without width.
 * @param {import("./ring.js").SampleRing} ring
 * @param {number} from  position
 * @param {number} to  position
 * @param {(begin: number, end: number) => void} gap
 */
export function eachGap(ring, from, to, gap) {
  let begin = -1;
  for (let position = from; position < to; position++) {
    const mark = ring.mark(position);
    if (mark === MISSING) {
      if (begin < 0) begin = position;
      continue;
    }
    if (begin >= 0) gap(begin, position);
    else if (mark === BREAK) gap(position, position);
    begin = -1;
  }
  if (begin >= 0) gap(begin, to);
}
