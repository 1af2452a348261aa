// Words of the spectra.

import { decimal, figure } from "./format.js";

export const text = {
  topic: "Spectra",
  channel: "Channel",
  all: "All channels",
  mains: "Mains",
  mainsOption: (/** @type {number} */ hz) => `mains ${hz} Hz`,
  psd: "Power spectral density",
  spectrogram: "Spectrogram",
  bands: "Band power",
  trend: "Trend of the last minutes",
  hertz: (/** @type {number} */ hz) => `${decimal(hz)} Hz`,
  decibels: (/** @type {number} */ db) => `${figure(db)} dB`,
  density: "dB re 1 µV²/Hz",
  ago: (/** @type {number} */ seconds) => `−${decimal(seconds)} s`,
  /** @param {string} channel  @param {number} peak_hz  @param {number} mains_hz  @param {number} mains_db */
  summary: (channel, peak_hz, mains_hz, mains_db) =>
    `${channel}: highest between 7 and 14 Hz at ${decimal(peak_hz)} Hz${Number.isFinite(mains_db) ? `; ${mains_hz} Hz stands ${figure(mains_db)} dB above its neighbours` : ""}.`,
  picture: (/** @type {string} */ what, /** @type {string} */ of) => `${what} of ${of}`,
  band: "Band",
  value: (/** @type {number} */ value, /** @type {string} */ unit) => `${figure(unit === "1" ? value * 100 : value)} ${unit === "1" ? "%" : unit.replace("u", "µ").replace("^2", "²")}`,
  none: "This pipeline makes no spectra.",
  add: "Add spectra",
  addHint: "Adds psd and band_power with their topics to the running pipeline",
  waiting: "Waiting for the first spectrum.",
};
