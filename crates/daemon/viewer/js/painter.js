// Draws traces as a sweep: only the columns that are new, and an erased bar ahead of them.
//
// Each piece is cleared, clipped and drawn again from a few columns before it, so that a joint between two frames of the
// screen looks exactly as if it had been drawn at once.

import { brokenColumns, eachGap, extremes, readChannel } from "./decimate.js";
import { MISSING, BREAK } from "./ring.js";
import { yOf } from "./sweep.js";

/** A line without length is not drawn, so the dot of a sample that is alone has this much, in pixels. */
const DOT = 0.05;

/**
 * What to draw.
 * @typedef {object} Picture
 * @property {import("./ring.js").SampleRing} ring
 * @property {import("./baseline.js").Baseline | null} baseline  to be taken away, or null
 * @property {import("./sweep.js").Sweep} sweep
 * @property {number} head  position one past the last sample to draw
 * @property {number} perDivision  display units
 * @property {import("./theme.js").Theme} theme
 * @property {number} lineWidth  device pixels
 * @property {number} eraseWidth  device pixels
 */

export class Painter {
  /** @param {HTMLCanvasElement} canvas */
  constructor(canvas) {
    const context = canvas.getContext("2d");
    if (context === null) throw new Error("this browser has no 2D canvas");
    this.canvas = canvas;
    this.context = context;
    this.values = new Float32Array(0);
    this.extremes = new Float32Array(0);
    this.broken = new Uint8Array(0);
    /** The last column that was drawn; NaN when the canvas shows nothing to go on from. */
    this.lastColumn = NaN;
  }

  /** The next drawing starts from an empty canvas. */
  forget() {
    this.lastColumn = NaN;
  }

  /** @param {Picture} picture */
  draw(picture) {
    const { canvas, context } = this;
    const { ring, sweep, head, lineWidth, eraseWidth } = picture;
    if (head <= ring.start) {
      if (Number.isNaN(this.lastColumn)) context.clearRect(0, 0, canvas.width, canvas.height);
      return;
    }
    const last = sweep.columnOf(head - 1);
    const whole = last - sweep.width + 1 + eraseWidth;
    const overlap = Math.ceil(lineWidth) + 1;
    let from = this.lastColumn - overlap;
    if (!(from >= whole)) {
      context.clearRect(0, 0, canvas.width, canvas.height);
      from = whole;
    }
    this.lastColumn = last;
    for (let column = from; column <= last; ) {
      const number = sweep.sweepOf(column);
      const end = Math.min(last, (number + 1) * sweep.width - 1);
      this.drawPiece(picture, number * sweep.width, column, end, overlap);
      column = end + 1;
    }
    this.erase((((last + 1) % sweep.width) + sweep.width) % sweep.width, eraseWidth);
  }

  /**
   * @param {number} x
   * @param {number} width  wraps to the left edge
   */
  erase(x, width) {
    const { canvas, context } = this;
    context.clearRect(x, 0, width, canvas.height);
    if (x + width > canvas.width) context.clearRect(0, 0, x + width - canvas.width, canvas.height);
  }

