// The parts that decide: connection, delays, settings, keys, the sentence about how things are, the colours.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { Backoff } from "../../viewer/js/backoff.js";
import { Connection } from "../../viewer/js/connection.js";
import { handleKey } from "../../viewer/js/keys.js";
import { Settings } from "../../viewer/js/settings.js";
import { verdict } from "../../viewer/js/verdict.js";

test("the delay doubles to its bound, is spread, and starts anew after a success", () => {
  const backoff = new Backoff({ random: () => 0 });
  assert.deepEqual([1, 2, 3, 4, 5, 6, 7].map(() => backoff.next()), [500, 1000, 2000, 4000, 8000, 10_000, 10_000]);
  backoff.reset();
  assert.equal(backoff.next(), 500);
  assert.equal(new Backoff({ random: () => 1 }).next(), 375);
});

/** A socket and a clock that the test moves by hand. */
function surroundings() {
  const world = {
    now_ms: 1_000_000,
    /** @type {any[]} */ sockets: [],
    /** @type {{run: () => void, at_ms: number}[]} */ timers: [],
    /** @type {string[]} */ states: [],
  };
  const connection = new Connection(
    "ws://pi/ws/data",
    {
      open: (url) => {
        const socket = { url, sent: /** @type {string[]} */ ([]), send: (/** @type {string} */ message) => socket.sent.push(message) };
        world.sockets.push(socket);
        return /** @type {any} */ (socket);
      },
      now_ms: () => world.now_ms,
      later: (run, delay_ms) => world.timers.push({ run, at_ms: world.now_ms + delay_ms }),
      cancel: (timer) => void (world.timers[timer - 1] = { run: () => assert.fail("cancelled"), at_ms: Infinity }),
    },
    { onText: () => {}, onFrame: () => {}, onState: () => world.states.push(connection.state) },
    new Backoff({ random: () => 0 }),
  );
  return { world, connection };
}

test("one socket asks for all topics, with their names escaped; later wishes go over the same one", () => {
  const { world, connection } = surroundings();
  connection.want(["eeg_raw", "a b&c"]);
  connection.want(["eeg_raw", "a b&c", "late"]);
  assert.deepEqual(world.sockets.map((socket) => socket.url), ["ws://pi/ws/data?topics=eeg_raw,a%20b%26c"]);
  world.sockets[0].onopen();
  assert.deepEqual(world.sockets[0].sent, ['{"subscribe":["late"]}']);
  connection.want(["late"]);
  assert.deepEqual(world.sockets[0].sent[1], '{"unsubscribe":["eeg_raw","a b&c"]}');
});

test("it comes back with growing delays, and with short ones again after a connection that held", () => {
  const { world, connection } = surroundings();
  connection.want(["eeg"]);
  world.sockets[0].onopen();
  const delays = [];
  for (let i = 0; i < 3; i++) {
    world.sockets[i].onclose();
    assert.equal(connection.state, "waiting");
    const timer = world.timers[i];
    delays.push((timer?.at_ms ?? 0) - world.now_ms);
    timer?.run();
  }
  assert.deepEqual(delays, [500, 1000, 2000]);
  world.sockets[3].onopen();
  world.now_ms += 60_000;
  world.sockets[3].onclose();
  assert.equal(connection.retryIn_s, 1);
  assert.equal((world.timers[3]?.at_ms ?? 0) - world.now_ms, 500);
  connection.hurry();
  assert.equal(connection.state, "connecting");
  assert.equal(world.sockets.length, 5);
});

test("settings survive a reload, and a browser that forbids or garbles them", () => {
  /** @type {Map<string, string>} */
  const store = new Map();
  const storage = () => ({ getItem: (/** @type {string} */ key) => store.get(key) ?? null, setItem: (/** @type {string} */ key, /** @type {string} */ value) => void store.set(key, value) });
  const first = new Settings(storage);
  first.setSeconds(20);
  first.setScope("__proto__", { perDivision: 50 });
  first.setScope("eeg", { removeDc: true });
  const second = new Settings(storage);
  assert.equal(second.seconds, 20);
  assert.deepEqual(second.scope("__proto__"), { perDivision: 50, removeDc: null });
  assert.deepEqual(second.scope("eeg"), { perDivision: null, removeDc: true });

  const forbidden = new Settings(() => {
    throw new Error("SecurityError");
  });
  forbidden.setSeconds(5);
  assert.equal(forbidden.seconds, 5);
  for (const garbage of ["", "{", "null", "3", '{"seconds":7,"scopes":{"eeg":null,"x":3}}', '{"scopes":[]}']) {
    const settings = new Settings(() => ({ getItem: () => garbage, setItem: () => {} }));
    assert.equal(settings.seconds, 10, garbage);
    assert.deepEqual(settings.scope("eeg"), { perDivision: null, removeDc: null }, garbage);
  }
});

