// Geometry of the time axis: which column a sample falls in, and which samples a column holds.
//
// Columns are counted from the page's first sample on and never start again; column modulo width is the place on the
// screen, column divided by width is the number of the sweep. All of it is in device pixels.

export class Sweep {
  /**
   * @param {number} width  columns of the canvas
   * @param {number} framesPerScreen  need not be whole
   * @param {number} phase  frames between the page's first moment and this topic's position 0
   */
  constructor(width, framesPerScreen, phase) {
    this.width = width;
    this.framesPerScreen = framesPerScreen;
    this.phase = phase;
    this.columnsPerFrame = width / framesPerScreen;
  }

  /**
   * @param {number} position
   * @returns {number} column, not rounded
   */
  xOf(position) {
    return (position + this.phase) * this.columnsPerFrame;
  }

  /** @param {number} position */
  columnOf(position) {
    return Math.floor(this.xOf(position));
  }

  /**
   * @param {number} column
   * @returns {number} position of the first sample in this column or right of it
   */
  firstIn(column) {
    return Math.ceil(column / this.columnsPerFrame - this.phase);
  }

  /** @param {number} column */
  sweepOf(column) {
    return Math.floor(column / this.width);
  }

  /** @param {number} column  @returns {number} its place on a canvas, from 0 to less than the width */
  placeOf(column) {
    return column - this.sweepOf(column) * this.width;
  }

  /** True when columns hold so many samples that only their extremes can be drawn. */
  get dense() {
    return this.columnsPerFrame < 0.5;
  }
}

/**
 * Height of a value's point in the canvas. A division is the distance between the zero lines of two neighbours.
 * @param {number} value  display units
 * @param {number} lane
 * @param {number} laneHeight  of one channel, device pixels
 * @param {number} perDivision  display units
 * @returns {number} device pixels from the top
 */
export function yOf(value, lane, laneHeight, perDivision) {
  return (lane + 0.5 - value / perDivision) * laneHeight;
}

/**
 * Distance of the time scale's lines, so that neither lines nor figures crowd.
 * @param {number} seconds  per screen
 * @param {number} width  of the screen, CSS pixels
 * @returns {number} seconds
 */
export function tickEvery(seconds, width) {
  const room = 44;
  for (const step of [0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20]) {
    if ((step / seconds) * width >= room) return step;
  }
  return seconds;
}
