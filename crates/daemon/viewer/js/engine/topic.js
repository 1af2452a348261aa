// One topic as received: its form, its newest samples, and an account of everything that did not come.

import { displayScale, displayUnit } from "./amplitude.js";
import { Baseline } from "./baseline.js";
import { FrameError } from "./frame.js";
import { MainsNotch } from "./mains.js";
import { Marks } from "./marks.js";
import { RateMeter } from "./rate.js";
import { SampleRing } from "./ring.js";
import { kindOf } from "./topic_kind.js";
import { text } from "../text/core.js";

/** Samples kept beyond one screen, so that the edge may lag behind the newest. */
const SPARE_S = 2;
/** Most values kept, 128 MiB: 64 channels at 4000 samples/s for two minutes. */
const MOST_VALUES = 2 ** 25;

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
    /** @type {import("./topic_kind.js").TopicKind} */
    this.kind = "traces";
    /** Null before the form is known, and for figures, which are not kept here. @type {SampleRing | null} */
    this.ring = null;
    /** @type {Baseline | null} */
    this.baseline = null;
    /** @type {MainsNotch | null} */
    this.mains = null;
    this.mains_hz = 0;
    this.marks = new Marks();
    this.scale = new Float64Array(0);
    this.unit = "";
    /** Counts how often the form changed; a layer draws anew when it differs. */
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
   * @returns {boolean} whether the form is another
   */
  describe(stream) {
    const before = this.stream;
    this.stream = stream;
    this.meter.reset();
    if (before !== null && sameForm(before, stream)) return false;
    this.form += 1;
    this.kind = kindOf(stream);
    this.scale = displayScale(stream);
    this.unit = displayUnit(stream);
    this.nextIndex = -1;
    this.marks.clear();
    this.ring = this.kind === "traces" ? new SampleRing(stream.channels.length, this.capacity) : null;
    this.derive();
    return true;
  }

  /**
   * @param {import("./frame.js").Frame} frame
   * @param {number} now_ms  of arrival
   * @throws {FrameError} when it is not of the form that was announced
   */
  accept(frame, now_ms) {
    const { stream, ring } = this;
    if (stream === null) throw new FrameError(text.frameUnannounced(frame.stream));
    if (frame.dtype !== stream.dtype || frame.channels !== stream.channels.length) {
      throw new FrameError(text.frameForm(this.name));
    }
    let broken = false;
    if (this.nextIndex < 0) {
      this.origin_s = frame.time_s;
    } else {
      broken = this.account(frame, stream.rate_hz, now_ms) || frame.gapBefore;
    }
    ring?.append(frame.values, frame.frames, this.scale, broken);
    this.follow();
    this.nextIndex = frame.index + frame.frames;
    this.nextTime_s = frame.time_s + frame.frames / stream.rate_hz;
    this.packets += 1;
    this.samples += frame.frames;
    this.settling = frame.settling;
    this.railed = frame.railed;
    this.lastPacket_ms = now_ms;
    this.meter.note(frame.time_s, frame.index);
  }

  /**
   * Leaves room for what did not come between the last packet and this one.
   * @param {import("./frame.js").Frame} frame
   * @param {number} rate_hz
   * @param {number} now_ms
   * @returns {boolean} whether the frame does not follow from the one before it
   */
  account(frame, rate_hz, now_ms) {
    const jump = frame.index - this.nextIndex;
    if (jump === 0) return false;
    const silence_s = frame.time_s - this.nextTime_s;
    // A later index that does not fit the time is another run of the pipeline, which counts from its own start.
    const sameRun = jump > 0 && Math.abs(silence_s - jump / rate_hz) <= Math.max(1, (0.02 * jump) / rate_hz);
    if (sameRun) {
      this.ring?.skip(jump);
      this.lost += jump;
      this.lastLoss_ms = now_ms;
    } else {
      this.ring?.skip(Math.max(0, Math.round(silence_s * rate_hz)));
      this.restarts += 1;
      this.lastRestart_ms = now_ms;
      this.meter.reset();
    }
    return true;
  }

  /**
   * @param {number} packets  that the daemon did not send because this page was too slow
   */
  lag(packets) {
    this.lagged += packets;
  }

  /**
   * Something happened: it stands at the sample of its time, to within half a sample.
   * @param {import("./messages.js").Happening} event
   */
  mark(event) {
    const { stream, ring } = this;
    if (stream === null || ring === null || this.nextIndex < 0 || Number.isNaN(event.time_s)) return;
    const position = Math.round(ring.end + (event.time_s - this.nextTime_s) * stream.rate_hz);
    this.marks.add(position, Math.round(event.duration_s * stream.rate_hz), event);
  }

  /**
   * @param {number} position
   * @returns {{time_s: number, index: number}} of the sample there, by the packet that came last
   */
  momentOf(position) {
    const back = (this.ring?.end ?? 0) - position;
    return { time_s: this.nextTime_s - back / (this.stream?.rate_hz ?? NaN), index: this.nextIndex - back };
  }

  /** @param {number} seconds  that one screen shows */
  setSeconds(seconds) {
    this.seconds = seconds;
    if (this.ring === null) return;
    this.ring = this.ring.copy(this.capacity);
    this.derive();
  }

  /** @param {number} mains_hz  to be taken away for display; 0 for none */
  setMains(mains_hz) {
    if (this.mains_hz === mains_hz) return;
    this.mains_hz = mains_hz;
    this.derive();
  }

  /** Makes anew what is derived from the ring. */
  derive() {
    const { stream, ring, mains_hz } = this;
    if (stream === null || ring === null) {
      this.baseline = null;
      this.mains = null;
      return;
    }
    this.baseline = new Baseline(ring.channels, stream.rate_hz, ring.capacity);
    this.mains = mains_hz > 0 ? new MainsNotch(mains_hz, ring.channels, stream.rate_hz, ring.capacity) : null;
    this.follow();
  }

  follow() {
    if (this.ring === null) return;
    this.baseline?.follow(this.ring);
    this.mains?.follow(this.ring);
  }

  /** Frames that are kept. */
  get capacity() {
    const { rate_hz, channels } = /** @type {Stream} */ (this.stream);
    const wanted = Math.ceil((this.seconds + SPARE_S) * rate_hz);
    return Math.max(1, Math.min(wanted, Math.floor(MOST_VALUES / channels.length)));
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
