// Spectra and quality without a page: figures by electrode and part, places on the head, what is good and what is not.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Figures } from "../../viewer/js/spectra/figures.js";
import { judge } from "../../viewer/js/signal/judge.js";
import { positionOf } from "../../viewer/js/signal/positions.js";
import { ClockOffset } from "../../viewer/js/shell/clock_offset.js";

/** @param {string[]} labels @param {string} unit */
const streamOf = (labels, unit) => ({
  type: /** @type {const} */ ("stream"), stream: 1, topic: "t", rate_hz: 2, unit, dtype: /** @type {const} */ ("f32"), sensor: "",
  channels: labels.map((label) => ({ label, unit, unitPerCode: null })),
});

test("figures are found by electrode and part, the newest first, as far back as they are kept", () => {
  const figures = new Figures(streamOf(["Fp1@1.0Hz", "Fp1@2.0Hz", "Oz@1.0Hz", "Oz@2.0Hz"], "uV^2/Hz"));
  assert.deepEqual([figures.electrodes, figures.hz], [["Fp1", "Oz"], [1, 2]]);
  assert.ok(Number.isNaN(figures.at(0, 0)));
  figures.append([1, 2, 3, 4, 10, 20, 30, 40], 2);
  assert.deepEqual([figures.at(1, 0), figures.at(1, 0, 1), figures.kept], [30, 3, 2]);
  assert.equal(figures.decibels(0, 0), 10);
  for (let i = 0; i < 1000; i++) figures.append([i, i, i, i], 1);
  assert.deepEqual([figures.at(0, 1), figures.at(0, 1, 599), figures.kept], [999, 400, 600]);
  assert.ok(Number.isNaN(figures.at(0, 1, 600)));
  const decibels = new Figures(streamOf(["Fp1@1Hz"], "dB(uV^2/Hz)"));
  decibels.append([-12], 1);
  assert.equal(decibels.decibels(0, 0), -12);
});

test("electrodes stand where the 10-20 system has them", () => {
  const at = (/** @type {string} */ label) => {
    const place = positionOf(label);
    return place === null ? null : [Number(place.x.toFixed(2)), Number(place.y.toFixed(2))];
  };
  assert.deepEqual(at("Cz"), [0, 0]);
  assert.deepEqual(at("T7"), [-0.8, 0]);
  assert.deepEqual(at("T3"), at("T7"));
  assert.deepEqual(at("EEG Fp1-Ref"), at("FP1"));
  assert.deepEqual(at("C3"), [-0.4, 0]);
  assert.equal(at("O2")?.[0], -(at("O1")?.[0] ?? NaN));
  assert.ok((at("Fp1")?.[1] ?? 0) > (at("F3")?.[1] ?? 0) && (at("F3")?.[1] ?? 0) > (at("C3")?.[1] ?? 1));
  for (const label of ["ch1", "EXG1", "X", "", "Fp9", "<b>", "C0"]) assert.equal(at(label), null, label);
  const all = ["Fp1", "Fp2", "F7", "F3", "Fz", "F4", "F8", "T7", "C3", "Cz", "C4", "T8", "P7", "P3", "Pz", "P4", "P8", "O1", "O2"].map(at);
  all.forEach((a, i) => all.slice(i + 1).forEach((b) => assert.ok(Math.hypot((a?.[0] ?? 0) - (b?.[0] ?? 0), (a?.[1] ?? 0) - (b?.[1] ?? 0)) > 0.2)));
});

test("the worst that is known of an electrode decides", () => {
  const none = { railed: NaN, flat: NaN, off: NaN, mains: NaN, kohm: NaN };
  assert.deepEqual(judge(none), { state: "unknown", why: null });
  assert.deepEqual(judge({ ...none, flat: 0, off: 0, railed: 0, mains: 0.1 }), { state: "good", why: null });
  assert.deepEqual(judge({ ...none, kohm: 5 }), { state: "good", why: null });
  assert.deepEqual(judge({ ...none, kohm: 30, mains: 0.9 }), { state: "note", why: "impedance" });
  assert.deepEqual(judge({ ...none, mains: 0.9 }), { state: "note", why: "mains" });
  assert.deepEqual(judge({ railed: 0.1, flat: 1, off: 1, mains: 1, kohm: 500 }), { state: "bad", why: "off" });
  assert.deepEqual(judge({ ...none, railed: 0.01 }), { state: "bad", why: "railed" });
});

test("the daemon's clock is told by the quickest answer", () => {
  const clock = new ClockOffset();
  assert.ok(Number.isNaN(clock.offset_ms));
  clock.note(5_500, 1_000, 2_000);
  assert.equal(clock.offset_ms, 4_000);
  clock.note(7_005, 3_000, 3_010);
  clock.note(9_300, 5_000, 5_800);
  clock.note(NaN, 6_000, 6_001);
  assert.equal(clock.offset_ms, 4_000);
});
