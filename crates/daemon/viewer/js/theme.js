// The colours of the canvases, read from the style sheet, where dark and light are decided.

const TRACES = 8;

export class Theme {
  /** @param {Element} root */
  constructor(root) {
    const style = getComputedStyle(root);
    const colour = (/** @type {string} */ name) => style.getPropertyValue(name).trim();
    this.traces = Array.from({ length: TRACES }, (_, i) => colour(`--trace-${i + 1}`));
    this.gapLine = colour("--gap-line");
    this.gapGround = colour("--gap-ground");
    this.breakLine = colour("--break");
    this.zeroLine = colour("--grid-zero");
    this.timeLine = colour("--grid-time");
    /** @type {CanvasPattern | null} */
    this.hatch = null;
  }

  /**
   * @param {number} channel
   * @returns {string} colours come round again after eight: a trace is known by its place and label
   */
  trace(channel) {
    return /** @type {string} */ (this.traces[channel % TRACES]);
  }

  /**
   * The hatching of a gap, continuous over the canvas however small the pieces are in which it is drawn.
   * @param {CanvasRenderingContext2D} context
   * @returns {CanvasPattern | string}
   */
  gap(context) {
    if (this.hatch === null) {
      const size = Math.round(8 * devicePixelRatio);
      const tile = document.createElement("canvas");
      tile.width = size;
      tile.height = size;
      const pen = tile.getContext("2d");
      if (pen === null) return this.gapGround;
      pen.fillStyle = this.gapGround;
      pen.fillRect(0, 0, size, size);
      pen.strokeStyle = this.gapLine;
      pen.lineWidth = devicePixelRatio;
      for (const shift of [-size, 0, size]) {
        pen.moveTo(shift - 1, size + 1);
        pen.lineTo(shift + size + 1, -1);
      }
      pen.stroke();
      this.hatch = context.createPattern(tile, "repeat");
    }
    return this.hatch ?? this.gapGround;
  }
}

/**
 * Keeps a theme that follows the system between dark and light, and the screen between pixel densities.
 * @param {(theme: Theme) => void} changed  called at once, and at every change
 */
export function followTheme(changed) {
  const read = () => changed(new Theme(document.documentElement));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", read);
  matchMedia("(prefers-contrast: more)").addEventListener("change", read);
  read();
}
