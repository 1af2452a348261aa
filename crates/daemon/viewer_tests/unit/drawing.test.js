// What is drawn where: columns, extremes, gaps, the baseline, the pace. No canvas is needed.

import assert from "node:assert/strict";
import { test } from "node:test";
import { amplitudesOf, chooseAmplitude, SECONDS } from "../../viewer/js/engine/amplitude.js";
import { Baseline } from "../../viewer/js/engine/baseline.js";
import { brokenColumns, eachGap, extremes, readChannel } from "../../viewer/js/engine/decimate.js";
import { ticks } from "../../viewer/js/scope/grid.js";
import { Pace } from "../../viewer/js/engine/pace.js";
import { SampleRing } from "../../viewer/js/engine/ring.js";
import { Sweep, yOf } from "../../viewer/js/engine/sweep.js";

const RATES_HZ = [250, 500, 1000, 2000, 4000, 8000, 16000];

/** @param {number} frames @param {(frame: number) => number} value @returns {SampleRing} */
function ringOf(frames, value) {
  const ring = new SampleRing(1, frames);
  ring.append(Float32Array.from({ length: frames }, (_, i) => value(i)), frames, new Float64Array([1]), false);
  return ring;
}

/** A ring with nothing taken away. @param {SampleRing} ring */
const plain = (ring) => ({ ring, baseline: null, mains: null });

test("every sample falls in one column, at every rate, width and phase", () => {
  for (const rate_hz of RATES_HZ) {
    for (const [width, phase] of /** @type {const} */ ([[333, 0], [1400, 17], [2880, -3]])) {
      const sweep = new Sweep(width, 10 * rate_hz, phase);
      let expected = sweep.firstIn(0);
      for (let column = 0; column < 2 * width; column++) {
        assert.equal(sweep.firstIn(column), expected);
        expected = sweep.firstIn(column + 1);
        for (let position = sweep.firstIn(column); position < expected; position++) {
          assert.ok(Math.abs(sweep.xOf(position) - column - 0.5) <= 0.5 + 1e-6);
        }
      }
      assert.equal(expected, 20 * rate_hz - phase);
    }
  }
});

test("no peak is lost: a spike of one sample is an extreme of its column, wherever it is", () => {
  for (const rate_hz of RATES_HZ) {
    const frames = 2 * rate_hz;
    const width = 301;
    const sweep = new Sweep(width, frames, 0);
    for (const spike of [0, 1, Math.floor(frames / 3), frames - 1]) {
      for (const sign of [1, -1]) {
        const ring = ringOf(frames, (i) => (i === spike ? sign * 700 : 0));
        const values = new Float32Array(frames);
        const out = new Float32Array(2 * width);
        readChannel(plain(ring), 0, 0, frames, values);
        extremes(values, 0, frames, sweep, 0, width, out);
        const hit = [...out.keys()].filter((i) => out[i] === sign * 700).map((i) => i >> 1);
        const columns = new Set(hit);
        assert.deepEqual([...columns], [sweep.columnOf(spike)], `${rate_hz} Hz, sample ${spike}`);
      }
    }
  }
});

test("extremes come in the order of time, and a column without samples has none", () => {
  const sweep = new Sweep(3, 12, 0);
  const out = new Float32Array(6);
  extremes(new Float32Array([1, 5, 2, 3, 4, -2, 1, 1, NaN, NaN, NaN, NaN]), 0, 12, sweep, 0, 3, out);
  assert.deepEqual([...out.subarray(0, 4)], [1, 5, 4, -2]);
  assert.ok(Number.isNaN(out[4]) && Number.isNaN(out[5]));
});

test("a line never crosses a missing sample, be it one in a crowded column", () => {
  const ring = new SampleRing(1, 1000);
  ring.append(new Float32Array(500), 500, new Float64Array([1]), false);
  ring.skip(1);
  ring.append(new Float32Array(499), 499, new Float64Array([1]), true);
  const sweep = new Sweep(100, 1000, 0);
  const broken = new Uint8Array(100);
  brokenColumns(ring, 0, 1000, sweep, 0, 100, broken);
  assert.deepEqual([...broken.keys()].filter((k) => broken[k] === 1), [50]);
  /** @type {number[][]} */
  const gaps = [];
  eachGap(ring, 0, 1000, (begin, end) => gaps.push([begin, end]));
  assert.deepEqual(gaps, [[500, 501]]);
});

test("a break without width and a gap at the end are told", () => {
  const ring = new SampleRing(1, 20);
  ring.append(new Float32Array(5), 5, new Float64Array([1]), false);
  ring.append(new Float32Array(5), 5, new Float64Array([1]), true);
  ring.skip(4);
  /** @type {number[][]} */
  const gaps = [];
  eachGap(ring, 0, 14, (begin, end) => gaps.push([begin, end]));
  assert.deepEqual(gaps, [[5, 5], [10, 14]]);
});

