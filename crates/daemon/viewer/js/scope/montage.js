// Which channels of a topic are drawn, in which order and how: from the stream's labels and what the user chose.

import { plainChannel } from "../shell/settings.js";

/** More lanes than this cannot be told apart; the rest is hidden until it is asked for. */
export const MOST_LANES = 64;

/**
 * @typedef {object} Row  one channel of a topic
 * @property {number} channel  its place in the stream
 * @property {string} key  what its settings are kept under
 * @property {string} label
 * @property {import("../shell/settings.js").ChannelSettings} settings
 * @property {number} colour  number of its trace's colour
 */

/**
 * Labels may occur twice; keys do not.
 * @param {readonly string[]} labels
 * @returns {string[]}
 */
export function keysOf(labels) {
  /** @type {Map<string, number>} */
  const seen = new Map();
  return labels.map((label) => {
    const times = (seen.get(label) ?? 0) + 1;
    seen.set(label, times);
    return times === 1 ? label : `${label} (${times})`;
  });
}

/**
 * Every channel in the order in which it is to be drawn, hidden ones too.
 * @param {readonly string[]} labels
 * @param {import("../shell/settings.js").ScopeSettings} settings
 * @returns {Row[]}
 */
export function rowsOf(labels, { order, channels }) {
  const place = new Map(order.map((key, i) => [key, i]));
  const rows = keysOf(labels).map((key, channel) => {
    const chosen = channels.get(key) ?? { ...plainChannel(), hidden: channel >= MOST_LANES };
    return { channel, key, label: /** @type {string} */ (labels[channel]), settings: chosen, colour: chosen.colour ?? channel % 8 };
  });
  return rows.sort((a, b) => (place.get(a.key) ?? order.length + a.channel) - (place.get(b.key) ?? order.length + b.channel));
}

/**
 * The order after one visible step.
 * @param {readonly Row[]} rows
 * @param {string} key
 * @param {number} step  -1 for up
 * @returns {string[]}
 */
export function moved(rows, key, step) {
  const keys = rows.map((row) => row.key);
  const from = keys.indexOf(key);
  const to = from + step;
  if (from < 0 || to < 0 || to >= keys.length) return keys;
  keys.splice(to, 0, ...keys.splice(from, 1));
  return keys;
}

/**
 * @param {readonly Row[]} rows
 * @returns {import("../engine/painter.js").Lane[]}
 */
export function lanesOf(rows) {
  return rows
    .filter(({ settings }) => !settings.hidden)
    .map(({ channel, colour, settings }) => ({ channel, colour, sign: settings.inverted ? -1 : 1, offset: settings.offset }));
}

/**
 * Lanes of a topic that is drawn behind another: each channel behind the one of the same label, with its sign and offset; by place
 * where no label is the same.
 * @param {readonly Row[]} front
 * @param {readonly string[]} labels  of the topic behind
 * @returns {import("../engine/painter.js").Lane[]}
 */
export function lanesBehind(front, labels) {
  const keys = keysOf(labels);
  const byLabel = front.some(({ key }) => keys.includes(key));
  return front
    .filter(({ settings }) => !settings.hidden)
    .map(({ channel, key, colour, settings }) => ({
      // A channel that is not there is read as nothing.
      channel: byLabel ? keys.indexOf(key) : channel < labels.length ? channel : -1,
      colour,
      sign: settings.inverted ? -1 : 1,
      offset: settings.offset,
    }));
}
