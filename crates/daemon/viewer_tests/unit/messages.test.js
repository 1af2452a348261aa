// JSON from the daemon: taken when it keeps the contract, refused or passed over when not.

import assert from "node:assert/strict";
import { test } from "node:test";
import { displayScale, displayUnit } from "../../viewer/js/engine/amplitude.js";
import { MessageError, parseMessage } from "../../viewer/js/engine/messages.js";
import { kindOf, partsOf } from "../../viewer/js/engine/topic_kind.js";
import { parsePipeline, parseTopics, topicsOfAddress } from "../../viewer/js/shell/answers.js";

const stream = {
  type: "stream", stream: 1, topic: "eeg", rate_hz: 250, unit: "uV", dtype: "f32",
  channels: [{ label: "Fp1", unit: "uV" }, { label: "" }], sensor: "s", config_revision: 3,
};

test("a stream message is read, and missing labels and units are filled in", () => {
  const read = parseMessage(JSON.stringify(stream));
  if (read?.type !== "stream") assert.fail("not read as a stream message");
  assert.equal(read.rate_hz, 250);
  assert.deepEqual(read.channels, [
    { label: "Fp1", unit: "uV", unitPerCode: null },
    { label: "Ch 2", unit: "uV", unitPerCode: null },
  ]);
});

test("codes come with what makes volts of them", () => {
  const channels = [{ label: "Fp1", unit: "count", physical_unit: "mV", unit_per_code: 0.25, unit_offset: 0, gain: 24 }];
  const read = parseMessage(JSON.stringify({ ...stream, dtype: "i32", unit: "count", channels }));
  if (read?.type !== "stream") assert.fail("not read as a stream message");
  assert.deepEqual(read.channels, [{ label: "Fp1", unit: "mV", unitPerCode: 0.25 }]);
  assert.deepEqual([...displayScale(read)], [250]);
  assert.equal(displayUnit(read), "µV");
});

test("a stream message that breaks the contract is refused, naming the field", () => {
  for (const [field, value] of /** @type {[string, unknown][]} */ ([
    ["rate_hz", 0], ["rate_hz", "250"], ["rate_hz", null], ["dtype", "f64"], ["channels", []], ["channels", 8],
    ["stream", -1], ["stream", 1.5], ["topic", ""], ["topic", 4],
  ])) {
    const broken = JSON.stringify({ ...stream, [field]: value });
    assert.throws(() => parseMessage(broken), (/** @type {unknown} */ error) => error instanceof MessageError && error.message.includes(field), broken);
  }
});

test("lagged and event are read, an unknown type is passed over, what is no JSON object is refused", () => {
  assert.deepEqual(parseMessage('{"type":"lagged","topic":"eeg","packets":12}'), { type: "lagged", topic: "eeg", packets: 12 });
  assert.deepEqual(parseMessage('{"type":"event","event":"marker","time_ns":1500000000,"text":"<b>"}'), {
    type: "event", kind: "marker", time_s: 1.5, duration_s: 0, text: "<b>", stage: "", channel: "",
  });
  const state = parseMessage('{"type":"event","event":"state"}');
  assert.ok(state?.type === "event" && state.kind === "state" && Number.isNaN(state.time_s));
  assert.throws(() => parseMessage('{"type":"event","time_ns":"now"}'), MessageError);
  assert.equal(parseMessage('{"type":"of_tomorrow"}'), null);
  for (const broken of ["", "{", "[]", "null", "3"]) assert.throws(() => parseMessage(broken), MessageError, broken);
  assert.throws(() => parseMessage('{"type":"lagged","topic":"eeg"}'), MessageError);
});

test("topics and pipeline are read", () => {
  assert.deepEqual(parseTopics({ topics: ["a", "b", "a", "", 3] }), ["a", "b"]);
  assert.throws(() => parseTopics(["a"]), MessageError);
  const stages = { notch: { kind: "notch", inputs: ["a", 3], group: "dsp", on_error: "fatal", params: { hz: 50 } }, odd: null };
  const status = { notch: { state: "running", lost_frames: 3, process_ns: { count: 1, p50: 2, p99: 3, max: 4 }, age_ns: null } };
  const read = parsePipeline({ state: "running", revision: 4, config: { name: "demo", stages }, stages: status, failures: [{ stage: "x", message: "y" }, 3] });
  assert.deepEqual([read.state, read.revision, read.name, read.failures], ["running", 4, "demo", [{ stage: "x", message: "y" }]]);
  assert.deepEqual(read.stages.get("notch"), { kind: "notch", inputs: ["a"], group: "dsp", onError: "fatal", params: { hz: 50 } });
  assert.deepEqual(read.stages.get("odd"), { kind: "", inputs: [], group: "", onError: "", params: {} });
  assert.deepEqual([read.status.get("notch")?.lost, read.status.get("notch")?.process?.p99, read.status.get("notch")?.age], [3, 3, null]);
  assert.equal(parsePipeline({ state: "idle", config: null }).name, "");
  assert.throws(() => parsePipeline({}), MessageError);
});

test("the page's address picks topics", () => {
  assert.equal(topicsOfAddress(""), null);
  assert.equal(topicsOfAddress("?topics="), null);
  assert.deepEqual(topicsOfAddress("?topics=a,%20b,a"), ["a", "b"]);
});

test("what a topic is for is told from its labels and units", () => {
  const of = (/** @type {[string, string][]} */ ...channels) => kindOf({ channels: channels.map(([label, unit]) => ({ label, unit, unitPerCode: null })) });
  assert.equal(of(["Fp1@0.5Hz", "uV^2/Hz"], ["Fp1@10Hz", "uV^2/Hz"]), "spectrum");
  assert.equal(of(["Fp1.alpha", "uV^2"], ["Fp1.beta", "uV^2"]), "parts");
  assert.equal(of(["Fp1.alpha", "1"]), "parts");
  assert.equal(of(["EXG.1", "uV"]), "traces");
  assert.equal(of(["Fp1", "uV^2"]), "traces");
  assert.deepEqual(partsOf("Fp1@10.5Hz"), { electrode: "Fp1", part: "10.5", hz: 10.5 });
  assert.deepEqual(partsOf("a.b.alpha"), { electrode: "a.b", part: "alpha", hz: NaN });
  assert.deepEqual(partsOf("Cz"), { electrode: "Cz", part: "", hz: NaN });
});
