// Words of the signal's quality.

import { figure } from "./format.js";

export const text = {
  head: "Electrodes",
  table: "Figures",
  electrode: "Electrode",
  state: "State",
  impedance: "Impedance",
  railed: "At a rail",
  flat: "Flat",
  off: "Off",
  mains: "Mains",
  states: { good: "good", note: "look at it", bad: "bad", unknown: "not known" },
  whys: {
    off: "electrode off",
    railed: "at a rail",
    flat: "flat",
    mains: "much mains",
    impedance: "high impedance",
  },
  kohm: (/** @type {number} */ kohm) => (Number.isFinite(kohm) ? `${figure(kohm)} kΩ` : "–"),
  percent: (/** @type {number} */ share) => (Number.isFinite(share) ? (share > 0 && share < 0.001 ? "< 0.1 %" : `${figure(share * 100)} %`) : "–"),
  yes: "yes",
  no: "no",
  unknown: "–",
  summary: (/** @type {number} */ good, /** @type {number} */ all) => `${good} of ${all} electrodes are good.`,
  picture: (/** @type {string} */ summary) => `Head seen from above, nose up. ${summary}`,
  none: "This pipeline does not watch the signal's quality.",
  add: "Add quality",
  addHint: "Adds a quality stage with its topic to the running pipeline",
  waiting: "Waiting for the first figures.",
};
