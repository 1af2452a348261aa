// What the user chose, kept across reloads where the browser allows it, and kept for this page where it does not.

import { DEFAULT_SECONDS, SECONDS } from "../engine/amplitude.js";

const KEY = "eegd.viewer.1";

/**
 * @typedef {object} ChannelSettings
 * @property {number | null} colour  number of a trace's colour; null for the one of its place
 * @property {boolean} inverted
 * @property {number} offset  display units
 * @property {boolean} hidden
 *
 * Choices for one topic; null leaves them to the page.
 * @typedef {object} ScopeSettings
 * @property {number | null} perDivision
 * @property {boolean | null} removeDc
 * @property {number} mains_hz  0 to leave the hum
 * @property {string | null} behind  the topic drawn behind this one
 * @property {string[]} order  channels that were moved, from the top
 * @property {Map<string, ChannelSettings>} channels  by key of the channel
 *
 * @typedef {"sweep" | "scroll"} Motion
 */

/** @returns {ChannelSettings} */
export const plainChannel = () => ({ colour: null, inverted: false, offset: 0, hidden: false });
/** @returns {ScopeSettings} */
const plainScope = () => ({ perDivision: null, removeDc: null, mains_hz: 0, behind: null, order: [], channels: new Map() });

export class Settings {
  /**
   * @param {() => Pick<Storage, "getItem" | "setItem">} storage  may throw, as `window.localStorage` does when forbidden
   */
  constructor(storage) {
    this.storage = storage;
    /** @type {number} */
    this.seconds = DEFAULT_SECONDS;
    /** @type {Motion} */
    this.motion = "sweep";
    /** Topics that are not to be shown. @type {Set<string>} */
    this.hidden = new Set();
    /** Texts of the markers that keys 1 to 9 set. @type {string[]} */
    this.markers = [];
    /** Fields of the last study. @type {Record<string, string>} */
    this.study = {};
    /** @type {Map<string, ScopeSettings>} */
    this.scopes = new Map();
    try {
      this.read(record(JSON.parse(storage().getItem(KEY) ?? "{}")));
    } catch {
      // Forbidden, or written by another version: the defaults stand.
    }
  }

  /** @param {Record<string, unknown>} value  whatever was stored */
  read(value) {
    const known = SECONDS.find((preset) => preset === value.seconds);
    if (known !== undefined) this.seconds = known;
    if (value.motion === "scroll") this.motion = "scroll";
    this.hidden = new Set(strings(value.hidden));
    this.markers = strings(value.markers).slice(0, 9);
    const study = Object.entries(record(value.study)).filter(([, text]) => typeof text === "string");
    this.study = /** @type {Record<string, string>} */ (Object.fromEntries(study));
    for (const [topic, stored] of Object.entries(record(value.scopes))) this.scopes.set(topic, readScope(record(stored)));
  }

  /**
   * @param {string} topic
   * @returns {ScopeSettings}
   */
  scope(topic) {
    return this.scopes.get(topic) ?? plainScope();
  }

  /**
   * @param {string} topic
   * @param {Partial<ScopeSettings>} change
   */
  setScope(topic, change) {
    this.scopes.set(topic, { ...this.scope(topic), ...change });
    this.write();
  }

  /**
   * @param {string} topic
   * @param {string} channel
   * @param {Partial<ChannelSettings>} change
   */
  setChannel(topic, channel, change) {
    const channels = new Map(this.scope(topic).channels);
    channels.set(channel, { ...(channels.get(channel) ?? plainChannel()), ...change });
    this.setScope(topic, { channels });
  }

  /** @param {Partial<Pick<Settings, "seconds" | "motion" | "hidden" | "markers" | "study">>} change */
  set(change) {
    Object.assign(this, change);
    this.write();
  }

  write() {
    const scopes = [...this.scopes].map(([topic, scope]) => [topic, { ...scope, channels: Object.fromEntries(scope.channels) }]);
    const { seconds, motion, markers, study } = this;
    const stored = { seconds, motion, markers, study, hidden: [...this.hidden], scopes: Object.fromEntries(scopes) };
    try {
      this.storage().setItem(KEY, JSON.stringify(stored));
    } catch {
      // Forbidden or full: the choice holds until the page is closed.
    }
  }
}

/**
 * @param {Record<string, unknown>} value
 * @returns {ScopeSettings}
 */
function readScope(value) {
  const { perDivision, removeDc, mains_hz, behind } = value;
  const channels = Object.entries(record(value.channels)).map(([key, stored]) => {
    const { colour, inverted, offset, hidden } = record(stored);
    /** @type {ChannelSettings} */
    const channel = {
      colour: typeof colour === "number" && Number.isInteger(colour) && colour >= 0 && colour < 8 ? colour : null,
      inverted: inverted === true,
      offset: typeof offset === "number" && Number.isFinite(offset) ? offset : 0,
      hidden: hidden === true,
    };
    return /** @type {const} */ ([key, channel]);
  });
  return {
    perDivision: typeof perDivision === "number" && perDivision > 0 ? perDivision : null,
    removeDc: typeof removeDc === "boolean" ? removeDc : null,
    mains_hz: mains_hz === 50 || mains_hz === 60 ? mains_hz : 0,
    behind: typeof behind === "string" && behind !== "" ? behind : null,
    order: strings(value.order),
    channels: new Map(channels),
  };
}

/** @param {unknown} value @returns {Record<string, unknown>} */
function record(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? /** @type {Record<string, unknown>} */ (value) : {};
}

/** @param {unknown} value @returns {string[]} */
function strings(value) {
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
}
