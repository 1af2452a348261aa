// The engine in a worker of its own.

import { Engine } from "./engine.js";

const engine = new Engine(
  (message) => postMessage(message),
  // Not every browser ties a worker to the screen.
  typeof requestAnimationFrame === "function" ? requestAnimationFrame.bind(globalThis) : (run) => setTimeout(() => run(performance.now()), 16),
);
addEventListener("message", (event) => engine.receive(event.data));
