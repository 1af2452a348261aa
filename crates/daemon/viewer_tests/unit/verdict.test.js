// The sentence about how things are.

import assert from "node:assert/strict";
import { test } from "node:test";
import { verdict } from "../../viewer/js/shell/verdict.js";

/** @type {import("../../viewer/js/shell/verdict.js").Facts} */
const well = {
  now_ms: 100_000, connection: "open", wasOpen: true, retryIn_s: NaN, tokenWanted: false, badAnswer: null,
  pipeline: { state: "running", reason: "", failures: [], threads: [] }, rejected: 0, rejectedWhy: "", lastRejected_ms: NaN, frozenSince_ms: null,
  loss: null, free_bytes: 5e9, isRecording: false,
  topics: [{ name: "eeg", rate_hz: 250, samples: 90, packets: 9, lost: 0, lagged: 0, lastLoss_ms: NaN, lastRestart_ms: NaN, lastPacket_ms: 99_990 }],
};
const topic = /** @type {import("../../viewer/js/shell/verdict.js").Account} */ (well.topics[0]);

test("the sentence says what is wrong, the worst first", () => {
  const says = (/** @type {Partial<typeof well>} */ change) => verdict({ ...well, ...change });
  assert.equal(says({}).level, "good");
  assert.deepEqual(says({ connection: "waiting", retryIn_s: 2 }), { level: "bad", sentence: "Connection lost: trying again in 2 s" });
  assert.match(says({ connection: "waiting", wasOpen: false, retryIn_s: 4 }).sentence, /No answer from eegd: trying again in 4 s/);
  assert.match(says({ connection: "waiting", wasOpen: false, badAnswer: "HTTP status 404" }).sentence, /HTTP status 404/);
  assert.match(says({ connection: "waiting", wasOpen: false, topics: [] }).sentence, /websocket_sink/);
  assert.match(says({ tokenWanted: true }).sentence, /token/);
  assert.match(says({ pipeline: { state: "failed", reason: "the disk is full", failures: [], threads: [] } }).sentence, /failed: the disk is full/);
  const failures = [{ stage: "csv", message: "no space left" }];
  assert.deepEqual(says({ pipeline: { state: "running", reason: "", failures, threads: [] } }), { level: "bad", sentence: "csv has failed: no space left" });
  assert.match(says({ pipeline: { state: "idle", reason: "", failures: [], threads: [] } }).sentence, /No pipeline is running/);
  assert.match(says({ rejected: 1, rejectedWhy: "why", lastRejected_ms: 99_000 }).sentence, /1 message could not be read: why/);
  assert.match(says({ topics: [{ ...topic, lastPacket_ms: 95_500 }] }).sentence, /no data for 4 s/);
  // Spectra every two seconds are no stall.
  assert.equal(says({ topics: [{ ...topic, rate_hz: 0.5, samples: 9, lastPacket_ms: 95_500 }] }).level, "good");
  assert.match(says({ topics: [{ ...topic, packets: 0 }] }).sentence, /first packet/);
  assert.match(says({ topics: [{ ...topic, lost: 1200, lastLoss_ms: 99_000 }] }).sentence, /1,200 samples lost/);
  assert.match(says({ topics: [{ ...topic, lost: 9, lagged: 3, lastLoss_ms: 99_000 }] }).sentence, /too slow for 3 packets/);
  assert.match(says({ topics: [{ ...topic, lost: 9, lastLoss_ms: 1000 }] }).sentence, /Live. 9 samples lost since/);
  assert.match(says({ topics: [{ ...topic, lastRestart_ms: 99_000 }] }).sentence, /began anew/);
  const loss = { loss: { stage: "acquire", frames: 12, cause: "read_errors" }, at_ms: 99_000 };
  assert.match(says({ loss }).sentence, /^12 samples lost in the daemon at acquire, read errors, at/);
  assert.equal(says({ loss: { ...loss, at_ms: 1000 } }).level, "good");
  assert.equal(says({ free_bytes: 9e8 }).level, "good");
  assert.match(says({ free_bytes: 9e8, isRecording: true }).sentence, /nearly full: 900 MB/);
  const threads = [{ group: "dsp", refused: ["this machine has no core 7"] }];
  assert.deepEqual(says({ pipeline: { state: "running", reason: "", failures: [], threads } }), {
    level: "note", sentence: "Live, but group dsp does not run as it was asked to: this machine has no core 7.",
  });
  assert.match(says({ frozenSince_ms: 99_000 }).sentence, /Frozen/);
});