test("a value stands at its height: one division is one lane", () => {
  assert.equal(yOf(0, 0, 80, 50), 40);
  assert.equal(yOf(50, 1, 80, 50), 40);
  assert.equal(yOf(-25, 2, 80, 50), 240);
});

test("the baseline takes an offset away at once, a drift within seconds, and leaves alpha alone", () => {
  const rate_hz = 250;
  const frames = 10 * rate_hz;
  const signal = (/** @type {number} */ i) => 60_000 + (300 * i) / rate_hz + 20 * Math.sin((2 * Math.PI * 10 * i) / rate_hz);
  const ring = ringOf(frames, signal);
  const baseline = new Baseline(1, rate_hz, frames);
  baseline.follow(ring);
  assert.equal(baseline.end, frames);
  const values = new Float32Array(frames);
  readChannel({ ring, baseline, mains: null }, 0, 0, frames, values);
  assert.ok(Math.abs(values[0] ?? NaN) < 25, `${values[0]}`);
  const settled = values.subarray(6 * rate_hz);
  assert.ok(Math.abs(Math.max(...settled) - 20) < 2.5, `${Math.max(...settled)}`);
  assert.ok(Math.abs(Math.min(...settled) + 20) < 2.5, `${Math.min(...settled)}`);
});

test("the baseline is the same whatever the packets, and is taken anew after a silence", () => {
  const rate_hz = 1000;
  const make = (/** @type {number} */ step) => {
    const ring = new SampleRing(1, 4000);
    const baseline = new Baseline(1, rate_hz, 4000);
    for (let i = 0; i < 1000; i += step) {
      ring.append(Float32Array.from({ length: step }, (_, k) => Math.sin((i + k) / 90) * 100), step, new Float64Array([1]), false);
      baseline.follow(ring);
    }
    ring.skip(1500);
    ring.append(new Float32Array(500).fill(9000), 500, new Float64Array([1]), true);
    baseline.follow(ring);
    const values = new Float32Array(3000);
    readChannel({ ring, baseline, mains: null }, 0, 0, 3000, values);
    return values;
  };
  const whole = make(1000);
  assert.deepEqual(make(10), whole);
  assert.deepEqual(make(250), whole);
  assert.ok(whole.subarray(2500, 3000).every((value) => Math.abs(value) < 1), "9000 uV after the silence is the new zero");
});

test("the amplitude fits the usual channel, not its one artefact", () => {
  const ring = ringOf(500, (i) => (i === 250 ? 4000 : 30 * Math.sin(i / 5)));
  assert.equal(chooseAmplitude(plain(ring), [0], 0, 500, amplitudesOf("µV")), 100);
  assert.equal(chooseAmplitude(plain(new SampleRing(1, 10)), [0], 0, 0, amplitudesOf("µV")), null);
  assert.equal(amplitudesOf("µV").length, 8);
  assert.equal(amplitudesOf("codes").length, 8);
});

test("the edge runs evenly through bursts, never beyond the newest sample, never back", () => {
  const rate_hz = 250;
  const pace = new Pace(rate_hz);
  let newest = 0;
  let before = 0;
  /** @type {number[]} */
  const steps = [];
  for (let frame = 0; frame < 600; frame++) {
    // A packet of 40 ms every 40 ms, seen at 60 frames a second.
    newest = Math.floor(((frame / 60) * rate_hz) / 10) * 10;
    const head = pace.advance(newest, 1 / 60);
    assert.ok(head <= newest && head >= before);
    if (frame > 120) steps.push(head - before);
    before = head;
  }
  assert.ok(Math.max(...steps) <= 6 && Math.min(...steps) >= 3, `${Math.min(...steps)} to ${Math.max(...steps)}`);
});

test("the edge reaches the last sample of a stream that stops, and jumps after a stall", () => {
  const pace = new Pace(250);
  pace.advance(250, 1 / 60);
  let head = 0;
  for (let frame = 0; frame < 60; frame++) head = pace.advance(250, 1 / 60);
  assert.equal(head, 250);
  assert.equal(pace.advance(10_000, 1 / 60), 10_000 - 20);
});

test("the time scale is readable at every width", () => {
  assert.deepEqual(ticks(2, 1400), Array.from({ length: 20 }, (_, i) => i / 10));
  assert.deepEqual(ticks(10, 300), [0, 2, 4, 6, 8]);
  for (const seconds of SECONDS) {
    for (const width of [200, 300, 700, 2000]) {
      const marks = ticks(seconds, width);
      assert.ok(marks.length >= 2 && (width / seconds) * ((marks[1] ?? 0) - (marks[0] ?? 0)) >= 44);
    }
  }
});