test("keys do what they say, and leave a control its own", () => {
  /** @type {string[]} */
  const done = [];
  const actions = {
    freeze: () => done.push("freeze"),
    amplitude: (/** @type {number} */ step) => done.push(`amplitude ${step}`),
    timeBase: (/** @type {number} */ step) => done.push(`time ${step}`),
    auto: () => done.push("auto"),
  };
  const press = (/** @type {string} */ key, more = {}, tag = "body") =>
    handleKey({ key, ctrlKey: false, metaKey: false, altKey: false, repeat: false, ...more }, (selector) => selector.split(", ").includes(tag), actions);
  for (const key of [" ", "+", "-", "[", "]", "a"]) assert.equal(press(key), true, key);
  assert.deepEqual(done, ["freeze", "amplitude -1", "amplitude 1", "time -1", "time 1", "auto"]);
  done.length = 0;
  assert.equal(press("+", { ctrlKey: true }), false);
  assert.equal(press(" ", {}, "button"), false);
  assert.equal(press("a", {}, "select"), false);
  assert.equal(press("x"), false);
  press(" ", { repeat: true });
  assert.deepEqual(done, []);
});

/** @type {import("../../viewer/js/verdict.js").Facts} */
const well = {
  now_ms: 100_000, connection: "open", wasOpen: true, retryIn_s: NaN, badAnswer: null,
  pipeline: { state: "running", name: "demo" }, rejected: 0, rejectedWhy: "", lastRejected_ms: NaN, frozenSince_ms: null,
  topics: [{ name: "eeg", packets: 9, lost: 0, lagged: 0, lastLoss_ms: NaN, lastRestart_ms: NaN, lastPacket_ms: 99_990 }],
};
const topic = /** @type {import("../../viewer/js/verdict.js").Account} */ (well.topics[0]);

test("the sentence says what is wrong, the worst first", () => {
  const says = (/** @type {Partial<typeof well>} */ change) => verdict({ ...well, ...change });
  assert.equal(says({}).level, "good");
  assert.deepEqual(says({ connection: "waiting", retryIn_s: 2 }), { level: "bad", sentence: "Connection lost: trying again in 2 s" });
  assert.match(says({ connection: "waiting", wasOpen: false, retryIn_s: 4 }).sentence, /No answer from eegd: trying again in 4 s/);
  assert.match(says({ connection: "waiting", wasOpen: false, badAnswer: "HTTP status 404" }).sentence, /HTTP status 404/);
  assert.match(says({ connection: "waiting", wasOpen: false, topics: [] }).sentence, /websocket_sink/);
  assert.equal(says({ pipeline: { state: "failed", name: "" } }).level, "bad");
  assert.match(says({ pipeline: { state: "idle", name: "" } }).sentence, /No pipeline is running/);
  assert.match(says({ rejected: 1, rejectedWhy: "why", lastRejected_ms: 99_000 }).sentence, /1 message could not be read: why/);
  assert.match(says({ topics: [{ ...topic, lastPacket_ms: 95_500 }] }).sentence, /no data for 4 s/);
  assert.match(says({ topics: [{ ...topic, packets: 0 }] }).sentence, /first packet/);
  assert.match(says({ topics: [{ ...topic, lost: 1200, lastLoss_ms: 99_000 }] }).sentence, /1,200 samples lost/);
  assert.match(says({ topics: [{ ...topic, lost: 9, lagged: 3, lastLoss_ms: 99_000 }] }).sentence, /too slow for 3 packets/);
  assert.match(says({ topics: [{ ...topic, lost: 9, lastLoss_ms: 1000 }] }).sentence, /Live. 9 samples lost since/);
  assert.match(says({ topics: [{ ...topic, lastRestart_ms: 99_000 }] }).sentence, /began anew/);
  assert.match(says({ frozenSince_ms: 99_000 }).sentence, /Frozen/);
});

