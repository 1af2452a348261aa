// Draws traces column by column: only the columns that are new, and an erased bar ahead of them.
//
// Each piece is cleared, clipped and drawn again from a few columns before it, so that a joint between two frames of the
// screen looks exactly as if it had been drawn at once.

import { brokenColumns, eachGap, extremes, readChannel } from "./decimate.js";
import { hatching, penOf } from "./ink.js";
import { BREAK, MISSING } from "./ring.js";
import { yOf } from "./sweep.js";

/** A line without length is not drawn, so the dot of a sample that is alone has this much, in pixels. */
const DOT = 0.05;
/** Pixels from the edge of the picture at which a trace that is off the scale runs. */
const EDGE = 1;
/** CSS pixels. */
const LINE = 1.4;
const GHOST_LINE = 1;
const ERASE = 14;
const MARK_FONT = 13;
const MARK_ROW = 17;
/** The words of a mark reach at most so far. */
const MARK_WORDS = 340;

/**
 * How one channel is drawn.
 * @typedef {object} Lane
 * @property {number} channel  -1 for a lane that stays empty
 * @property {number} colour  number of a trace's colour
 * @property {number} sign  -1 when it is inverted
 * @property {number} offset  display units added to it
 *
 * What to draw.
 * @typedef {object} Picture
 * @property {import("./decimate.js").Shown} shown
 * @property {readonly Lane[]} lanes  from the top
 * @property {readonly import("./marks.js").Mark[]} marks
 * @property {import("./sweep.js").Sweep} sweep
 * @property {number} head  position one past the last sample to draw
 * @property {number} perDivision  display units
 * @property {import("./ink.js").Ink} ink
 * @property {number} density  device pixels a CSS pixel
 * @property {boolean} ghost  drawn behind another topic: thin, in one colour, gaps and marks left to that other
 * @property {boolean} edge  whether there is an edge, with an erased bar ahead of it
 */

export class Painter {
  /** @param {import("./ink.js").Canvas} canvas */
  constructor(canvas) {
    this.canvas = canvas;
    this.pen = penOf(canvas);
    this.values = new Float32Array(0);
    this.extremes = new Float32Array(0);
    this.broken = new Uint8Array(0);
    /** The last column that was drawn; NaN when the canvas shows nothing to go on from. */
    this.lastColumn = NaN;
    /** @type {CanvasPattern | string | null} */
    this.hatch = null;
  }

  /** The next drawing starts from an empty canvas. */
  forget() {
    this.lastColumn = NaN;
    this.hatch = null;
  }

  /** The next drawing starts from this column at the latest. @param {number} column */
  goBack(column) {
    this.lastColumn = Math.min(this.lastColumn, column);
  }

  /** @param {Picture} picture */
  draw(picture) {
    const { canvas, pen } = this;
    const { shown, sweep, head, density, edge } = picture;
    if (head <= shown.ring.start) {
      if (Number.isNaN(this.lastColumn)) pen.clearRect(0, 0, canvas.width, canvas.height);
      return;
    }
    const eraseWidth = edge ? Math.round(ERASE * density) : 0;
    const last = sweep.columnOf(head - 1);
    const whole = Math.max(last - sweep.width + 1 + eraseWidth, sweep.columnOf(shown.ring.start));
    const overlap = Math.ceil(LINE * density) + 1;
    let from = this.lastColumn - overlap;
    if (!(from >= whole)) {
      pen.clearRect(0, 0, canvas.width, canvas.height);
      from = whole;
    }
    this.lastColumn = last;
    for (let column = from; column <= last; ) {
      const number = sweep.sweepOf(column);
      const end = Math.min(last, (number + 1) * sweep.width - 1);
      this.drawPiece(picture, number * sweep.width, column, end, overlap);
      column = end + 1;
    }
    if (edge) this.drawEdge(sweep.placeOf(last + 1), eraseWidth, picture);
  }

  /**
   * @param {number} x
   * @param {number} width  of the erased bar; it wraps to the left edge
   * @param {Picture} picture
   */
  drawEdge(x, width, { ink, density, ghost }) {
    const { canvas, pen } = this;
    pen.clearRect(x, 0, width, canvas.height);
    if (x + width > canvas.width) pen.clearRect(0, 0, x + width - canvas.width, canvas.height);
    if (ghost) return;
    pen.globalAlpha = 0.45;
    pen.fillStyle = ink.edge;
    pen.fillRect(x, 0, Math.max(1, Math.round(density)), canvas.height);
    pen.globalAlpha = 1;
  }

  /**
   * @param {Picture} picture
   * @param {number} left  column at the left edge of the canvas in this sweep
   * @param {number} from  column
   * @param {number} to  column, included
   * @param {number} overlap  columns on either side whose ink reaches into this piece
   */
  drawPiece(picture, left, from, to, overlap) {
    const { canvas, pen } = this;
    const { shown, lanes, sweep, head, ink, density, ghost } = picture;
    const { ring } = shown;
    const firstColumn = from - overlap;
    const columns = to + overlap + 1 - firstColumn;
    // One sample more on either side, for the lines that come from there.
    const first = Math.max(ring.start, sweep.firstIn(firstColumn) - 1);
    const stop = Math.min(head, sweep.firstIn(firstColumn + columns) + 1);

    pen.save();
    pen.beginPath();
    pen.rect(from - left, 0, to - from + 1, canvas.height);
    pen.clip();
    pen.clearRect(from - left, 0, to - from + 1, canvas.height);
    if (!ghost) {
      this.drawGaps(picture, left, first, stop);
      this.drawMarks(picture, left, from, to);
    }
    pen.lineWidth = (ghost ? GHOST_LINE : LINE) * density;
    pen.lineJoin = "round";
    pen.lineCap = "round";
    this.reserve(stop - first, columns);
    if (sweep.dense) brokenColumns(ring, first, stop, sweep, firstColumn, columns, this.broken);
    for (let row = 0; row < lanes.length && stop > first; row++) {
      const lane = /** @type {Lane} */ (lanes[row]);
      if (lane.channel < 0) continue;
      readChannel(shown, lane.channel, first, stop, this.values);
      pen.strokeStyle = ghost ? ink.ghost : /** @type {string} */ (ink.traces[lane.colour % ink.traces.length]);
      pen.beginPath();
      if (sweep.dense) {
        extremes(this.values, first, stop, sweep, firstColumn, columns, this.extremes);
        this.traceColumns(picture, lane, row, firstColumn - left, columns);
      } else {
        this.traceSamples(picture, lane, row, left, first, stop);
      }
      pen.stroke();
    }
    if (!ghost) this.writeMarks(picture, left, from, to);
    pen.restore();
  }

