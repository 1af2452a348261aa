// What the user chose survives; keys do what they say.

import assert from "node:assert/strict";
import { test } from "node:test";
import { handleKey } from "../../viewer/js/shell/keys.js";
import { Settings } from "../../viewer/js/shell/settings.js";

const none = { perDivision: null, removeDc: null, mains_hz: 0, behind: null, order: [], channels: new Map() };

test("settings survive a reload, and a browser that forbids or garbles them", () => {
  /** @type {Map<string, string>} */
  const store = new Map();
  const storage = () => ({
    getItem: (/** @type {string} */ key) => store.get(key) ?? null,
    setItem: (/** @type {string} */ key, /** @type {string} */ value) => void store.set(key, value),
  });
  const first = new Settings(storage);
  first.set({ seconds: 20, motion: "scroll", hidden: new Set(["raw"]), markers: ["eyes closed"], study: { task: "rest" } });
  first.setScope("__proto__", { perDivision: 50 });
  first.setScope("eeg", { removeDc: true, mains_hz: 50, behind: "raw", order: ["Oz", "Cz"] });
  first.setChannel("eeg", "__proto__", { colour: 3, inverted: true });
  first.setChannel("eeg", "__proto__", { offset: -20, hidden: true });
  const second = new Settings(storage);
  assert.deepEqual({ ...second, storage: null }, { ...first, storage: null });
  assert.deepEqual(second.scope("__proto__"), { ...none, perDivision: 50 });
  assert.deepEqual(second.scope("eeg").channels.get("__proto__"), { colour: 3, inverted: true, offset: -20, hidden: true });
  assert.deepEqual(second.scope("other"), none);

  const forbidden = new Settings(() => {
    throw new Error("SecurityError");
  });
  forbidden.set({ seconds: 5 });
  assert.equal(forbidden.seconds, 5);
  for (const garbage of [
    "", "{", "null", "3", '{"scopes":[]}', '{"hidden":7,"markers":{},"study":[1],"motion":"spin"}',
    '{"seconds":7,"scopes":{"eeg":null,"x":3}}',
    '{"scopes":{"eeg":{"perDivision":-1,"mains_hz":55,"behind":"","order":"x","channels":[1]}}}',
  ]) {
    const settings = new Settings(() => ({ getItem: () => garbage, setItem: () => {} }));
    assert.equal(settings.seconds, 10, garbage);
    assert.equal(settings.motion, "sweep", garbage);
    assert.deepEqual(settings.scope("eeg"), none, garbage);
  }
  const odd = new Settings(() => ({ getItem: () => '{"scopes":{"eeg":{"channels":{"Cz":{"colour":8,"offset":"x","hidden":1}}}}}', setItem: () => {} }));
  assert.deepEqual(odd.scope("eeg").channels.get("Cz"), { colour: null, inverted: false, offset: 0, hidden: false });
});

test("keys do what they say, and leave a control its own", () => {
  /** @type {string[]} */
  const done = [];
  const actions = { " ": () => done.push("freeze"), "+": () => done.push("larger"), A: () => done.push("auto") };
  const press = (/** @type {string} */ key, more = {}, tag = "body") =>
    handleKey({ key, ctrlKey: false, metaKey: false, altKey: false, repeat: false, ...more }, (selector) => selector.split(", ").includes(tag), actions);
  for (const key of [" ", "+", "a", "A"]) assert.equal(press(key), true, key);
  assert.deepEqual(done, ["freeze", "larger", "auto", "auto"]);
  done.length = 0;
  assert.equal(press("+", { ctrlKey: true }), false);
  assert.equal(press(" ", {}, "button"), false);
  assert.equal(press("a", {}, "select"), false);
  assert.equal(press("x"), false);
  assert.equal(press("toString"), false);
  press(" ", { repeat: true });
  assert.deepEqual(done, []);
  press("+", { repeat: true });
  assert.deepEqual(done, ["larger"]);
});
