// Decodes the binary frames of `/ws/data`: a 32-byte little-endian header, then `[frame][channel]` values.

import { text } from "../text/core.js";

export const HEADER_BYTES = 32;
const MAGIC = 0xee61;
const VERSION = 1;
const DTYPES = /** @type {const} */ (["i32", "f32"]);
const VALUE_BYTES = 4;

const FLAG_GAP_BEFORE = 1;
const FLAG_SETTLING = 2;
const FLAG_RAILED = 4;

/**
 * One packet as it came. `values` is a view of the message, not a copy.
 * @typedef {object} Frame
 * @property {"i32" | "f32"} dtype
 * @property {number} stream  number given to the topic by its `stream` message
 * @property {number} index  index of the first sample; lost samples are counted too
 * @property {number} time_s  time of the first sample, seconds since the Unix epoch, to a microsecond
 * @property {number} frames  samples of each channel
 * @property {number} channels
 * @property {boolean} gapBefore
 * @property {boolean} settling
 * @property {boolean} railed
 * @property {Int32Array | Float32Array} values
 */

/** A message that is not a frame of this protocol; its text says what is wrong with it. */
export class FrameError extends Error {}

/**
 * @param {ArrayBuffer} message
 * @returns {Frame}
 * @throws {FrameError} on a wrong magic number, version, value type or length
 */
export function decodeFrame(message) {
  if (message.byteLength < HEADER_BYTES) {
    throw new FrameError(text.frameTooShort(message.byteLength, HEADER_BYTES));
  }
  const header = new DataView(message, 0, HEADER_BYTES);
  const magic = header.getUint16(0, true);
  if (magic !== MAGIC) throw new FrameError(text.frameMagic(magic, MAGIC));
  const version = header.getUint8(2);
  if (version !== VERSION) throw new FrameError(text.frameVersion(version, VERSION));
  const dtype = DTYPES[header.getUint8(3)];
  if (dtype === undefined) throw new FrameError(text.frameDtype(header.getUint8(3)));

  const index = header.getUint32(8, true) + header.getUint32(12, true) * 2 ** 32;
  if (!Number.isSafeInteger(index)) throw new FrameError(text.frameIndex);
  const frames = header.getUint32(24, true);
  const channels = header.getUint16(28, true);
  const expected = HEADER_BYTES + frames * channels * VALUE_BYTES;
  if (message.byteLength !== expected) {
    throw new FrameError(text.frameLength(message.byteLength, expected, frames, channels));
  }
  const flags = header.getUint16(30, true);
  const count = frames * channels;
  // A typed array reads in the machine's own order. Every machine a browser runs on is little-endian, as the wire is.
  const values =
    dtype === "i32"
      ? new Int32Array(message, HEADER_BYTES, count)
      : new Float32Array(message, HEADER_BYTES, count);
  return {
    dtype,
    stream: header.getUint32(4, true),
    index,
    time_s: header.getUint32(16, true) * 1e-9 + header.getInt32(20, true) * (2 ** 32 * 1e-9),
    frames,
    channels,
    gapBefore: (flags & FLAG_GAP_BEFORE) !== 0,
    settling: (flags & FLAG_SETTLING) !== 0,
    railed: (flags & FLAG_RAILED) !== 0,
    values,
  };
}
