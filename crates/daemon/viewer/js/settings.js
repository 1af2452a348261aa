// What the user chose, kept across reloads where the browser allows it, and kept for this page where it does not.

import { DEFAULT_SECONDS, SECONDS } from "./amplitude.js";

const KEY = "eegd.viewer.1";

/**
 * Choices for one topic; null leaves them to the page.
 * @typedef {{perDivision: number | null, removeDc: boolean | null}} ScopeSettings
 */

export class Settings {
  /**
   * @param {() => Pick<Storage, "getItem" | "setItem">} storage  may throw, as `window.localStorage` does when forbidden
   */
  constructor(storage) {
    this.storage = storage;
    /** @type {number} */
    this.seconds = DEFAULT_SECONDS;
    /** @type {Map<string, ScopeSettings>} */
    this.scopes = new Map();
    try {
      this.read(JSON.parse(storage().getItem(KEY) ?? "{}"));
    } catch {
      // Forbidden, or written by another version: the defaults stand.
    }
  }

  /** @param {unknown} value  whatever was stored */
  read(value) {
    const { seconds, scopes } = /** @type {{seconds?: unknown, scopes?: unknown}} */ (value);
    const known = SECONDS.find((preset) => preset === seconds);
    if (known !== undefined) this.seconds = known;
    if (typeof scopes !== "object" || scopes === null) return;
    for (const [topic, stored] of Object.entries(scopes)) {
      const { perDivision, removeDc } = /** @type {Record<string, unknown>} */ (stored ?? {});
      this.scopes.set(topic, {
        perDivision: typeof perDivision === "number" && perDivision > 0 ? perDivision : null,
        removeDc: typeof removeDc === "boolean" ? removeDc : null,
      });
    }
  }

  /**
   * @param {string} topic
   * @returns {ScopeSettings}
   */
  scope(topic) {
    return this.scopes.get(topic) ?? { perDivision: null, removeDc: null };
  }

  /** @param {number} seconds */
  setSeconds(seconds) {
    this.seconds = seconds;
    this.write();
  }

  /**
   * @param {string} topic
   * @param {Partial<ScopeSettings>} change
   */
  setScope(topic, change) {
    this.scopes.set(topic, { ...this.scope(topic), ...change });
    this.write();
  }

  write() {
    try {
      const stored = { seconds: this.seconds, scopes: Object.fromEntries(this.scopes) };
      this.storage().setItem(KEY, JSON.stringify(stored));
    } catch {
      // Forbidden or full: the choice holds until the page is closed.
    }
  }
}
