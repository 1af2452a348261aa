// JSON from the daemon: taken when it keeps the contract, refused or passed over when not.

import assert from "node:assert/strict";
import { test } from "node:test";
import { displayScale, displayUnit } from "../../viewer/js/amplitude.js";
import { MessageError, parseMessage, parsePipeline, parseTopics, topicsOfAddress } from "../../viewer/js/messages.js";

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
  assert.deepEqual(parseMessage('{"type":"event","text":"<b>"}'), { type: "event" });
  assert.equal(parseMessage('{"type":"of_tomorrow"}'), null);
  for (const broken of ["", "{", "[]", "null", "3"]) assert.throws(() => parseMessage(broken), MessageError, broken);
  assert.throws(() => parseMessage('{"type":"lagged","topic":"eeg"}'), MessageError);
});

test("topics and pipeline are read", () => {
  assert.deepEqual(parseTopics({ topics: ["a", "b", "a", "", 3] }), ["a", "b"]);
  assert.throws(() => parseTopics(["a"]), MessageError);
  assert.deepEqual(parsePipeline({ state: "running", config: { name: "demo" } }), { state: "running", name: "demo" });
  assert.deepEqual(parsePipeline({ state: "idle", config: null }), { state: "idle", name: "" });
  assert.throws(() => parsePipeline({}), MessageError);
});

test("the page's address picks topics", () => {
  assert.equal(topicsOfAddress(""), null);
  assert.equal(topicsOfAddress("?topics="), null);
  assert.deepEqual(topicsOfAddress("?topics=a,%20b,a"), ["a", "b"]);
});
