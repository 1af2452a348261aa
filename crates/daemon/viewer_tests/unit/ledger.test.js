// Where samples were lost, by the daemon's ledger; what is recorded; how threads are scheduled.

import assert from "node:assert/strict";
import { test } from "node:test";
import { parseLedger, parsePipeline } from "../../viewer/js/shell/answers.js";
import { lossesOf, LossWatch } from "../../viewer/js/shell/loss_watch.js";
import { bytesOf, parseRecording } from "../../viewer/js/shell/recording.js";

const line = { acquired: null, lost_by_cause: {}, taken: 0, lost: 0, overflow: 0, dropped: 0, skipped: 0, passed_on: 0, unaccounted: 0 };
const ledger = (/** @type {number} */ missed, /** @type {number} */ overflow) =>
  parseLedger({
    balances: true,
    stages: [
      { ...line, stage: "acquire", acquired: 1000, lost_by_cause: { overrun: missed }, passed_on: 1000 - missed },
      // Missing in what came: lost above, told there.
      { ...line, stage: "notch", taken: 900, lost: missed + overflow, overflow },
    ],
  });

test("a loss is told once, at the place where it happened, with its cause", () => {
  assert.deepEqual(lossesOf(ledger(0, 0)), []);
  assert.deepEqual(lossesOf(ledger(5, 7)), [
    { stage: "acquire", frames: 5, cause: "overrun" },
    { stage: "notch", frames: 7, cause: "" },
  ]);
  assert.equal(ledger(5, 0).get("acquire")?.acquired, 1000);
  assert.ok(Number.isNaN(ledger(0, 0).get("notch")?.acquired));
});

test("what was lost before the page looked is no news; what is lost after is, by how much it grew", () => {
  const watch = new LossWatch();
  watch.note(ledger(5, 0), 1000);
  assert.equal(watch.latest, null);
  watch.note(ledger(5, 7), 2000);
  assert.deepEqual(watch.latest, { loss: { stage: "notch", frames: 7, cause: "" }, at_ms: 2000 });
  watch.note(ledger(5, 7), 3000);
  assert.equal(watch.latest?.at_ms, 2000);
  watch.note(ledger(9, 7), 4000);
  assert.deepEqual(watch.latest?.loss, { stage: "acquire", frames: 4, cause: "overrun" });
  // Another pipeline counts from nothing.
  watch.note(ledger(0, 0), 5000);
  watch.note(ledger(2, 0), 6000);
  assert.equal(watch.latest?.loss.frames, 2);
});

test("what is recorded, and the room for more", () => {
  const study = { study: "studies/20261124T101500Z_P001_rest", participant: "P001", task: "rest", notes: "", state: "recording", started_unix_ns: 5e18, stopped_unix_ns: null };
  const { study: read, free_bytes } = parseRecording({ study, files: [{ name: "a.bdf", bytes: 7 }, { name: "b.yaml", bytes: 3 }], disk: { free_bytes: 9, total_bytes: 10 } });
  assert.deepEqual([read?.study, read?.participant, read?.started_ns, bytesOf(read?.files ?? []), free_bytes], ["20261124T101500Z_P001_rest", "P001", 5e18, 10, 9]);
  assert.ok(Number.isNaN(read?.stopped_ns));
  const none = parseRecording({ study: null, files: [], disk: null });
  assert.ok(none.study === null && Number.isNaN(none.free_bytes));
});

test("a source's clock and the threads' scheduling are read", () => {
  const { status, threads } = parsePipeline({
    state: "running",
    revision: 1,
    config: {},
    stages: { acquire: { source: { acquired: 9, lost: {}, figures: { rate_ppm: 12.5, rate_ppm_uncertainty: 0.4 } } }, notch: { source: null } },
    scheduling: { threads: [{ group: "acquire", got: { priority: 80, cores: [3] }, refused: [] }, { group: "dsp", got: { priority: null, cores: [] }, refused: ["no"] }] },
  });
  assert.equal(status.get("acquire")?.device?.get("rate_ppm"), 12.5);
  assert.equal(status.get("notch")?.device, null);
  assert.deepEqual(threads, [
    { group: "acquire", priority: 80, cores: [3], refused: [] },
    { group: "dsp", priority: NaN, cores: [], refused: ["no"] },
  ]);
});
