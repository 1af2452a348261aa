// Which channels are drawn, in which order and how.

import assert from "node:assert/strict";
import { test } from "node:test";
import { keysOf, lanesBehind, lanesOf, moved, rowsOf } from "../../viewer/js/scope/montage.js";

/** @type {import("../../viewer/js/shell/settings.js").ScopeSettings} */
const plain = { perDivision: null, removeDc: null, mains_hz: 0, behind: null, order: [], channels: new Map() };

test("channels come in the stream's order, each in the colour of its place, until the user says otherwise", () => {
  const labels = ["Fp1", "Fp2", "Cz", "Oz"];
  assert.deepEqual(lanesOf(rowsOf(labels, plain)), labels.map((_, channel) => ({ channel, colour: channel, sign: 1, offset: 0 })));
  const channels = new Map([
    ["Fp2", { colour: 6, inverted: true, offset: 25, hidden: false }],
    ["Cz", { colour: null, inverted: false, offset: 0, hidden: true }],
  ]);
  const rows = rowsOf(labels, { ...plain, channels, order: ["Oz", "gone", "Fp2"] });
  assert.deepEqual(lanesOf(rows), [
    { channel: 3, colour: 3, sign: 1, offset: 0 },
    { channel: 1, colour: 6, sign: -1, offset: 25 },
    { channel: 0, colour: 0, sign: 1, offset: 0 },
  ]);
});

test("a channel moves by one place, and not beyond the ends", () => {
  const rows = rowsOf(["a", "b", "c"], plain);
  assert.deepEqual(moved(rows, "c", -1), ["a", "c", "b"]);
  assert.deepEqual(moved(rows, "a", 1), ["b", "a", "c"]);
  assert.deepEqual(moved(rows, "a", -1), ["a", "b", "c"]);
  assert.deepEqual(moved(rows, "x", 1), ["a", "b", "c"]);
});

test("labels may occur twice; of more than 64 channels the first are drawn", () => {
  assert.deepEqual(keysOf(["a", "a", "b", "a"]), ["a", "a (2)", "b", "a (3)"]);
  const labels = Array.from({ length: 80 }, (_, i) => `c${i}`);
  assert.equal(lanesOf(rowsOf(labels, plain)).length, 64);
  const channels = new Map([["c79", { colour: null, inverted: false, offset: 0, hidden: false }]]);
  assert.equal(lanesOf(rowsOf(labels, { ...plain, channels })).length, 65);
});

test("behind, a channel lies behind the one of its label, upside down when that is", () => {
  const channels = new Map([["Cz", { colour: null, inverted: true, offset: 5, hidden: false }]]);
  const front = rowsOf(["Cz", "Oz", "Pz"], { ...plain, channels });
  assert.deepEqual(lanesBehind(front, ["Oz", "x", "Cz"]).map(({ channel, sign, offset }) => [channel, sign, offset]), [[2, -1, 5], [0, 1, 0], [-1, 1, 0]]);
  assert.deepEqual(lanesBehind(front, ["p", "q"]).map(({ channel }) => channel), [0, 1, -1]);
});