const css = readFileSync(new URL("../../viewer/style.css", import.meta.url), "utf8");

/** Colours of a theme: those of the first `:root`, or those that dark puts over them. @param {"light" | "dark"} theme */
function coloursOf(theme) {
  const block = css.split(":root {")[theme === "light" ? 1 : 2]?.split("}")[0] ?? "";
  return new Map([...block.matchAll(/--([a-z0-9-]+): (#[0-9a-f]{6});/g)].map(([, name, hex]) => [name, channels(hex ?? "")]));
}

/** @param {string} hex @returns {[number, number, number]} linear light */
function channels(hex) {
  const linear = (/** @type {number} */ at) => {
    const v = parseInt(hex.slice(at, at + 2), 16) / 255;
    return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
  };
  return [linear(1), linear(3), linear(5)];
}

/** WCAG 2 contrast. @param {number[]} a @param {number[]} b */
function contrast(a, b) {
  const luminance = (/** @type {number[]} */ [r = 0, g = 0, b = 0]) => 0.2126 * r + 0.7152 * g + 0.0722 * b;
  const [high = 0, low = 0] = [luminance(a), luminance(b)].sort((x, y) => y - x);
  return (high + 0.05) / (low + 0.05);
}

/** What a red-blind, green-blind or blue-blind eye sees, in linear light: Machado, Oliveira and Fernandes 2009, severity 1. */
const BLINDNESS = {
  none: [1, 0, 0, 0, 1, 0, 0, 0, 1],
  protan: [0.152286, 1.052583, -0.204868, 0.114503, 0.786281, 0.099216, -0.003882, -0.048116, 1.051998],
  deutan: [0.367322, 0.860646, -0.227968, 0.280085, 0.672501, 0.047413, -0.01182, 0.04294, 0.968881],
  tritan: [1.255528, -0.076749, -0.178779, -0.078411, 0.930809, 0.147602, 0.004733, 0.691367, 0.3039],
};

/** CIE 1976 distance in L*a*b*. @param {number[]} a @param {number[]} b @param {number[]} eye */
function distance(a, b, eye) {
  const lab = (/** @type {number[]} */ rgb) => {
    const seen = [0, 1, 2].map((i) => Math.min(1, Math.max(0, rgb.reduce((sum, v, k) => sum + v * (eye[3 * i + k] ?? 0), 0))));
    const [r = 0, g = 0, b = 0] = seen;
    const f = (/** @type {number} */ t) => (t > 0.008856 ? Math.cbrt(t) : 7.787 * t + 16 / 116);
    const x = f((0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.9505);
    const y = f(0.2126 * r + 0.7152 * g + 0.0722 * b);
    const z = f((0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.089);
    return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
  };
  const [p, q] = [lab(a), lab(b)];
  return Math.hypot(...p.map((v, i) => v - (q[i] ?? 0)));
}

for (const theme of /** @type {const} */ (["light", "dark"])) {
  test(`${theme}: text and traces have the contrast of WCAG AA`, () => {
    const colours = coloursOf(theme);
    const panel = colours.get("panel") ?? [];
    for (const name of ["ink", "quiet", "accent", "good", "note", "bad", ...[1, 2, 3, 4, 5, 6, 7, 8].map((i) => `trace-${i}`)]) {
      const ratio = contrast(colours.get(name) ?? panel, panel);
      assert.ok(ratio >= 4.5, `${name} on panel: ${ratio.toFixed(2)}`);
    }
    assert.ok(contrast(colours.get("quiet") ?? [], colours.get("ground") ?? []) >= 4.5);
  });

  test(`${theme}: neighbouring traces differ to every eye`, () => {
    const colours = coloursOf(theme);
    for (let i = 1; i <= 8; i++) {
      const next = (i % 8) + 1;
      for (const [name, eye] of Object.entries(BLINDNESS)) {
        const apart = distance(colours.get(`trace-${i}`) ?? [], colours.get(`trace-${next}`) ?? [], eye);
        assert.ok(apart >= 20, `trace ${i} and ${next}, ${name}: ${apart.toFixed(1)}`);
      }
    }
  });
}
