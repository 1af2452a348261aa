// Words of the traces' view.

import { counted, decimal, figure, integer, moment } from "./format.js";

/** @param {number} value */
const signed = (value) => `${value < 0 ? "−" : "+"}${figure(Math.abs(value))}`;

export const text = {
  toolbar: "Display",
  secondsPerScreen: "Seconds per screen",
  /** @param {number} seconds */
  seconds: (seconds) => `${decimal(seconds)} s`,
  /** @param {number} seconds */
  secondsOption: (seconds) => `${decimal(seconds)} s / screen`,
  motion: "Motion",
  sweep: "Sweep",
  scroll: "Scroll",
  motionHint: "Sweep draws over the old traces from left to right; scroll moves them (key S)",
  freeze: "Freeze",
  unfreeze: "Go on",
  freezeHint: "Stops and starts the drawing (space bar); the stream goes on",
  topics: "Topics",
  topicsHint: "Which topics are shown",
  noTraces: "No topic with traces is shown.",

  /** @param {string} topic */
  amplitude: (topic) => `Amplitude of ${topic}, per division`,
  /** @param {number} value  @param {string} unit */
  amplitudeOption: (value, unit) => `${integer(value)} ${unit} / div`,
  larger: "Larger traces",
  smaller: "Smaller traces",
  auto: "Auto",
  autoHint: "Choose the amplitude from the last seconds (key A)",
  dcRemoved: "DC removed for display",
  dcShown: "DC shown",
  dcHint: "Takes each channel's slow drift (below 0.35 Hz) away from the picture. The stream is not changed.",
  /** @param {string} topic */
  mains: (topic) => `Mains of ${topic}`,
  mainsHint: "Takes mains hum and its multiples away from the picture. The stream is not changed.",
  /** @param {number} mains_hz */
  mainsOption: (mains_hz) => (mains_hz === 0 ? "Mains shown" : `${mains_hz} Hz removed for display`),
  /** @param {string} topic */
  behind: (topic) => `Topic drawn behind ${topic}`,
  behindNone: "Nothing",
  /** @param {string} topic */
  behindOption: (topic) => topic,
  /** @param {string} topic */
  behindTag: (topic) => `grey: ${topic}, DC removed`,
  mainsField: "Mains",
  behindField: "Drawn behind, in grey",
  more: "More",
  /** @param {string} topic */
  moreHint: (topic) => `Mains, overlay, channels and picture of ${topic}`,
  channels: "Channels",
  /** @param {string} topic */
  channelsHint: (topic) => `Colour, order and visibility of the channels of ${topic}`,
  picture: "PNG",
  /** @param {string} topic */
  pictureHint: (topic) => `Saves the picture of ${topic} as a PNG file`,
  /** @param {string} topic  @param {string} time */
  pictureFile: (topic, time) => `${topic.replace(/[^\w.-]+/g, "_").slice(0, 60)}_${time.replace(/[^\d]+/g, "-")}.png`,

  /** @param {number} channels  @param {number} rate_hz  @param {string} unit */
  form: (channels, rate_hz, unit) => `${counted(channels, "channel", "channels")} · ${decimal(rate_hz)} Hz · ${unit}`,
  waitingForData: "Waiting for data",
  /** @param {string} topic  @param {number} channels  @param {string} perDivision  @param {number} seconds */
  pictureOf: (topic, channels, perDivision, seconds) =>
    `Traces of ${topic}: ${counted(channels, "channel", "channels")}, ${perDivision}, ${decimal(seconds)} s per screen`,
  /** @param {string} topic */
  channelsOf: (topic) => `Channels of ${topic}`,
  /** @param {number} value  @param {string} unit */
  division: (value, unit) => `${integer(value)} ${unit}`,
  divisionHint: "One division: the distance between two zero lines",
  frozenTag: "Frozen",
  settling: "Filters settling",
  railed: "At the rail",
  /** @param {number} n */
  hiddenChannels: (n) => `${counted(n, "channel", "channels")} hidden`,

  // Cursor
  cursor: "Cursor",
  /** @param {string} label  @param {number} value  @param {string} unit  @param {number} time_s  @param {number} index */
  reading: (label, value, unit, time_s, index) =>
    `${label} ${Number.isFinite(value) ? `${figure(value)} ${unit}` : "not received"} · ${moment(time_s)} · sample ${integer(index)}`,
  /** @param {{seconds: number, difference: number, peakToPeak: number, rms: number}} span  @param {string} unit */
  span: ({ seconds, difference, peakToPeak, rms }, unit) =>
    `Δt ${decimal(seconds)} s${seconds === 0 ? "" : ` (${figure(1 / Math.abs(seconds))} Hz)`} · Δ ${signed(difference)} ${unit} · peak to peak ${figure(peakToPeak)} ${unit} · rms ${figure(rms)} ${unit}`,
  measure: "Measure from here",
  measureHint: "Sets the first cursor; the second one moves on (Enter)",
  clear: "Clear",
  clearHint: "Takes both cursors away (Escape)",

  // Channels
  /** @param {string} topic */
  channelsTitle: (topic) => `Channels of ${topic}`,
  shown: "Shown",
  channel: "Channel",
  colour: "Colour",
  inverted: "Inverted",
  offset: "Offset",
  /** @param {string} unit */
  offsetUnit: (unit) => `Offset, ${unit}`,
  order: "Order",
  automatic: "Automatic",
  colours: ["Blue", "Orange", "Green", "Yellow", "Pink", "Violet", "Red", "Grey"],
  /** @param {string} label */
  showChannel: (label) => `Show ${label}`,
  /** @param {string} label */
  colourOf: (label) => `Colour of ${label}`,
  /** @param {string} label */
  invertChannel: (label) => `Invert ${label}`,
  /** @param {string} label */
  offsetOf: (label) => `Offset of ${label}`,
  /** @param {string} label */
  moveUp: (label) => `Move ${label} up`,
  /** @param {string} label */
  moveDown: (label) => `Move ${label} down`,
  showAll: "Show all",
  hideAll: "Hide all",
  reset: "Reset all",
  done: "Done",

  /** Keys and what they do. @type {[string, string][]} */
  keyList: [
    ["Space", "freeze and go on"],
    ["+ −", "larger and smaller traces"],
    ["[ ]", "fewer and more seconds per screen"],
    ["A", "choose the amplitude"],
    ["S", "sweep or scroll"],
    ["← →", "move the cursor of the focused scope by a sample, with Shift by a fiftieth of the screen"],
    ["↑ ↓", "the channel that the cursor reads"],
    ["Enter", "measure from the cursor"],
    ["Esc", "take the cursors away"],
  ],
};
