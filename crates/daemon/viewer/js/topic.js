// One topic as received: its form, its newest samples, and an account of everything that did not come.

import { Baseline } from "./baseline.js";
import { FrameError } from "./frame.js";
import { RateMeter } from "./rate.js";
import { SampleRing } from "./ring.js";
import { displayScale, displayUnit } from "./amplitude.js";
import { text } from "./text.js";

/** Samples kept beyond one screen, so that the edge may lag behind the newest. */
const SPARE_S = 2;

/** @typedef {import("./messages.js").Stream} Stream */

export class Topic {
  /**
   * @param {string} name
   * @param {number} seconds  that one screen shows
   */
  constructor(name, seconds) {
    this.name = name;
    this.seconds = seconds;
    /** @type {Stream | null} */
    this.stream = null;
    /** @type {SampleRing | null} */
    this.ring = null;
    /** @type {Baseline | null} */
    this.baseline = null;
    this.scale = new Float64Array(0);
    this.unit = "";
    /** Counts how often the form changed; a scope draws anew when it differs. */
    this.form = 0;
    /** Time of position 0, seconds since the Unix epoch. */
    this.origin_s = NaN;
    this.nextIndex = -1;
    this.nextTime_s = NaN;

    this.packets = 0;
    this.samples = 0;
    this.lost = 0;
    this.lagged = 0;
    this.restarts = 0;
    this.lastLoss_ms = NaN;
    this.lastRestart_ms = NaN;
    this.lastPacket_ms = NaN;
    this.settling = false;
    this.railed = false;
    this.meter = new RateMeter();
  }

  /**
   * The daemon describes the frames to come. Samples are kept when the form is what it was, as after a reconnection.
   * @param {Stream} stream
   */
  describe(stream) {
    const before = this.stream;
    this.stream = stream;
    this.meter.reset();
    if (before !== null && sameForm(before, stream)) return;
    this.form += 1;
    this.scale = displayScale(stream);
    this.unit = displayUnit(stream);
    this.ring = new SampleRing(stream.channels.length, this.capacity(stream.rate_hz));
    this.baseline = new Baseline(stream.channels.length, stream.rate_hz, this.ring.capacity);
    this.nextIndex = -1;
  }

  /**
   * @param {import("./frame.js").Frame} frame
   * @param {number} now_ms  of arrival
   * @throws {FrameError} when it is not of the form that was announced
   */
  accept(frame, now_ms) {
    const { stream, ring, baseline } = this;
    if (stream === null || ring === null || baseline === null) throw new FrameError(text.frameUnannounced(frame.stream));
    if (frame.dtype !== stream.dtype || frame.channels !== stream.channels.length) {
      throw new FrameError(text.frameForm(this.name));
    }
    let broken = false;
    if (this.nextIndex < 0) {
      this.origin_s = frame.time_s;
    } else {
      broken = this.account(frame, ring, stream.rate_hz, now_ms) || frame.gapBefore;
    }
    ring.append(frame.values, frame.frames, this.scale, broken);
    baseline.follow(ring);
    this.nextIndex = frame.index + frame.frames;
    this.nextTime_s = frame.time_s + frame.frames / stream.rate_hz;
    this.packets += 1;
    this.samples += frame.frames;
    this.settling = frame.settling;
    this.railed = frame.railed;
    this.lastPacket_ms = now_ms;
    this.meter.note(now_ms, this.samples);
  }

  /**
   * Leaves room for what did not come between the last packet and this one.
   * @param {import("./frame.js").Frame} frame
   * @param {SampleRing} ring
   * @param {number} rate_hz
   * @param {number} now_ms
   * @returns {boolean} whether the frame does not follow from the one before it
   */
  account(frame, ring, rate_hz, now_ms) {
    const jump = frame.index - this.nextIndex;
    if (jump === 0) return false;
    const silence_s = frame.time_s - this.nextTime_s;
    // A later index that does not fit the time is another run of the pipeline, which counts from its own start.
    const sameRun = jump > 0 && Math.abs(silence_s - jump / rate_hz) <= Math.max(1, (0.02 * jump) / rate_hz);
    if (sameRun) {
      ring.skip(jump);
      this.lost += jump;
      this.lastLoss_ms = now_ms;
      this.meter.reset();
      return true;
    }
    ring.skip(Math.max(0, Math.round(silence_s * rate_hz)));
    this.restarts += 1;
    this.lastRestart_ms = now_ms;
    this.meter.reset();
    return true;
  }

  /**
   * @param {number} packets  that the daemon did not send because this page was too slow
   */
  lag(packets) {
    this.lagged += packets;
  }

  /** @param {number} seconds  that one screen shows */
  setSeconds(seconds) {
    this.seconds = seconds;
    if (this.stream === null || this.ring === null) return;
    const { rate_hz, channels } = this.stream;
    this.ring = this.ring.copy(this.capacity(rate_hz));
    this.baseline = new Baseline(channels.length, rate_hz, this.ring.capacity);
    this.baseline.follow(this.ring);
  }

  /** @param {number} rate_hz */
  capacity(rate_hz) {
    return Math.ceil((this.seconds + SPARE_S) * rate_hz);
  }
}

/**
 * @param {Stream} a
 * @param {Stream} b
 */
function sameForm(a, b) {
  const form = (/** @type {Stream} */ s) => JSON.stringify([s.rate_hz, s.unit, s.dtype, s.channels]);
  return form(a) === form(b);
}
