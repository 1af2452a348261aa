// Moves the drawing edge at the stream's rate, so that traces run evenly though packets come in bursts.

/** How far the edge stays behind the newest sample: two packets of the slowest usual kind. */
const DELAY_S = 0.08;
/** Further behind than this, it jumps: a hidden page, a stall, a new time base. */
const LOST_S = 0.5;
/** Share of the distance from the wanted delay that is made good each second. */
const PULL_PER_S = 2;

export class Pace {
  /** @param {number} rate_hz */
  constructor(rate_hz) {
    this.rate_hz = rate_hz;
    this.head = -1;
  }

  /**
   * @param {number} newest  position one past the newest sample
   * @param {number} elapsed_s  since the last call
   * @returns {number} position one past the last sample to draw: whole, never beyond `newest`, never going back
   */
  advance(newest, elapsed_s) {
    const wanted = newest - DELAY_S * this.rate_hz;
    if (this.head < 0 || newest - this.head > LOST_S * this.rate_hz) {
      this.head = Math.max(this.head, wanted, 0);
    } else {
      const pull = (wanted - this.head) * Math.min(1, PULL_PER_S * elapsed_s);
      this.head += Math.max(0, elapsed_s * this.rate_hz + pull);
    }
    this.head = Math.min(this.head, newest);
    return Math.floor(this.head);
  }
}
