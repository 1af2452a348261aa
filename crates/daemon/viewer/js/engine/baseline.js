// The slow part of each channel, found causally, so that the display can take it away. The stream is never touched.
//
// An electrode's offset is tens of millivolts and drifts by hundreds of microvolts a second, so a constant will not do.
// Two one-pole high-passes in a row follow a drift without lag; on means of 20 ms they cost nothing per sample:
//   lp1 += a (m - lp1);  lp2 += a ((m - lp1) - lp2);  level = lp1 + lp2,  a = 1 - exp(-block / tau)
// A sample's level comes from the two blocks before its own, whose middles lie 1.5 blocks back. The second low-pass knows
// the slope (lp2 / tau), so each level is carried forward by that much.

import { MISSING } from "./ring.js";

const BLOCK_S = 0.02;
/** Two poles at 1 / (2 pi tau) = 0.23 Hz, together 3 dB down at 0.35 Hz: a blink nearly keeps its shape, a drift does not survive. */
const TAU_S = 0.7;
/** After a silence of this length the level is taken anew. */
const RESEED_S = 0.5;

export class Baseline {
  /**
   * @param {number} channels
   * @param {number} rate_hz
   * @param {number} capacity  of the ring it follows, in frames
   */
  constructor(channels, rate_hz, capacity) {
    this.channels = channels;
    this.blockFrames = Math.max(1, Math.round(rate_hz * BLOCK_S));
    this.gain = 1 - Math.exp(-this.blockFrames / (rate_hz * TAU_S));
    this.carry = 1 + (1.5 * this.blockFrames) / (rate_hz * TAU_S);
    this.reseedBlocks = Math.ceil((rate_hz * RESEED_S) / this.blockFrames);
    // More blocks than the ring holds: a sample's level comes from the two blocks before its own.
    this.blocks = Math.ceil(capacity / this.blockFrames) + 4;
    this.levels = new Float32Array(this.blocks * channels);
    this.fast = new Float64Array(channels);
    this.slow = new Float64Array(channels);
    this.mean = new Float64Array(channels);
    this.used = new Uint32Array(channels);
    /** The block to be done next. */
    this.next = 0;
    /** Blocks without any sample since the last that had one; Infinity before the first. */
    this.silent = Infinity;
  }

  /** Position up to which the levels are known. */
  get end() {
    return this.next * this.blockFrames;
  }

  /**
   * Takes in what is new in the ring.
   * @param {import("./ring.js").SampleRing} ring
   */
  follow(ring) {
    const { blockFrames } = this;
    const oldest = Math.ceil(ring.start / blockFrames);
    if (oldest > this.next) {
      this.next = oldest;
      this.silent = Infinity;
    }
    while ((this.next + 1) * blockFrames <= ring.end) this.step(ring);
  }

  /** @param {import("./ring.js").SampleRing} ring */
  step(ring) {
    const { channels, blockFrames, mean, used, fast, slow, gain, next } = this;
    mean.fill(0);
    used.fill(0);
    for (let position = next * blockFrames; position < (next + 1) * blockFrames; position++) {
      if (ring.mark(position) === MISSING) continue;
      const at = (position % ring.capacity) * channels;
      for (let c = 0; c < channels; c++) {
        const value = /** @type {number} */ (ring.values[at + c]);
        if (!Number.isFinite(value)) continue;
        mean[c] = /** @type {number} */ (mean[c]) + value;
        used[c] = /** @type {number} */ (used[c]) + 1;
      }
    }
    const heard = used.some((n) => n > 0);
    const seed = heard && this.silent >= this.reseedBlocks;
    this.silent = heard ? 0 : this.silent + 1;
    for (let c = 0; c < channels; c++) {
      const n = /** @type {number} */ (used[c]);
      if (n > 0) {
        const m = /** @type {number} */ (mean[c]) / n;
        if (seed) {
          fast[c] = m;
          slow[c] = 0;
        } else {
          fast[c] = /** @type {number} */ (fast[c]) + gain * (m - /** @type {number} */ (fast[c]));
          const rest = m - /** @type {number} */ (fast[c]);
          slow[c] = /** @type {number} */ (slow[c]) + gain * (rest - /** @type {number} */ (slow[c]));
        }
      }
      const level = /** @type {number} */ (fast[c]) + this.carry * /** @type {number} */ (slow[c]);
      // Seeding reaches back over the two blocks that this one's own samples are measured from.
      for (let block = seed ? next - 2 : next; block <= next; block++) this.levels[this.at(block) + c] = level;
    }
    this.next = next + 1;
  }

  /**
   * Takes the level away from values of one channel, in place.
   * @param {Float32Array} values  of the positions `from` to `to`
   * @param {number} channel
   * @param {number} from  position
   * @param {number} to  position, at most `end`
   */
  subtract(values, channel, from, to) {
    const { blockFrames, levels } = this;
    for (let position = from; position < to; ) {
      const block = Math.floor(position / blockFrames);
      const left = /** @type {number} */ (levels[this.at(block - 2) + channel]);
      const right = /** @type {number} */ (levels[this.at(block - 1) + channel]);
      const first = block * blockFrames;
      const stop = Math.min(to, first + blockFrames);
      for (; position < stop; position++) {
        const level = left + (right - left) * ((position - first) / blockFrames);
        values[position - from] = /** @type {number} */ (values[position - from]) - level;
      }
    }
  }

  /** @returns {Baseline} a picture of this one, which no longer follows */
  copy() {
    /** @type {Baseline} */
    const other = Object.assign(Object.create(Baseline.prototype), this);
    other.levels = this.levels.slice();
    return other;
  }

  /**
   * Where the level of a block starts in `levels`; block numbers below 0 occur at the very start.
   * @param {number} block
   */
  at(block) {
    return (((block % this.blocks) + this.blocks) % this.blocks) * this.channels;
  }
}
