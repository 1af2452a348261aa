// The page's end of the engine: a worker where the browser can draw in one, the same code beside the page where it cannot.

/** @typedef {import("../engine/engine.js").ToEngine} ToEngine */
/** @typedef {import("../engine/engine.js").FromEngine} FromEngine */

export class EngineClient {
  /** @param {(message: FromEngine) => void} heard */
  constructor(heard) {
    this.layers = 0;
    /** Whether pictures are drawn off the page's own thread. */
    this.apart = false;
    /** @type {(message: ToEngine, transfer: Transferable[]) => void} */
    this.deliver = () => {};
    const worker = startWorker();
    if (worker !== null) {
      this.apart = true;
      worker.addEventListener("message", (event) => heard(event.data));
      this.deliver = (message, transfer) => worker.postMessage(message, transfer);
    } else {
      this.runHere(heard);
    }
  }

  /** @param {(message: FromEngine) => void} heard */
  runHere(heard) {
    /** @type {ToEngine[]} */
    const waiting = [];
    this.deliver = (message) => void waiting.push(message);
    void import("../engine/engine.js").then(({ Engine }) => {
      const engine = new Engine(heard, requestAnimationFrame.bind(window));
      this.deliver = (message) => engine.receive(message);
      for (const message of waiting) engine.receive(message);
    });
  }

  /** @param {ToEngine} message */
  send(message) {
    this.deliver(message, []);
  }

  /**
   * Hands a canvas over; the engine draws a topic on it from then on.
   * @param {string} topic
   * @param {HTMLCanvasElement} canvas
   * @param {number | null} front  the layer it lies behind
   * @returns {number} number of the layer
   */
  attach(topic, canvas, front) {
    const layer = (this.layers += 1);
    const handed = this.apart ? canvas.transferControlToOffscreen() : canvas;
    this.deliver({ type: "attach", layer, topic, front, canvas: handed }, this.apart ? [/** @type {OffscreenCanvas} */ (handed)] : []);
    return layer;
  }
}

/** @returns {Worker | null} null where workers cannot draw, or cannot load modules */
function startWorker() {
  if (typeof Worker === "undefined" || typeof OffscreenCanvas === "undefined") return null;
  if (!("transferControlToOffscreen" in HTMLCanvasElement.prototype)) return null;
  let asked = false;
  const options = {
    // Only a browser that knows module workers asks.
    get type() {
      asked = true;
      return /** @type {const} */ ("module");
    },
  };
  const worker = new Worker(new URL("../engine/worker.js", import.meta.url), options);
  if (asked) return worker;
  worker.terminate();
  return null;
}
