// Pictures of spectra on canvases: lines over frequency, colours over time and frequency, lines over time.

import { colourOf } from "../shell/theme.js";
import { text } from "../text/spectra.js";

/** CSS pixels. */
const LEFT = 46;
const BOTTOM = 22;
/** Colours from little to much, readable in grey and to every eye (viridis, by its corners). */
const COLOURS = [[68, 1, 84], [59, 82, 139], [33, 145, 140], [94, 201, 98], [253, 231, 37]];

/**
 * A canvas of the size it has on the screen, cleared; null while it is not seen.
 * @param {HTMLCanvasElement} canvas
 */
export function paper(canvas) {
  const { clientWidth: width, clientHeight: height } = canvas;
  if (width === 0 || height === 0) return null;
  const density = devicePixelRatio;
  canvas.width = Math.round(width * density);
  canvas.height = Math.round(height * density);
  const pen = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  pen.scale(density, density);
  pen.font = `12px ${getComputedStyle(document.documentElement).fontFamily}`;
  return { pen, width, height, plotWidth: width - LEFT - 8, plotHeight: height - BOTTOM - 8 };
}

/**
 * @param {HTMLCanvasElement} canvas
 * @param {import("./figures.js").Figures} figures
 * @param {number | null} chosen  electrode that stands out; null for all alike
 * @param {number} mains_hz
 */
export function drawDensity(canvas, figures, chosen, mains_hz) {
  const made = paper(canvas);
  if (made === null || figures.kept === 0) return;
  const { pen, plotWidth, plotHeight } = made;
  const { hz, electrodes } = figures;
  const [low, high] = rangeOf(figures, 0);
  const last = Math.max(...hz, 1);
  const x = (/** @type {number} */ f) => LEFT + (f / last) * plotWidth;
  const y = (/** @type {number} */ db) => 8 + (1 - (db - low) / (high - low)) * plotHeight;
  pen.fillStyle = colourOf("grid-zero");
  pen.fillRect(x(8), 8, x(Math.min(13, last)) - x(8), plotHeight);
  axes(pen, x, y, ticksOf(0, last, 10).map((f) => [f, text.hertz(f)]), ticksOf(low, high, 6).map((db) => [db, String(db)]), plotWidth, plotHeight);
  if (mains_hz < last) {
    pen.fillStyle = colourOf("note");
    pen.fillRect(x(mains_hz), 8, 1, plotHeight);
    pen.fillText(text.mainsOption(mains_hz), x(mains_hz) + 4, 20);
  }
  const order = electrodes.map((_, i) => i).sort((a, b) => Number(a === chosen) - Number(b === chosen));
  for (const electrode of order) {
    pen.strokeStyle = colourOf(chosen === null || chosen === electrode ? `trace-${(electrode % 8) + 1}` : "ghost");
    pen.lineWidth = chosen === electrode ? 2.2 : 1.2;
    pen.beginPath();
    hz.forEach((f, part) => {
      const db = figures.decibels(electrode, part);
      if (Number.isFinite(db)) pen.lineTo(x(f), y(Math.max(low, db)));
    });
    pen.stroke();
  }
}

/**
 * @param {HTMLCanvasElement} canvas
 * @param {import("./figures.js").Figures} figures
 * @param {number} electrode
 */
export function drawSpectrogram(canvas, figures, electrode) {
  const made = paper(canvas);
  if (made === null || figures.kept === 0) return;
  const { pen, plotWidth, plotHeight } = made;
  const { hz, capacity, kept, rate_hz } = figures;
  const [low, high] = rangeOf(figures, electrode, Math.min(kept, 60));
  const columns = Math.min(capacity, 240);
  const image = new ImageData(columns, hz.length);
  for (let column = 0; column < columns; column++) {
    const back = columns - 1 - column;
    if (back >= kept) continue;
    for (let part = 0; part < hz.length; part++) {
      const at = ((hz.length - 1 - part) * columns + column) * 4;
      const share = (figures.decibels(electrode, part, back) - low) / (high - low);
      shade(image.data, at, share);
    }
  }
  const small = new OffscreenCanvas(columns, hz.length);
  small.getContext("2d")?.putImageData(image, 0, 0);
  pen.imageSmoothingEnabled = false;
  pen.drawImage(small, LEFT, 8, plotWidth, plotHeight);
  const last = Math.max(...hz, 1);
  const span_s = columns / rate_hz;
  const x = (/** @type {number} */ ago) => LEFT + (1 - ago / span_s) * plotWidth;
  const y = (/** @type {number} */ f) => 8 + (1 - f / last) * plotHeight;
  axes(pen, x, y, ticksOf(0, span_s, 6).map((ago) => [ago, text.ago(ago)]), ticksOf(0, last, 6).map((f) => [f, String(f)]), plotWidth, plotHeight, false);
}