  /**
   * @param {Picture} picture
   * @param {number} left  column at the left edge of the canvas in this sweep
   * @param {number} from  column
   * @param {number} to  column, included
   * @param {number} overlap  columns on either side whose ink reaches into this piece
   */
  drawPiece(picture, left, from, to, overlap) {
    const { canvas, context } = this;
    const { ring, baseline, sweep, head, theme, lineWidth } = picture;
    const firstColumn = from - overlap;
    const columns = to + overlap + 1 - firstColumn;
    // One sample more on either side, for the lines that come from there.
    const first = Math.max(ring.start, sweep.firstIn(firstColumn) - 1);
    const stop = Math.min(head, sweep.firstIn(firstColumn + columns) + 1);

    context.save();
    context.beginPath();
    context.rect(from - left, 0, to - from + 1, canvas.height);
    context.clip();
    context.clearRect(from - left, 0, to - from + 1, canvas.height);
    this.drawGaps(picture, left, first, stop);
    context.lineWidth = lineWidth;
    context.lineJoin = "round";
    context.lineCap = "round";
    this.reserve(stop - first, columns);
    if (sweep.dense) brokenColumns(ring, first, stop, sweep, firstColumn, columns, this.broken);
    for (let channel = 0; channel < ring.channels && stop > first; channel++) {
      readChannel(ring, baseline, channel, first, stop, this.values);
      context.strokeStyle = theme.trace(channel);
      context.beginPath();
      if (sweep.dense) {
        extremes(this.values, first, stop, sweep, firstColumn, columns, this.extremes);
        this.traceColumns(picture, channel, firstColumn - left, columns);
      } else {
        this.traceSamples(picture, channel, left, first, stop);
      }
      context.stroke();
    }
    context.restore();
  }

  /**
   * Hatches what is missing, as wide as it lasted; a break without width is a line.
   * @param {Picture} picture
   * @param {number} left
   * @param {number} first
   * @param {number} stop
   */
  drawGaps(picture, left, first, stop) {
    const { canvas, context } = this;
    const { ring, sweep, theme } = picture;
    eachGap(ring, first, stop, (begin, end) => {
      // A sample stands in the middle of its own time.
      const x0 = Math.round(sweep.xOf(begin - 0.5) - left);
      const x1 = Math.max(x0 + 1, Math.round(sweep.xOf(end - 0.5) - left));
      context.fillStyle = end > begin ? theme.gap(context) : theme.breakLine;
      context.fillRect(x0, 0, x1 - x0, canvas.height);
    });
  }

  /**
   * Many samples a column: a line through the two extremes of each.
   * @param {Picture} picture
   * @param {number} channel
   * @param {number} x
   * @param {number} columns
   */
  traceColumns({ ring, perDivision }, channel, x, columns) {
    const { context } = this;
    const lane = this.canvas.height / ring.channels;
    let down = false;
    for (let k = 0; k < columns; k++) {
      const one = /** @type {number} */ (this.extremes[2 * k]);
      const other = /** @type {number} */ (this.extremes[2 * k + 1]);
      if (Number.isNaN(one)) {
        down = false;
        continue;
      }
      const broken = this.broken[k] === 1;
      const y = yOf(one, channel, lane, perDivision);
      if (down && !broken) context.lineTo(x + k + 0.5, y);
      else context.moveTo(x + k + 0.5, y);
      context.lineTo(x + k + 0.5, one === other ? y + DOT : yOf(other, channel, lane, perDivision));
      down = !broken;
    }
  }

  /**
   * Few samples a column: a line through each of them.
   * @param {Picture} picture
   * @param {number} channel
   * @param {number} left
   * @param {number} first
   * @param {number} stop
   */
  traceSamples({ ring, sweep, perDivision }, channel, left, first, stop) {
    const { context, values } = this;
    const lane = this.canvas.height / ring.channels;
    let down = false;
    for (let position = first; position < stop; position++) {
      const value = /** @type {number} */ (values[position - first]);
      const mark = ring.mark(position);
      if (mark === MISSING || Number.isNaN(value)) {
        down = false;
        continue;
      }
      const x = sweep.xOf(position) - left;
      const y = yOf(value, channel, lane, perDivision);
      if (!down || mark === BREAK) {
        context.moveTo(x, y);
        context.lineTo(x + DOT, y);
      } else {
        context.lineTo(x, y);
      }
      down = true;
    }
  }

  /**
   * @param {number} frames
   * @param {number} columns
   */
  reserve(frames, columns) {
    if (this.values.length < frames) this.values = new Float32Array(frames * 2);
    if (this.broken.length < columns) {
      this.broken = new Uint8Array(columns * 2);
      this.extremes = new Float32Array(columns * 4);
    }
  }
}
