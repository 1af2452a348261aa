// Takes mains hum out of the picture: a notch at 50 or 60 Hz and its multiples. The stream is never touched.
//
// Second-order notches w0 = 2 pi f / rate, b = g (1, -2 cos w0, 1), a = (1, -2 g cos w0, 2 g - 1), g = 1 / (1 + tan(bw / 2)), the design
// of `scipy.signal.iirnotch`, as direct form II transposed. All have the same bandwidth, and start as if the first sample had always been.

import { MISSING } from "./ring.js";

/** Hz between the -3 dB points of every notch. */
const WIDTH_HZ = 2;
const HARMONICS = 4;
/** Multiples nearer to half the rate than this share of it are left alone. */
const HIGHEST = 0.9;
/** After a silence of this length it starts anew. */
const RESTART_S = 0.5;

export class MainsNotch {
  /**
   * @param {number} mains_hz
   * @param {number} channels
   * @param {number} rate_hz
   * @param {number} capacity  of the ring it follows, in frames
   */
  constructor(mains_hz, channels, rate_hz, capacity) {
    this.mains_hz = mains_hz;
    this.channels = channels;
    this.restartFrames = RESTART_S * rate_hz;
    const gain = 1 / (1 + Math.tan((Math.PI * WIDTH_HZ) / rate_hz));
    const all = Array.from({ length: HARMONICS }, (_, k) => (k + 1) * mains_hz);
    const multiples = all.filter((hz) => hz < (HIGHEST * rate_hz) / 2);
    this.sections = multiples.length;
    /** b0 = b2, b1 = a1, a2 of each section. */
    this.coefficients = new Float64Array(multiples.flatMap((hz) => [gain, -2 * gain * Math.cos((2 * Math.PI * hz) / rate_hz), 2 * gain - 1]));
    /** Two a section and channel. */
    this.state = new Float64Array(2 * this.sections * channels);
    /** What the ring has, without the hum; same layout. */
    this.values = new Float32Array(channels * capacity);
    /** Position up to which `values` are known. */
    this.end = 0;
    this.silent = Infinity;
  }

  /**
   * Takes in what is new in the ring.
   * @param {import("./ring.js").SampleRing} ring
   */
  follow(ring) {
    if (this.end < ring.start) {
      this.end = ring.start;
      this.silent = Infinity;
    }
    for (; this.end < ring.end; this.end++) {
      if (ring.mark(this.end) === MISSING) {
        this.silent += 1;
        continue;
      }
      this.step(ring, (this.end % ring.capacity) * this.channels);
      this.silent = 0;
    }
  }

  /**
   * One sample of every channel.
   * @param {import("./ring.js").SampleRing} ring
   * @param {number} at  its first value
   */
  step(ring, at) {
    const { channels, sections, coefficients, state, values } = this;
    const start = this.silent >= this.restartFrames;
    for (let c = 0; c < channels; c++) {
      let value = /** @type {number} */ (ring.values[at + c]);
      // NaN stays NaN, and out of the state.
      if (Number.isFinite(value)) {
        for (let s = 0; s < sections; s++) {
          const b = /** @type {number} */ (coefficients[3 * s]);
          const m = /** @type {number} */ (coefficients[3 * s + 1]);
          const a = /** @type {number} */ (coefficients[3 * s + 2]);
          const z = 2 * (s * channels + c);
          if (start) {
            state[z] = value * (1 - b);
            state[z + 1] = value * (b - a);
          }
          const out = b * value + /** @type {number} */ (state[z]);
          state[z] = m * value - m * out + /** @type {number} */ (state[z + 1]);
          state[z + 1] = b * value - a * out;
          value = out;
        }
      }
      values[at + c] = value;
    }
  }

  /** @returns {MainsNotch} a picture of this one, which no longer follows */
  copy() {
    /** @type {MainsNotch} */
    const other = Object.assign(Object.create(MainsNotch.prototype), this);
    other.values = this.values.slice();
    return other;
  }
}
