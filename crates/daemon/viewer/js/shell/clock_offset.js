// How far the daemon's clock is from this browser's, so that the age of what is on the screen can be told.
//
// An answer bears the daemon's time; it was written somewhere between the question and the answer's arrival. Of the last answers the
// quickest counts: it is wrong by at most half of the time it took.

const KEPT = 16;

export class ClockOffset {
  constructor() {
    /** @type {{offset_ms: number, doubt_ms: number}[]} */
    this.notes = [];
  }

  /**
   * @param {number} daemon_ms  the time in the answer; NaN for none
   * @param {number} before_ms  when the question was sent, by this browser's clock
   * @param {number} after_ms  when the answer had come
   */
  note(daemon_ms, before_ms, after_ms) {
    if (!Number.isFinite(daemon_ms)) return;
    const doubt_ms = (after_ms - before_ms) / 2;
    this.notes.push({ offset_ms: daemon_ms - (before_ms + doubt_ms), doubt_ms });
    if (this.notes.length > KEPT) this.notes.shift();
  }

  /** Milliseconds to add to this browser's clock; NaN before there was an answer. */
  get offset_ms() {
    const [first, ...rest] = this.notes;
    if (first === undefined) return NaN;
    return rest.reduce((best, note) => (note.doubt_ms <= best.doubt_ms ? note : best), first).offset_ms;
  }
}
