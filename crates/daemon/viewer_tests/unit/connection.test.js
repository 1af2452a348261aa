// The connection comes back by itself, with delays that grow and are spread.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Backoff } from "../../viewer/js/engine/backoff.js";
import { Connection } from "../../viewer/js/engine/connection.js";

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
