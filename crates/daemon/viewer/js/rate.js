// Measures how many samples a second arrive, over the last seconds.

const POINTS = 24;
const EVERY_MS = 250;
const SHORTEST_MS = 2000;

export class RateMeter {
  constructor() {
    this.times_ms = new Float64Array(POINTS);
    this.counts = new Float64Array(POINTS);
    this.points = 0;
  }

  /**
   * @param {number} now_ms
   * @param {number} samples  received so far, without those that were lost
   */
  note(now_ms, samples) {
    const last = this.points - 1;
    if (this.points > 0 && now_ms - /** @type {number} */ (this.times_ms[last % POINTS]) < EVERY_MS) return;
    this.times_ms[this.points % POINTS] = now_ms;
    this.counts[this.points % POINTS] = samples;
    this.points += 1;
  }

  /** @returns {number} samples a second; NaN until it has been measured for two seconds */
  get rate_hz() {
    const newest = (this.points - 1) % POINTS;
    const oldest = Math.max(0, this.points - POINTS) % POINTS;
    if (this.points < 2) return NaN;
    const span_ms = /** @type {number} */ (this.times_ms[newest]) - /** @type {number} */ (this.times_ms[oldest]);
    const samples = /** @type {number} */ (this.counts[newest]) - /** @type {number} */ (this.counts[oldest]);
    return span_ms >= SHORTEST_MS ? (samples * 1000) / span_ms : NaN;
  }

  reset() {
    this.points = 0;
  }
}
