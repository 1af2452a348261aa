// The pipeline's view without a page: patches, forms, the graph's layout.

import assert from "node:assert/strict";
import { test } from "node:test";
import { difference, pointer, wayBack } from "../../viewer/js/pipeline/json_patch.js";
import { layoutOf } from "../../viewer/js/pipeline/layout.js";
import { FieldError, parse, print } from "../../viewer/js/pipeline/field_text.js";
import { fieldsOf, unitOf } from "../../viewer/js/pipeline/schema.js";
import { additions } from "../../viewer/js/spectra/offer.js";

test("a difference names what is added, gone and changed, in escaped pointers", () => {
  assert.equal(pointer("stages", "a/b", "c~d"), "/stages/a~1b/c~0d");
  assert.deepEqual(difference({ a: 1, b: [1, 2], c: { "x/y": 1 }, same: [1] }, { b: [1, 3], c: { "x/y": 2 }, d: null, same: [1] }), [
    { op: "remove", path: "/a" },
    { op: "replace", path: "/b", value: [1, 3] },
    { op: "replace", path: "/c/x~1y", value: 2 },
    { op: "add", path: "/d", value: null },
  ]);
  assert.deepEqual(difference({ a: 1 }, { a: 1 }), []);
});

test("the way back tests what it is about to undo", () => {
  const before = { stages: { notch: { hz: 50 }, out: {} } };
  const after = { stages: { notch: { hz: 60 }, psd: {} } };
  assert.deepEqual(wayBack(before, after), [
    { op: "test", path: "/stages/psd", value: {} },
    { op: "test", path: "/stages/notch/hz", value: 60 },
    { op: "remove", path: "/stages/psd" },
    { op: "replace", path: "/stages/notch/hz", value: 50 },
    { op: "add", path: "/stages/out", value: {} },
  ]);
});

test("stages stand below what feeds them, and a circle does not hang the page", () => {
  const graph = (/** @type {Record<string, string[]>} */ inputs) => layoutOf(new Map(Object.entries(inputs).map(([id, list]) => [id, { inputs: list }])));
  const { places, edges, levels, columns } = graph({ zip: ["b", "c"], a: [], b: ["a"], c: ["a"], out: ["zip", "gone"] });
  const of = (/** @type {string} */ id) => places.find((place) => place.id === id);
  assert.deepEqual([of("a")?.level, of("b")?.level, of("c")?.level, of("zip")?.level, of("out")?.level], [0, 1, 1, 2, 3]);
  assert.notEqual(of("b")?.column, of("c")?.column);
  assert.deepEqual([edges.length, levels, columns], [5, 4, 2]);
  assert.equal(graph({ a: ["b"], b: ["a"] }).places.length, 2);
  assert.deepEqual(graph({}), { places: [], edges: [], levels: 0, columns: 0 });
});

const schema = {
  properties: {
    hz: { type: "number", description: "Centre." },
    order: { type: "integer", minimum: 1, maximum: 10, default: 4 },
    init: { $ref: "#/$defs/Start", description: "Past.", default: "step" },
    high_hz: { type: ["number", "null"] },
    bands: { type: "object", additionalProperties: { type: "array", items: { type: "number" } } },
    labels: { type: "object", additionalProperties: { type: "string" } },
    exclude: { type: "array", items: { type: "string" } },
    taps: { anyOf: [{ type: "array", items: { type: "number" } }, { type: "null" }] },
    relative: { type: "boolean" },
    odd: { oneOf: [{ type: "object" }, { type: "string" }] },
  },
  required: ["hz"],
  $defs: { Start: { oneOf: [{ const: "zero", description: "Silence." }, { const: "step" }] } },
};

test("a schema becomes fields with units, ranges and choices", () => {
  const fields = new Map(fieldsOf(schema).map((field) => [field.name, field]));
  const types = [...fields].map(([name, { type }]) => `${name} ${type}`);
  assert.deepEqual(types, ["hz number", "order integer", "init choice", "high_hz number", "bands map", "labels map", "exclude strings", "taps numbers", "relative boolean", "odd json"]);
  assert.deepEqual([fields.get("hz")?.unit, fields.get("hz")?.required, fields.get("order")?.min, fields.get("order")?.max], ["Hz", true, 1, 10]);
  assert.deepEqual(fields.get("init")?.choices.map(({ value }) => value), ["zero", "step"]);
  assert.equal(fields.get("init")?.description, "Past.");
  assert.deepEqual(["window_s", "off_uv", "ripple_db", "tolerance_samples", "series_ohm", "topic"].map(unitOf), ["s", "µV", "dB", "samples", "Ω", ""]);
});

test("what is typed becomes a value of its field, or says why not", () => {
  const field = (/** @type {string} */ name) => /** @type {import("../../viewer/js/pipeline/schema.js").Field} */ (fieldsOf(schema).find((candidate) => candidate.name === name));
  const read = (/** @type {string} */ name, /** @type {string} */ typed, /** @type {unknown} */ before = undefined) => parse(field(name), typed, before);
  assert.equal(read("hz", " 50.5 "), 50.5);
  assert.equal(read("high_hz", ""), undefined);
  assert.deepEqual(read("taps", "1, 2,3"), [1, 2, 3]);
  assert.deepEqual(read("exclude", "Fp1, a b"), ["Fp1", "a b"]);
  assert.deepEqual(read("bands", "alpha: 8, 13\n\nbeta: 13, 30"), { alpha: [8, 13], beta: [13, 30] });
  assert.deepEqual(read("labels", "ch1: Fp1\nch:2: Fp2", { a: "b" }), { ch1: "Fp1", "ch:2": "Fp2" });
  assert.deepEqual(read("odd", '{"a": 1}'), { a: 1 });
  for (const [name, typed] of /** @type {const} */ ([["hz", ""], ["hz", "x"], ["hz", "Infinity"], ["order", "1.5"], ["order", "11"], ["order", "0"], ["bands", "alpha"], ["odd", "{"], ["taps", "1, x"]])) {
    assert.throws(() => read(name, typed), FieldError, `${name} ${typed}`);
  }
  assert.equal(print(field("bands"), { alpha: [8, 13] }), "alpha: 8, 13");
  assert.equal(print(field("exclude"), ["a", "b"]), "a, b");
  assert.equal(print(field("hz"), undefined), "");
});

test("spectra are added behind the last topic with traces, quality behind the first, under free names", () => {
  const sink = (/** @type {string} */ input) => ({ kind: "websocket_sink", inputs: [input], group: "", onError: "", params: {} });
  const stages = new Map([
    ["volts", { kind: "to_voltage", inputs: [], group: "", onError: "", params: {} }],
    ["raw", sink("volts")],
    ["notch", { kind: "notch", inputs: ["volts"], group: "", onError: "", params: {} }],
    ["filtered", sink("notch")],
    ["psd", { kind: "psd", inputs: ["notch"], group: "", onError: "", params: {} }],
    ["psd_out", sink("psd")],
  ]);
  const pipeline = /** @type {any} */ ({ stages });
  const added = additions(pipeline, [{ kind: "psd", topic: "spectra" }], "last");
  assert.deepEqual(added.map(({ path, value }) => [path, value.inputs]), [["/stages/psd_2", ["notch"]], ["/stages/psd_out_2", ["psd_2"]]]);
  assert.deepEqual(additions(pipeline, [{ kind: "quality", topic: "q" }], "first")[0]?.value.inputs, ["volts"]);
});
