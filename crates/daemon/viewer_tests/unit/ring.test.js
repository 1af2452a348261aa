// The ring and the account of a topic: positions run through gaps, nothing is invented, nothing is forgotten too early.

import assert from "node:assert/strict";
import { test } from "node:test";
import { BREAK, MISSING, SampleRing } from "../../viewer/js/engine/ring.js";
import { FrameError } from "../../viewer/js/engine/frame.js";
import { Topic } from "../../viewer/js/engine/topic.js";

const ones = new Float64Array([1, 1]);

/** @param {SampleRing} ring @param {number} position @param {number} channel */
const valueAt = (ring, position, channel) => ring.values[(position % ring.capacity) * ring.channels + channel];

test("samples are found at their position after any number of turns", () => {
  const ring = new SampleRing(2, 10);
  for (let first = 0; first < 100; first += 4) {
    ring.append(Float32Array.from({ length: 8 }, (_, i) => first + (i >> 1) + (i % 2) * 1000), 4, ones, false);
    for (let position = ring.start; position < ring.end; position++) {
      assert.equal(valueAt(ring, position, 0), position);
      assert.equal(valueAt(ring, position, 1), position + 1000);
    }
  }
  assert.equal(ring.end, 100);
  assert.equal(ring.start, 90);
});

test("a packet larger than the ring leaves its newest samples", () => {
  const ring = new SampleRing(1, 4);
  ring.append(new Int32Array([1, 2, 3, 4, 5, 6]), 6, ones, true);
  assert.deepEqual([2, 3, 4, 5].map((position) => valueAt(ring, position, 0)), [3, 4, 5, 6]);
  assert.equal(ring.mark(5), 0);
});

test("missing samples take up their room, a break takes none", () => {
  const ring = new SampleRing(1, 100);
  ring.append(new Float32Array([1, 2]), 2, ones, false);
  ring.skip(3);
  ring.append(new Float32Array([6]), 1, ones, true);
  assert.deepEqual([0, 1, 2, 3, 4, 5].map((position) => ring.mark(position)), [0, 0, MISSING, MISSING, MISSING, BREAK]);
  ring.skip(1e12);
  assert.equal(ring.mark(ring.end - 1), MISSING);
  assert.equal(ring.end, 1e12 + 6);
});

test("a copy of another capacity holds the newest, and knows no more than the ring did", () => {
  const ring = new SampleRing(1, 4);
  ring.append(new Float32Array([1, 2, 3, 4, 5, 6]), 6, ones, false);
  ring.skip(1);
  const larger = ring.copy(50);
  assert.deepEqual([larger.start, larger.end], [3, 7]);
  assert.deepEqual([3, 4, 5].map((position) => valueAt(larger, position, 0)), [4, 5, 6]);
  assert.equal(larger.mark(6), MISSING);
  assert.equal(ring.copy(2).start, 5);
});

/** @returns {Topic} */
function topicAt250Hz() {
  const topic = new Topic("eeg", 2);
  topic.describe(description());
  return topic;
}

/** @returns {import("../../viewer/js/engine/messages.js").Stream} */
function description(rate_hz = 250) {
  const channels = [{ label: "Cz", unit: "mV", unitPerCode: null }];
  return { type: "stream", stream: 1, topic: "eeg", rate_hz, unit: "mV", dtype: "f32", sensor: "s", channels };
}

/** @param {number} index @param {number} [time_s] @param {Partial<import("../../viewer/js/engine/frame.js").Frame>} [more] @returns {import("../../viewer/js/engine/frame.js").Frame} */
function packet(index, time_s = index / 250, more = {}) {
  const values = new Float32Array(10).fill(0.5);
  return { dtype: "f32", stream: 1, index, time_s, frames: 10, channels: 1, gapBefore: false, settling: false, railed: false, values, ...more };
}

test("a jump of the index is lost samples, and room for them; values are scaled to microvolts", () => {
  const topic = topicAt250Hz();
  topic.accept(packet(5000), 0);
  topic.accept(packet(5010), 40);
  assert.equal(topic.lost, 0);
  topic.accept(packet(5045), 180);
  assert.equal(topic.lost, 25);
  assert.equal(topic.lastLoss_ms, 180);
  assert.equal(topic.ring?.end, 55);
  assert.equal(topic.ring?.mark(20), MISSING);
  assert.equal(topic.ring?.mark(44), MISSING);
  assert.equal(topic.ring?.mark(45), BREAK);
  assert.equal(topic.ring?.values[0], 500);
  assert.equal(topic.unit, "µV");
});

