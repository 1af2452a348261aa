// Where in the daemon samples were lost, from one ledger to the next.

/** @typedef {{stage: string, frames: number, cause: string}} Loss  `cause` is empty for a queue that was full */

/**
 * What was lost at each place: at a source by cause, at a stage whose queue was full, by a stage that let go of it. What is
 * missing further down was lost at one of these.
 * @param {import("./answers.js").Ledger} ledger
 * @returns {Loss[]}
 */
export function lossesOf(ledger) {
  return [...ledger].flatMap(([stage, { causes, overflow, dropped, skipped, unaccounted }]) =>
    /** @type {[string, number][]} */ ([...causes, ["", overflow], ["dropped", dropped], ["skipped_after_an_error", skipped], ["nobody_knows_why", unaccounted]])
      .filter(([, frames]) => frames > 0)
      .map(([cause, frames]) => ({ stage, frames, cause })),
  );
}

export class LossWatch {
  constructor() {
    /** @type {Map<string, number> | null} */
    this.before = null;
    /** The newest loss, and when it was seen. @type {{loss: Loss, at_ms: number} | null} */
    this.latest = null;
  }

  /**
   * @param {import("./answers.js").Ledger} ledger
   * @param {number} now_ms
   */
  note(ledger, now_ms) {
    const losses = lossesOf(ledger);
    const key = (/** @type {Loss} */ { stage, cause }) => JSON.stringify([stage, cause]);
    for (const loss of losses) {
      const more = loss.frames - (this.before?.get(key(loss)) ?? 0);
      // What was lost before the page was opened stands in the bar; it is no news.
      if (this.before !== null && more > 0) this.latest = { loss: { ...loss, frames: more }, at_ms: now_ms };
    }
    this.before = new Map(losses.map((loss) => [key(loss), loss.frames]));
  }
}