/**
 * @param {HTMLCanvasElement} canvas
 * @param {import("./figures.js").Figures} figures
 * @param {number} electrode
 */
export function drawTrend(canvas, figures, electrode) {
  const made = paper(canvas);
  if (made === null || figures.kept < 2) return;
  const { pen, plotWidth, plotHeight } = made;
  const { kept, rate_hz, parts, capacity } = figures;
  const frames = Math.min(capacity, 240);
  const all = parts.flatMap((_, part) => Array.from({ length: Math.min(kept, frames) }, (_, back) => figures.at(electrode, part, back))).filter((v) => v > 0);
  if (all.length === 0) return;
  const [low, high] = [Math.floor(10 * Math.log10(Math.min(...all))), Math.ceil(10 * Math.log10(Math.max(...all))) + 1];
  const span_s = frames / rate_hz;
  const x = (/** @type {number} */ ago) => LEFT + (1 - ago / span_s) * plotWidth;
  const y = (/** @type {number} */ db) => 8 + (1 - (db - low) / (high - low)) * plotHeight;
  axes(pen, x, y, ticksOf(0, span_s, 6).map((ago) => [ago, text.ago(ago)]), ticksOf(low, high, 4).map((db) => [db, String(db)]), plotWidth, plotHeight);
  parts.forEach((_, part) => {
    pen.strokeStyle = colourOf(`trace-${(part % 8) + 1}`);
    pen.lineWidth = 1.5;
    pen.beginPath();
    for (let back = Math.min(kept, frames) - 1; back >= 0; back--) {
      const value = figures.at(electrode, part, back);
      if (value > 0) pen.lineTo(x(back / rate_hz), y(10 * Math.log10(value)));
    }
    pen.stroke();
  });
}

/**
 * @param {CanvasRenderingContext2D} pen
 * @param {(value: number) => number} x
 * @param {(value: number) => number} y
 * @param {[number, string][]} across
 * @param {[number, string][]} up
 * @param {number} width
 * @param {number} height
 */
function axes(pen, x, y, across, up, width, height, lines = true) {
  for (const [value, label] of across) {
    pen.fillStyle = colourOf("grid-time");
    if (lines) pen.fillRect(x(value), 8, 1, height);
    pen.fillStyle = colourOf("quiet");
    pen.textAlign = "center";
    pen.fillText(label, Math.min(LEFT + width - 14, Math.max(LEFT + 14, x(value))), height + BOTTOM + 2);
  }
  for (const [value, label] of up) {
    pen.fillStyle = colourOf("grid-time");
    if (lines) pen.fillRect(LEFT, y(value), width, 1);
    pen.fillStyle = colourOf("quiet");
    pen.textAlign = "right";
    pen.fillText(label, LEFT - 6, y(value) + 4);
  }
  pen.textAlign = "left";
}

/** Lowest and highest decibels to be drawn, whole tens. @param {import("./figures.js").Figures} figures @param {number} electrode @param {number} [frames] @returns {[number, number]} */
function rangeOf(figures, electrode, frames = 1) {
  let [low, high] = [Infinity, -Infinity];
  const electrodes = frames === 1 ? figures.electrodes.map((_, i) => i) : [electrode];
  for (const at of electrodes) {
    for (let back = 0; back < frames; back++) {
      for (let part = 0; part < figures.parts.length; part++) {
        const db = figures.decibels(at, part, back);
        if (!Number.isFinite(db)) continue;
        low = Math.min(low, db);
        high = Math.max(high, db);
      }
    }
  }
  if (!(low <= high)) return [-10, 10];
  // What a filter has taken away altogether is not worth the height.
  return [Math.floor(Math.max(low, high - 60) / 10) * 10, Math.ceil((high + 1) / 10) * 10];
}

/** @param {number} low @param {number} high @param {number} most @returns {number[]} */
function ticksOf(low, high, most) {
  const step = [1, 2, 5, 10, 20, 30, 50, 60, 100, 200, 500, 1000].find((candidate) => (high - low) / candidate <= most) ?? high - low;
  const first = Math.ceil(low / step);
  return Array.from({ length: Math.max(1, Math.floor(high / step) - first + 1) }, (_, i) => (first + i) * step);
}

/** @param {Uint8ClampedArray} data @param {number} at @param {number} share  from 0 to 1 */
function shade(data, at, share) {
  const place = Math.min(0.999, Math.max(0, Number.isFinite(share) ? share : 0)) * (COLOURS.length - 1);
  const [a = [], b = []] = [COLOURS[Math.floor(place)], COLOURS[Math.floor(place) + 1]];
  const part = place % 1;
  for (let k = 0; k < 3; k++) data[at + k] = (a[k] ?? 0) + part * ((b[k] ?? 0) - (a[k] ?? 0));
  data[at + 3] = 255;
}
