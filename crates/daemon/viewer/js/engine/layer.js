// One topic on one canvas: what of it is shown, how, and up to which sample.

import { amplitudesOf, chooseAmplitude } from "./amplitude.js";
import { knownTo } from "./decimate.js";
import { hiddenCanvas, penOf } from "./ink.js";
import { Pace } from "./pace.js";
import { Painter } from "./painter.js";
import { Sweep } from "./sweep.js";

/** The amplitude is chosen once there is so much to judge by, and again when drifts at the start have settled. */
const AUTO_AFTER_S = /** @type {const} */ ([1, 5]);
/** The amplitude is chosen from the newest samples, so many seconds of them. */
const AUTO_FROM_S = 2;

/**
 * How a layer looks, as the user wants it.
 * @typedef {object} Look
 * @property {number | null} perDivision  display units; null leaves it to the page
 * @property {boolean} removeDc
 * @property {import("./painter.js").Lane[]} lanes
 * @property {boolean} ghost
 *
 * What holds for all layers.
 * @typedef {object} Display
 * @property {number} seconds  per screen
 * @property {"sweep" | "scroll"} motion
 * @property {import("./ink.js").Ink} ink
 * @property {{origin_s: number}} clock  all layers count columns from this moment, so the same time stands at the same place
 */

export class Layer {
  /**
   * @param {import("./topic.js").Topic} topic
   * @param {import("./ink.js").Canvas} canvas
   * @param {Layer | null} front  the layer this one is drawn behind
   * @param {(perDivision: number) => void} chosen  told when the amplitude was chosen for the user
   */
  constructor(topic, canvas, front, chosen) {
    this.topic = topic;
    this.canvas = canvas;
    this.front = front;
    this.chosen = chosen;
    this.density = 1;
    /** @type {Look} */
    this.look = { perDivision: null, removeDc: false, lanes: [], ghost: false };
    this.perDivision = 100;
    this.painter = new Painter(canvas);
    this.form = 0;
    /** How often the amplitude has been chosen since the start; the user's own choice ends it. */
    this.choices = 0;
    this.pace = new Pace(1);
    this.head = 0;
    /** @type {Sweep | null} */
    this.sweep = null;
    /** @type {{shown: import("./decimate.js").Shown, head: number} | null} */
    this.still = null;
    /** A sweep that is shown scrolling: it is drawn here, and from here to the canvas. @type {Painter | null} */
    this.roll = null;
    this.marksDrawn = 0;
    this.column = NaN;
  }

  /** What there is to see. @returns {import("./decimate.js").Shown | null} */
  get shown() {
    const { ring, baseline, mains } = this.topic;
    if (this.still !== null) return { ...this.still.shown, baseline: this.look.removeDc ? this.still.shown.baseline : null };
    return ring === null ? null : { ring, baseline: this.look.removeDc ? baseline : null, mains };
  }

  /**
   * Draws what is new.
   * @param {number} elapsed_s  since the last frame of the screen
   * @param {Display} display
   * @returns {boolean} whether anything was drawn
   */
  frame(elapsed_s, display) {
    const { topic, canvas } = this;
    const { stream } = topic;
    if (topic.form !== this.form && !this.reform()) return false;
    const { shown } = this;
    if (stream === null || shown === null) return false;
    if (!this.still && topic.nextIndex >= 0 && shown.ring.end >= (AUTO_AFTER_S[this.choices] ?? Infinity) * stream.rate_hz) {
      this.choices += 1;
      if (this.look.perDivision === null) this.chooseAmplitude();
    }
    this.head = this.still?.head ?? this.pace.advance(knownTo(shown), elapsed_s);
    if (canvas.width === 0 || canvas.height === 0) return false;
    if (this.front?.canvas.width === 0) return false;
    const sweep = (this.sweep ??= this.makeSweep(stream.rate_hz, display));
    const painter = this.painterFor(display.motion);
    if (topic.marks.count !== this.marksDrawn) {
      const earliest = topic.marks.earliestSince(this.marksDrawn);
      if (earliest < this.head) painter.goBack(sweep.columnOf(earliest) - 1);
      this.marksDrawn = topic.marks.count;
    } else if (this.still !== null && !Number.isNaN(painter.lastColumn)) return false;
    painter.draw({
      shown,
      lanes: this.look.lanes,
      marks: topic.marks.list,
      sweep,
      head: this.head,
      perDivision: this.front?.perDivision ?? this.perDivision,
      ink: display.ink,
      density: this.density,
      ghost: this.look.ghost,
      edge: display.motion === "sweep",
    });
    this.column = this.head > 0 ? sweep.columnOf(this.head - 1) : NaN;
    if (painter !== this.painter) this.unroll(painter, sweep);
    return true;
  }

