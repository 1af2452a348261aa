// What a filter does, as it is drawn: where it is looked at, where its passband ends; and what plays a recording.

import assert from "node:assert/strict";
import { test } from "node:test";
import { edgesOf, frequenciesOf } from "../../viewer/js/pipeline/response.js";
import { documentOf } from "../../viewer/js/studies/playing.js";

test("a filter is looked at evenly, and closely where its parameters say", () => {
  const hz = frequenciesOf(250, { hz: 50, q: 30, harmonics: 2, init: "step" });
  assert.ok(hz.every((f, i) => f > 0 && f < 125 && (i === 0 || f > (hz[i - 1] ?? NaN))) && hz.length < 2000);
  for (const f of [50, 100]) {
    const at = hz.indexOf(f);
    assert.ok(at > 0 && (hz[at + 1] ?? NaN) < f * 1.0001, `around ${f} Hz: ${hz.slice(at - 1, at + 2)}`);
  }
  assert.ok(frequenciesOf(250, { low_hz: 1, high_hz: 400, note_hz: "x" }).includes(1));
});

test("a passband ends where the gain is 3 dB below its highest", () => {
  // One pole each at 1 Hz and 40 Hz: |H|^2 = (f/1)^2 / (1 + (f/1)^2) / (1 + (f/40)^2).
  const hz = Array.from({ length: 2000 }, (_, i) => 10 ** (-1 + (i * 3) / 2000));
  const gain_db = hz.map((f) => 10 * Math.log10(f ** 2 / (1 + f ** 2) / (1 + (f / 40) ** 2)));
  const edges = edgesOf({ hz, gain_db });
  // Its highest gain, at sqrt(40) Hz, is 40/41/(1 + 40/1600) = 0.952 in power; half of that is reached at 0.955 and 41.9 Hz.
  assert.equal(edges.length, 2);
  assert.ok(Math.abs((edges[0] ?? NaN) - 0.955) < 0.005 && Math.abs((edges[1] ?? NaN) - 41.87) < 0.1, `${edges}`);
  // What lets nothing pass at one frequency has edges on both sides of it.
  assert.deepEqual(edgesOf({ hz: [48, 49, 50, 51, 52], gain_db: [0, 0, -Infinity, 0, 0] }).map((f) => Math.round(f)), [49, 51]);
  assert.deepEqual(edgesOf({ hz: [1, 2], gain_db: [0, -1] }), []);
});

test("a recording of codes is shown in microvolts, one of floats as it is", () => {
  const { stages } = documentOf("20261124T101500Z_P001_rest", "P001_rest_acquire.bdf", 5);
  assert.deepEqual(stages.playback.params, { path: "studies/20261124T101500Z_P001_rest/P001_rest_acquire.bdf", speed: 5 });
  assert.deepEqual([Object.keys(stages), stages.recording.inputs], [["playback", "to_voltage", "recording"], ["to_voltage"]]);
  assert.deepEqual(documentOf("s", "x.xdf", 1).stages.recording.inputs, ["playback"]);
});
