// Frames: what the contract says is read, everything else is refused with a sentence.

import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeFrame, FrameError } from "../../viewer/js/engine/frame.js";
import { encodeFrame } from "../support/fake_daemon.js";

/** @param {Partial<Parameters<typeof encodeFrame>[0]>} [change] */
function message(change = {}) {
  const bytes = encodeFrame({ dtype: "f32", stream: 7, index: 1000, time_s: 1_764_000_000.25, channels: 2, values: [1.5, -2, 3, 4, 5, 6], ...change });
  return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length);
}

test("the header and the values are read", () => {
  const frame = decodeFrame(message({ flags: 5 }));
  assert.equal(frame.dtype, "f32");
  assert.equal(frame.stream, 7);
  assert.equal(frame.index, 1000);
  assert.ok(Math.abs(frame.time_s - 1_764_000_000.25) < 1e-6);
  assert.equal(frame.frames, 3);
  assert.equal(frame.channels, 2);
  assert.deepEqual([frame.gapBefore, frame.settling, frame.railed], [true, false, true]);
  assert.deepEqual([...frame.values], [1.5, -2, 3, 4, 5, 6]);
});

test("codes are read with their sign", () => {
  const frame = decodeFrame(message({ dtype: "i32", values: [-8388608, 8388607] }));
  assert.deepEqual([...frame.values], [-8388608, 8388607]);
});

test("an index beyond 32 bits and a time before 1970 are read", () => {
  const frame = decodeFrame(message({ index: 2 ** 40 + 3, time_s: -1.5 }));
  assert.equal(frame.index, 2 ** 40 + 3);
  assert.ok(Math.abs(frame.time_s + 1.5) < 1e-6);
});

test("a packet without samples is a packet", () => {
  assert.equal(decodeFrame(message({ values: [] })).frames, 0);
});

for (const [what, offset, value, says] of /** @type {const} */ ([
  ["magic number", 0, 0x62, /0xee62 instead of 0xee61/],
  ["version", 2, 2, /version 2, this page reads version 1/],
  ["value type", 3, 9, /value type 9/],
  ["frame count", 24, 4, /4 × 2 values has 56 bytes instead of 64/],
  ["channel count", 28, 3, /3 × 3 values/],
  ["index", 15, 0xff, /beyond what a browser can count/],
])) {
  test(`a wrong ${what} is refused`, () => {
    const bytes = message();
    new DataView(bytes).setUint8(offset, value);
    assert.throws(() => decodeFrame(bytes), (/** @type {unknown} */ error) => error instanceof FrameError && says.test(error.message));
  });
}

test("a message of any shorter length is refused", () => {
  const whole = message();
  for (let bytes = 0; bytes < whole.byteLength; bytes++) {
    assert.throws(() => decodeFrame(whole.slice(0, bytes)), FrameError, `${bytes} bytes`);
  }
});
