// Writes pictures of the screen as PNG files (ISO/IEC 15948) with 256 colours: a third of what a browser makes of them.

import { crc32, deflateSync } from "node:zlib";

/**
 * @param {number} width
 * @param {number} height
 * @param {Uint8Array} rgba
 */
export function palettePng(width, height, rgba) {
  /** How often each colour occurs, rounded to 5 bits. @type {Map<number, {n: number, sum: [number, number, number]}>} */
  const found = new Map();
  const keyAt = (/** @type {number} */ i) => (((rgba[i] ?? 0) >> 3) << 10) | (((rgba[i + 1] ?? 0) >> 3) << 5) | ((rgba[i + 2] ?? 0) >> 3);
  for (let i = 0; i < rgba.length; i += 4) {
    const colour = found.get(keyAt(i)) ?? { n: 0, sum: [0, 0, 0] };
    colour.n += 1;
    for (const k of /** @type {const} */ ([0, 1, 2])) colour.sum[k] += rgba[i + k] ?? 0;
    found.set(keyAt(i), colour);
  }
  const often = [...found.values()].sort((a, b) => b.n - a.n).slice(0, 256);
  const palette = often.map(({ n, sum }) => sum.map((value) => Math.round(value / n)));
  /** @type {Map<number, number>} */
  const nearest = new Map();
  const indexOf = (/** @type {number} */ i) => {
    const known = nearest.get(keyAt(i));
    if (known !== undefined) return known;
    const away = palette.map((colour) => colour.reduce((sum, value, k) => sum + (value - (rgba[i + k] ?? 0)) ** 2, 0));
    const index = away.indexOf(Math.min(...away));
    nearest.set(keyAt(i), index);
    return index;
  };
  const lines = Buffer.alloc((width + 1) * height);
  for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) lines[y * (width + 1) + 1 + x] = indexOf(4 * (y * width + x));
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  // 8 bits, by palette.
  head.set([8, 3], 8);
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk("IHDR", head),
    chunk("PLTE", Buffer.from(palette.flat())),
    chunk("IDAT", deflateSync(lines, { level: 9 })),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

/** @param {string} type @param {any} data */
function chunk(type, data) {
  const body = Buffer.concat([Buffer.from(type), data]);
  const whole = Buffer.alloc(body.length + 8);
  whole.writeUInt32BE(data.length, 0);
  body.copy(whole, 4);
  whole.writeUInt32BE(crc32(body), body.length + 4);
  return whole;
}
