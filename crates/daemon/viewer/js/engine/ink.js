// The colours and measures that pictures are drawn with. They come from the style sheet, as plain data, since a worker has none.

/**
 * @typedef {object} Ink
 * @property {string[]} traces  colours to choose from
 * @property {string} ghost  of a topic that is drawn behind another
 * @property {string} gapLine
 * @property {string} gapGround
 * @property {string} breakLine
 * @property {string} edge
 * @property {string} mark
 * @property {string} markText
 * @property {string} paper  of the ground
 * @property {string} font  family
 */

/** @typedef {CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D} Pen */
/** @typedef {HTMLCanvasElement | OffscreenCanvas} Canvas */

/**
 * A canvas that is not shown.
 * @param {number} width
 * @param {number} height
 * @returns {Canvas}
 */
export function hiddenCanvas(width, height) {
  if (typeof OffscreenCanvas !== "undefined") return new OffscreenCanvas(width, height);
  return Object.assign(document.createElement("canvas"), { width, height });
}

/**
 * @param {Canvas} canvas
 * @returns {Pen}
 */
export function penOf(canvas) {
  const pen = /** @type {Pen | null} */ (canvas.getContext("2d"));
  if (pen === null) throw new Error("this browser has no 2D canvas");
  return pen;
}

/**
 * The hatching of a gap, continuous over the canvas however small the pieces are in which it is drawn.
 * @param {Pen} pen
 * @param {Ink} ink
 * @param {number} density  device pixels a CSS pixel
 * @returns {CanvasPattern | string}
 */
export function hatching(pen, ink, density) {
  const size = Math.round(8 * density);
  const tile = hiddenCanvas(size, size);
  const stroke = penOf(tile);
  stroke.fillStyle = ink.gapGround;
  stroke.fillRect(0, 0, size, size);
  stroke.strokeStyle = ink.gapLine;
  stroke.lineWidth = density;
  for (const shift of [-size, 0, size]) {
    stroke.moveTo(shift - 1, size + 1);
    stroke.lineTo(shift + size + 1, -1);
  }
  stroke.stroke();
  return pen.createPattern(tile, "repeat") ?? ink.gapGround;
}