test("the gap flag alone breaks the line", () => {
  const topic = topicAt250Hz();
  topic.accept(packet(0, 0, { gapBefore: true }), 0);
  assert.equal(topic.ring?.mark(0), 0);
  topic.accept(packet(10, 0.04, { gapBefore: true }), 0);
  assert.equal(topic.ring?.mark(10), BREAK);
  assert.equal(topic.lost, 0);
});

test("a restarted daemon counts from 0: a gap as long as the silence, and nothing is called lost", () => {
  const topic = topicAt250Hz();
  topic.accept(packet(5000, 100), 0);
  topic.describe(description());
  topic.accept(packet(0, 103.04), 0);
  assert.equal(topic.restarts, 1);
  assert.equal(topic.lost, 0);
  assert.equal(topic.ring?.end, 10 + 750 + 10);
  // A new run may also be ahead of where the old one was; the time gives it away.
  topic.accept(packet(90_000, 105), 0);
  assert.equal(topic.restarts, 2);
  assert.equal(topic.lost, 0);
});

test("another form starts anew, a frame of another form than announced is refused", () => {
  const topic = topicAt250Hz();
  topic.accept(packet(0), 0);
  assert.throws(() => topic.accept(packet(10, 0.04, { channels: 2, frames: 5 }), 0), FrameError);
  assert.throws(() => topic.accept(packet(10, 0.04, { dtype: "i32" }), 0), FrameError);
  topic.describe(description(500));
  assert.equal(topic.ring?.end, 0);
  assert.equal(topic.form, 2);
});

test("the rate is measured by the frames' own times, a millionth matters", () => {
  const topic = topicAt250Hz();
  // 40 ppm fast; arrival is uneven and does not matter.
  for (let i = 0; i < 800; i++) topic.accept(packet(i * 10, 1.7e9 + (i * 10) / (250 * 1.00004)), i * 41);
  const ppm = (topic.meter.rate_hz / 250 - 1) * 1e6;
  assert.ok(Math.abs(ppm - 40) < 1, `${ppm}`);
});

test("what happened stands at the sample of its time", () => {
  const topic = topicAt250Hz();
  const event = { type: /** @type {const} */ ("event"), kind: "marker", text: "x", stage: "", channel: "", duration_s: 0.4, time_s: 0 };
  topic.mark(event);
  assert.deepEqual(topic.marks.list, []);
  for (let i = 0; i < 10; i++) topic.accept(packet(5000 + i * 10), 0);
  topic.mark({ ...event, time_s: 5042 / 250 });
  topic.mark({ ...event, time_s: 5110 / 250 });
  assert.deepEqual(topic.marks.list.map(({ position, frames }) => [position, frames]), [[42, 100], [110, 100]]);
  assert.equal(topic.marks.earliestSince(0), 42);
  assert.equal(topic.marks.earliestSince(1), 110);
  assert.deepEqual(topic.momentOf(42), { time_s: 5042 / 250, index: 5042 });
});

test("hum is taken out of the samples that are there, and of those that come", () => {
  const topic = topicAt250Hz();
  const hum = (/** @type {number} */ from) => Float32Array.from({ length: 250 }, (_, i) => {
    const t = (from + i) / 250;
    return 0.02 * Math.sin(2 * Math.PI * 10 * t) + 0.5 * Math.sin(2 * Math.PI * 50 * t) + 0.2 * Math.sin(2 * Math.PI * 100 * t);
  });
  const feed = (/** @type {number} */ second) => topic.accept(packet(second * 250, second, { frames: 250, values: hum(second * 250) }), 0);
  for (const second of [0, 1, 2]) feed(second);
  topic.setMains(50);
  feed(3);
  const { mains } = topic;
  assert.ok(mains !== null && mains.end === 1000);
  for (let position = 500; position < 1000; position++) {
    const error = (mains.values[position % (topic.ring?.capacity ?? 1)] ?? NaN) - 20 * Math.sin((2 * Math.PI * 10 * position) / 250);
    assert.ok(Math.abs(error) < 1.5, `${error} uV at ${position}`);
  }
  topic.setMains(0);
  assert.equal(topic.mains, null);
});

test("another time base keeps the samples", () => {
  const topic = topicAt250Hz();
  for (let i = 0; i < 50; i++) topic.accept(packet(i * 10), i * 40);
  topic.setSeconds(30);
  assert.equal(topic.ring?.capacity, 32 * 250);
  assert.equal(topic.ring?.end, 500);
  assert.equal(topic.ring?.mark(499), 0);
  assert.equal(topic.baseline?.end, 500);
});
