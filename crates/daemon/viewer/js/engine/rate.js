// Measures the rate from the times and indices that the frames themselves carry, over the last minute.

const POINTS = 120;
const EVERY_S = 0.5;
const SHORTEST_S = 2;

export class RateMeter {
  constructor() {
    this.times_s = new Float64Array(POINTS);
    this.indices = new Float64Array(POINTS);
    this.points = 0;
  }

  /**
   * @param {number} time_s  of a sample
   * @param {number} index  of the same sample; lost samples are counted too
   */
  note(time_s, index) {
    const last = (this.points - 1) % POINTS;
    if (this.points > 0 && time_s - /** @type {number} */ (this.times_s[last]) < EVERY_S) return;
    this.times_s[this.points % POINTS] = time_s;
    this.indices[this.points % POINTS] = index;
    this.points += 1;
  }

  /** @returns {number} samples a second; NaN until it has been measured for two seconds */
  get rate_hz() {
    if (this.points < 2) return NaN;
    const newest = (this.points - 1) % POINTS;
    const oldest = Math.max(0, this.points - POINTS) % POINTS;
    const span_s = /** @type {number} */ (this.times_s[newest]) - /** @type {number} */ (this.times_s[oldest]);
    const samples = /** @type {number} */ (this.indices[newest]) - /** @type {number} */ (this.indices[oldest]);
    return span_s >= SHORTEST_S ? samples / span_s : NaN;
  }

  reset() {
    this.points = 0;
  }
}