  /**
   * Hatches what is missing, as wide as it lasted; a break without width is a line.
   * @param {Picture} picture
   * @param {number} left
   * @param {number} first
   * @param {number} stop
   */
  drawGaps({ shown, sweep, ink, density }, left, first, stop) {
    const { canvas, pen } = this;
    eachGap(shown.ring, first, stop, (begin, end) => {
      // A sample stands in the middle of its own time.
      const x0 = Math.round(sweep.xOf(begin - 0.5) - left);
      const x1 = Math.max(x0 + 1, Math.round(sweep.xOf(end - 0.5) - left));
      pen.fillStyle = end > begin ? (this.hatch ??= hatching(pen, ink, density)) : ink.breakLine;
      pen.fillRect(x0, 0, x1 - x0, canvas.height);
    });
  }

  /**
   * A line at the sample of each mark, a band for what lasted.
   * @param {Picture} picture
   * @param {number} left
   * @param {number} from  column
   * @param {number} to  column
   */
  drawMarks({ marks, sweep, ink, density }, left, from, to) {
    const { canvas, pen } = this;
    pen.fillStyle = ink.mark;
    for (const { position, frames } of marks) {
      const x = Math.floor(sweep.xOf(position));
      const end = Math.floor(sweep.xOf(position + frames));
      if (x > to || Math.max(end, x + density) < from) continue;
      if (frames > 0) {
        pen.globalAlpha = 0.15;
        pen.fillRect(x - left, 0, Math.max(1, end - x), canvas.height);
        pen.globalAlpha = 1;
      }
      pen.fillRect(x - left, 0, Math.max(1, Math.round(density)), canvas.height);
    }
  }

  /**
   * The words of the marks, over the traces.
   * @param {Picture} picture
   * @param {number} left
   * @param {number} from  column
   * @param {number} to  column
   */
  writeMarks({ marks, sweep, ink, density }, left, from, to) {
    const { pen } = this;
    for (const { position, text, row } of marks) {
      const x = Math.floor(sweep.xOf(position));
      if (text === "" || x > to || x + MARK_WORDS * density < from) continue;
      pen.font = `${MARK_FONT * density}px ${ink.font}`;
      pen.textBaseline = "top";
      pen.lineWidth = 4 * density;
      pen.strokeStyle = ink.paper;
      pen.fillStyle = ink.markText;
      const [at, y] = [x - left + 4 * density, (3 + MARK_ROW * row) * density];
      pen.strokeText(text, at, y);
      pen.fillText(text, at, y);
    }
  }

  /** What is beyond the picture, at a rail perhaps, runs along its edge: it is there, and off the scale. @param {number} y */
  within(y) {
    return Math.min(this.canvas.height - EDGE, Math.max(EDGE, y));
  }

  /**
   * Many samples a column: a line through the two extremes of each.
   * @param {Picture} picture
   * @param {Lane} lane
   * @param {number} row
   * @param {number} x
   * @param {number} columns
   */
  traceColumns({ lanes, perDivision }, { sign, offset }, row, x, columns) {
    const { pen } = this;
    const height = this.canvas.height / lanes.length;
    let down = false;
    for (let k = 0; k < columns; k++) {
      const one = sign * /** @type {number} */ (this.extremes[2 * k]) + offset;
      const other = sign * /** @type {number} */ (this.extremes[2 * k + 1]) + offset;
      if (Number.isNaN(one)) {
        down = false;
        continue;
      }
      const broken = this.broken[k] === 1;
      const y = this.within(yOf(one, row, height, perDivision));
      if (down && !broken) pen.lineTo(x + k + 0.5, y);
      else pen.moveTo(x + k + 0.5, y);
      pen.lineTo(x + k + 0.5, one === other ? y + DOT : this.within(yOf(other, row, height, perDivision)));
      down = !broken;
    }
  }

  /**
   * Few samples a column: a line through each of them.
   * @param {Picture} picture
   * @param {Lane} lane
   * @param {number} row
   * @param {number} left
   * @param {number} first
   * @param {number} stop
   */
  traceSamples({ shown, lanes, sweep, perDivision }, { sign, offset }, row, left, first, stop) {
    const { pen, values } = this;
    const height = this.canvas.height / lanes.length;
    let down = false;
    for (let position = first; position < stop; position++) {
      const value = sign * /** @type {number} */ (values[position - first]) + offset;
      const mark = shown.ring.mark(position);
      if (mark === MISSING || Number.isNaN(value)) {
        down = false;
        continue;
      }
      const x = sweep.xOf(position) - left;
      const y = this.within(yOf(value, row, height, perDivision));
      if (!down || mark === BREAK) {
        pen.moveTo(x, y);
        pen.lineTo(x + DOT, y);
      } else {
        pen.lineTo(x, y);
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
