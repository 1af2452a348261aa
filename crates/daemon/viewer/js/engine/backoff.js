// How long to wait before the next attempt to connect: doubling, bounded, and spread so that fifty pages do not return at once.

export class Backoff {
  /**
   * @param {{first_ms?: number, longest_ms?: number, random?: () => number}} [options]
   */
  constructor({ first_ms = 500, longest_ms = 10_000, random = Math.random } = {}) {
    this.first_ms = first_ms;
    this.longest_ms = longest_ms;
    this.random = random;
    this.failures = 0;
  }

  /** @returns {number} milliseconds, between three quarters and the whole of the doubled delay */
  next() {
    const whole = Math.min(this.longest_ms, this.first_ms * 2 ** this.failures);
    this.failures = Math.min(this.failures + 1, 30);
    return whole * (1 - 0.25 * this.random());
  }

  /** After a success. */
  reset() {
    this.failures = 0;
  }
}
