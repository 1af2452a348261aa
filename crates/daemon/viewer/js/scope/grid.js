// The still picture under the traces: a zero line for each channel, a line for each step of time.

import { tickEvery } from "../engine/sweep.js";
import { colourOf } from "../shell/theme.js";

/**
 * @param {HTMLCanvasElement} canvas
 * @param {number} lanes
 * @param {number} seconds  per screen
 */
export function drawGrid(canvas, lanes, seconds) {
  const context = canvas.getContext("2d");
  if (context === null) return;
  const { width, height } = canvas;
  const line = Math.max(1, Math.round(devicePixelRatio));
  context.clearRect(0, 0, width, height);
  context.fillStyle = colourOf("grid-time");
  for (const second of ticks(seconds, width / devicePixelRatio)) {
    if (second > 0) context.fillRect(Math.round((second / seconds) * width), 0, line, height);
  }
  context.fillStyle = colourOf("grid-zero");
  for (let lane = 0; lane < lanes; lane++) {
    context.fillRect(0, Math.round(((lane + 0.5) / lanes) * height - line / 2), width, line);
  }
}

/**
 * Moments of the time scale, from 0 to less than a screen.
 * @param {number} seconds  per screen
 * @param {number} width  CSS pixels
 * @returns {number[]} seconds
 */
export function ticks(seconds, width) {
  const step = tickEvery(seconds, width);
  // Counted, not summed: 0.1 + 0.1 + 0.1 is not 0.3.
  const steps = Math.ceil(seconds / step - 1e-9);
  return Array.from({ length: steps }, (_, i) => Math.round(i * step * 1000) / 1000);
}
