// What happened on a topic's time axis, newest last: markers, changes, faults.

/** More than fit on a screen; the oldest go. */
const MOST = 500;
/** Letters that are written beside a mark. */
const MOST_LETTERS = 36;

/**
 * @typedef {object} Mark
 * @property {number} position  of the sample it happened at
 * @property {number} frames  that it lasted; 0 for a moment
 * @property {string} kind
 * @property {string} text
 * @property {number} row  neighbours are written in different rows
 */

export class Marks {
  constructor() {
    /** @type {Mark[]} */
    this.list = [];
    /** How many there have been. */
    this.count = 0;
  }

  /**
   * @param {number} position
   * @param {number} frames
   * @param {{kind: string, text: string}} event
   */
  add(position, frames, { kind, text }) {
    // What was changed takes more words than a picture has room for; they stand in the list of events.
    const words = kind === "change" ? kind : text;
    this.list.push({ position, frames, kind, text: words.length > MOST_LETTERS ? `${words.slice(0, MOST_LETTERS - 1)}…` : words, row: this.count % 4 });
    this.count += 1;
    if (this.list.length > MOST) this.list.shift();
  }

  /**
   * @param {number} count  what `count` was before
   * @returns {number} position of the earliest that came since; Infinity for none
   */
  earliestSince(count) {
    const since = count < this.count ? this.list.slice(count - this.count) : [];
    return Math.min(Infinity, ...since.map(({ position }) => position));
  }

  clear() {
    this.list = [];
  }
}