  /** @param {"sweep" | "scroll"} motion */
  painterFor(motion) {
    const { width, height } = this.canvas;
    if (motion === "sweep") {
      this.roll = null;
      return this.painter;
    }
    if (this.roll === null || this.roll.canvas.width !== width || this.roll.canvas.height !== height) {
      this.roll = new Painter(hiddenCanvas(width, height));
    }
    return this.roll;
  }

  /**
   * Shows the newest column at the right edge, the oldest at the left.
   * @param {Painter} roll
   * @param {Sweep} sweep
   */
  unroll(roll, sweep) {
    const pen = penOf(this.canvas);
    const { width, height } = this.canvas;
    pen.clearRect(0, 0, width, height);
    const right = this.front !== null && Number.isFinite(this.front.column) ? this.front.column : this.column;
    if (Number.isNaN(right)) return;
    const cut = sweep.placeOf(right) + 1;
    if (cut < width) pen.drawImage(roll.canvas, cut, 0, width - cut, height, 0, 0, width - cut, height);
    pen.drawImage(roll.canvas, 0, 0, cut, height, width - cut, 0, cut, height);
  }

  /**
   * @param {number} rate_hz
   * @param {Display} display
   */
  makeSweep(rate_hz, { seconds, clock }) {
    const { origin_s } = this.topic;
    if (Number.isNaN(clock.origin_s)) clock.origin_s = origin_s;
    const phase = Math.round((origin_s - clock.origin_s) * rate_hz);
    return new Sweep(this.canvas.width, seconds * rate_hz, Number.isFinite(phase) ? phase : 0);
  }

  /** The topic has another form, or its first. @returns {boolean} whether there is anything to draw */
  reform() {
    const { topic } = this;
    // The form is announced before the first packet; only with that is the origin known.
    if (topic.stream === null || topic.ring === null || topic.nextIndex < 0) return false;
    this.form = topic.form;
    this.choices = 0;
    this.still = null;
    this.pace = new Pace(topic.stream.rate_hz);
    this.marksDrawn = topic.marks.count;
    this.redraw();
    return true;
  }

  /** @param {Look} look */
  setLook(look) {
    this.look = look;
    const amplitudes = amplitudesOf(this.topic.unit);
    if (look.perDivision !== null) this.perDivision = look.perDivision;
    else if (!amplitudes.includes(this.perDivision)) this.perDivision = /** @type {number} */ (amplitudes[3]);
    this.redraw();
  }

  /** The user asks for the amplitude to be chosen from what there is to see. */
  chooseAmplitude() {
    const { shown } = this;
    const { stream, unit } = this.topic;
    if (stream === null || shown === null) return;
    const to = this.still?.head ?? knownTo(shown);
    const from = Math.max(shown.ring.start, to - Math.round(AUTO_FROM_S * stream.rate_hz));
    const channels = this.look.lanes.map((lane) => lane.channel);
    const choice = chooseAmplitude(shown, channels, from, to, amplitudesOf(unit));
    if (choice === null) return;
    this.perDivision = choice;
    this.redraw();
    this.chosen(choice);
  }

  /** @param {boolean} frozen */
  setFrozen(frozen) {
    const { ring, baseline, mains } = this.topic;
    if (!frozen) {
      this.still = null;
      this.redraw();
    } else if (ring !== null && baseline !== null) {
      const shown = { ring: ring.copy(), baseline: baseline.copy(), mains: mains?.copy() ?? null };
      this.still = { shown, head: Math.max(0, Math.min(this.head, ring.end)) };
    }
  }

  /**
   * @param {number} width  device pixels
   * @param {number} height  device pixels
   * @param {number} density
   */
  resize(width, height, density) {
    this.density = density;
    if (this.canvas.width !== width || this.canvas.height !== height) {
      this.canvas.width = width;
      this.canvas.height = height;
    }
    this.redraw();
  }

  /** Everything is drawn anew at the next frame of the screen. */
  redraw() {
    this.sweep = null;
    this.painter.forget();
    this.roll?.forget();
  }
}
