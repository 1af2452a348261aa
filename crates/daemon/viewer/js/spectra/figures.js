// Figures as they come from psd, spectrogram, band_power, quality and impedance: by electrode and part, newest last.

import { partsOf } from "../engine/topic_kind.js";

/** Most values kept of one topic, 16 MB. */
const MOST_VALUES = 2 ** 22;
const MOST_FRAMES = 600;

export class Figures {
  /** @param {import("../engine/messages.js").Stream} stream */
  constructor(stream) {
    this.topic = stream.topic;
    this.rate_hz = stream.rate_hz;
    const parts = stream.channels.map(({ label }) => partsOf(label));
    this.electrodes = [...new Set(parts.map(({ electrode }) => electrode))];
    this.parts = [...new Set(parts.map(({ part }) => part))];
    this.hz = this.parts.map(Number);
    this.unit = stream.channels[0]?.unit ?? "";
    /** Place in a frame of each electrode and part; -1 where there is none. */
    this.places = new Int32Array(this.electrodes.length * this.parts.length).fill(-1);
    const electrode = new Map(this.electrodes.map((name, i) => [name, i]));
    const part = new Map(this.parts.map((name, i) => [name, i]));
    parts.forEach((named, channel) => {
      this.places[(electrode.get(named.electrode) ?? 0) * this.parts.length + (part.get(named.part) ?? 0)] = channel;
    });
    this.channels = stream.channels.length;
    this.capacity = Math.max(1, Math.min(MOST_FRAMES, Math.floor(MOST_VALUES / this.channels)));
    this.values = new Float32Array(this.capacity * this.channels);
    this.count = 0;
  }

  /**
   * @param {ArrayLike<number>} values  `[frame][channel]`
   * @param {number} frames
   */
  append(values, frames) {
    for (let frame = 0; frame < frames; frame++) {
      const to = (this.count % this.capacity) * this.channels;
      for (let c = 0; c < this.channels; c++) this.values[to + c] = /** @type {number} */ (values[frame * this.channels + c]);
      this.count += 1;
    }
  }

  /** Frames that are kept. */
  get kept() {
    return Math.min(this.count, this.capacity);
  }

  /**
   * @param {number} electrode
   * @param {number} part
   * @param {number} [back]  frames before the newest
   * @returns {number} NaN where there is none
   */
  at(electrode, part, back = 0) {
    const place = /** @type {number} */ (this.places[electrode * this.parts.length + part]);
    if (place < 0 || back >= this.kept) return NaN;
    return /** @type {number} */ (this.values[((this.count - 1 - back) % this.capacity) * this.channels + place]);
  }

  /** Power as decibels, whatever the topic has. @param {number} electrode @param {number} part @param {number} [back] */
  decibels(electrode, part, back = 0) {
    const value = this.at(electrode, part, back);
    return this.unit.startsWith("dB") ? value : 10 * Math.log10(value);
  }
}
