// EEG-like signals for pictures and tests: drift, alpha that comes and goes, blinks in front, mains. Deterministic.

/** Pole and weight of four low-passes, whose sum falls off about as the spectrum of EEG does. */
const POLES = /** @type {const} */ ([[0.99, 4], [0.95, 2.2], [0.8, 1.6], [0.4, 1]]);
const LABELS = ["Fp1", "Fp2", "C3", "C4", "P7", "P8", "O1", "O2"];

/** @param {string} unit */
export const eightChannels = (unit) => LABELS.map((label) => ({ label, unit }));

export class EegSignal {
  /** @param {number} rate_hz */
  constructor(rate_hz) {
    this.rate_hz = rate_hz;
    this.seed = 12345;
    this.pink = LABELS.map(() => [0, 0, 0, 0]);
  }

  random() {
    this.seed = (Math.imul(this.seed, 1664525) + 1013904223) >>> 0;
    return this.seed / 2 ** 31 - 1;
  }

  /**
   * @param {number} first  index
   * @param {number} frames
   * @returns {{raw: Float32Array, filtered: Float32Array}} uV
   */
  next(first, frames) {
    const raw = new Float32Array(frames * LABELS.length);
    const filtered = new Float32Array(frames * LABELS.length);
    for (let f = 0; f < frames; f++) {
      const t = (first + f) / this.rate_hz;
      const blink = Math.exp(-(((t % 4.3) - 1.7) ** 2) / 0.008);
      const alpha = Math.max(0, Math.sin(t * 0.9)) ** 2;
      for (let c = 0; c < LABELS.length; c++) {
        const state = /** @type {number[]} */ (this.pink[c]);
        let noise = 0;
        for (const [k, [pole, weight]] of POLES.entries()) {
          state[k] = pole * (state[k] ?? 0) + this.random() * (1 - pole) * 9;
          noise += (state[k] ?? 0) * weight;
        }
        const back = c >= 4 ? 14 : 5;
        const eeg =
          noise + alpha * back * Math.sin(2 * Math.PI * 10.2 * t + c) + (c < 2 ? 95 : 6) * blink;
        const mains = (9 + 3 * c) * Math.sin(2 * Math.PI * 60 * t + c * 0.3);
        const drift = 60000 - 15000 * c + 120 * t + 35 * Math.sin(t * 0.7 + c);
        filtered[f * LABELS.length + c] = eeg;
        raw[f * LABELS.length + c] = eeg + mains + drift;
      }
    }
    return { raw, filtered };
  }
}
