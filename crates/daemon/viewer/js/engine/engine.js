// Everything between the socket and the canvases. It runs in a worker, so that neither the page's work delays the
// stream nor the stream the page; where the browser has no canvas for workers it runs beside the page. All that goes in and
// out is plain data.

import { Connection } from "./connection.js";
import { decodeFrame, FrameError } from "./frame.js";
import { Layer } from "./layer.js";
import { MessageError, parseMessage } from "./messages.js";
import { probe, spanOf } from "./probe.js";
import { Topic } from "./topic.js";
import { text } from "../text/core.js";

const TELL_EVERY_MS = 250;
/** Seconds over which the share of time spent drawing is measured. */
const BUSY_S = 2;

/**
 * What the page says.
 * @typedef {(
 *   | {type: "connect", url: string, protocols: string[]}
 *   | {type: "want", topics: string[]}
 *   | {type: "hurry"}
 *   | {type: "display", seconds: number, motion: "sweep" | "scroll"}
 *   | {type: "ink", ink: import("./ink.js").Ink}
 *   | {type: "freeze", frozen: boolean}
 *   | {type: "mains", topic: string, mains_hz: number}
 *   | {type: "attach", layer: number, topic: string, front: number | null, canvas: import("./ink.js").Canvas}
 *   | {type: "detach", layer: number}
 *   | {type: "look", layer: number, look: import("./layer.js").Look}
 *   | {type: "size", layer: number, width: number, height: number, density: number}
 *   | {type: "auto", layer: number}
 *   | {type: "probe", layer: number, request: number, row: number, cursor: import("./probe.js").Place, anchor: number | null}
 * )} ToEngine
 *
 * What the engine says.
 * @typedef {(
 *   | {type: "connection", state: "waiting" | "connecting" | "open", wasOpen: boolean, retryAt_ms: number}
 *   | {type: "stream", stream: import("./messages.js").Stream, unit: string, kind: import("./topic_kind.js").TopicKind}
 *   | {type: "values", topic: string, time_s: number, frames: number, values: Float32Array | Int32Array}
 *   | {type: "event", event: import("./messages.js").Happening}
 *   | {type: "amplitude", layer: number, perDivision: number}
 *   | {type: "probed", layer: number, request: number, cursor: import("./probe.js").Reading | null, anchor: import("./probe.js").Reading | null, span: import("./probe.js").Span | null}
 *   | ({type: "account"} & Accounts)
 * )} FromEngine
 *
 * @typedef {object} Accounts
 * @property {TopicAccount[]} topics
 * @property {number} rejected  messages that could not be read
 * @property {string} rejectedWhy
 * @property {number} lastRejected_ms
 * @property {number} drawn_hz  pictures a second
 * @property {number} busy  share of its time that the engine spent drawing
 *
 * @typedef {object} TopicAccount
 * @property {string} name
 * @property {string} kind
 * @property {number} rate_hz  nominal; NaN before it is known
 * @property {number} measured_hz  by the times that the frames carry
 * @property {number} packets
 * @property {number} samples
 * @property {number} lost  samples
 * @property {number} lagged  packets
 * @property {number} lastLoss_ms
 * @property {number} lastRestart_ms
 * @property {number} lastPacket_ms
 * @property {number} drawnTime_s  time of the newest sample on the screen
 * @property {number} newestTime_s  time of the newest sample received
 * @property {boolean} settling
 * @property {boolean} railed
 */

export class Engine {
  /**
   * @param {(message: FromEngine) => void} post
   * @param {(run: (now_ms: number) => void) => void} nextFrame  as requestAnimationFrame
   */
  constructor(post, nextFrame) {
    this.post = post;
    this.nextFrame = nextFrame;
    /** @type {Connection | null} */
    this.connection = null;
    /** @type {Map<string, Topic>} */
    this.topics = new Map();
    /** Topics by stream number; null for one that is no longer wanted. @type {Map<number, Topic | null>} */
    this.streams = new Map();
    /** @type {Map<number, Layer>} */
    this.layers = new Map();
    /** Messages wait for the colours: nothing is drawn without. @type {import("./layer.js").Display | null} */
    this.display = null;
    this.seconds = 10;
    /** @type {"sweep" | "scroll"} */
    this.motion = "sweep";
    this.clock = { origin_s: NaN };
    this.frozen = false;
    this.rejected = 0;
    this.rejectedWhy = "";
    this.lastRejected_ms = NaN;
    this.pictures = 0;
    this.drawing_ms = 0;
    this.since_ms = performance.now();
    this.figures = { drawn_hz: NaN, busy: NaN };
    this.draw();
    setInterval(() => this.tell(), TELL_EVERY_MS);
  }

  /** @param {ToEngine} message */
  receive(message) {
    switch (message.type) {
      case "connect":
        return this.connect(message.url, message.protocols);
      case "want":
        return this.want(message.topics);
      case "hurry":
        return this.connection?.hurry();
      case "display":
        return this.setDisplay(message.seconds, message.motion);
      case "ink":
        this.display = { seconds: this.seconds, motion: this.motion, clock: this.clock, ink: message.ink };
        return this.layers.forEach((layer) => layer.redraw());
      case "freeze":
        this.frozen = message.frozen;
        return this.layers.forEach((layer) => layer.setFrozen(message.frozen));
      case "mains":
        this.topics.get(message.topic)?.setMains(message.mains_hz);
        return this.layers.forEach((layer) => layer.redraw());
      case "attach":
        return this.attach(message);
      case "detach":
        this.layers.delete(message.layer);
        return;
      case "look":
        return this.layers.get(message.layer)?.setLook(message.look);
      case "size":
        return this.layers.get(message.layer)?.resize(message.width, message.height, message.density);
      case "auto":
        return this.layers.get(message.layer)?.chooseAmplitude();
      case "probe":
        return this.probe(message);
    }
  }

  /**
   * @param {string} url
   * @param {string[]} protocols
   */
  connect(url, protocols) {
    this.connection?.end();
    const connection = new Connection(
      url,
      {
        open: (address) => new WebSocket(address, protocols),
        now_ms: () => Date.now(),
        later: (run, delay_ms) => Number(setTimeout(run, delay_ms)),
        cancel: (timer) => clearTimeout(timer),
      },
      {
        onText: (message) => this.onText(message),
        onFrame: (message) => this.onFrame(message),
        onState: () => {
          // Stream numbers hold for one connection.
          if (connection.state === "connecting") this.streams.clear();
          const { state, wasOpen, retryAt_ms } = connection;
          this.post({ type: "connection", state, wasOpen, retryAt_ms });
        },
      },
    );
    this.connection = connection;
    connection.want([...this.topics.keys()]);
  }

  /** @param {string[]} names */
  want(names) {
    const before = this.topics;
    this.topics = new Map(names.map((name) => [name, before.get(name) ?? new Topic(name, this.seconds)]));
    for (const [stream, topic] of this.streams) {
      if (topic !== null && !this.topics.has(topic.name)) this.streams.set(stream, null);
    }
    this.connection?.want(names);
  }

  /**
   * @param {number} seconds
   * @param {"sweep" | "scroll"} motion
   */
  setDisplay(seconds, motion) {
    if (seconds !== this.seconds) this.topics.forEach((topic) => topic.setSeconds(seconds));
    this.seconds = seconds;
    this.motion = motion;
    if (this.display !== null) this.display = { ...this.display, seconds, motion };
    this.layers.forEach((layer) => layer.redraw());
  }

  /** @param {ToEngine & {type: "attach"}} message */
  attach({ layer, topic: name, front, canvas }) {
    const topic = this.topics.get(name);
    if (topic === undefined) return;
    const before = front === null ? null : (this.layers.get(front) ?? null);
    const chosen = (/** @type {number} */ perDivision) => this.post({ type: "amplitude", layer, perDivision });
    const made = new Layer(topic, canvas, before, chosen);
    this.layers.set(layer, made);
    if (this.frozen) made.setFrozen(true);
  }

  /** @param {ToEngine & {type: "probe"}} message */
  probe({ layer: id, request, row, cursor, anchor }) {
    const layer = this.layers.get(id);
    if (layer === undefined) return;
    const at = probe(layer, row, cursor, this.motion);
    const from = anchor === null ? null : probe(layer, row, { position: anchor, step: 0 }, this.motion);
    const span = at !== null && from !== null ? spanOf(layer, row, from, at) : null;
    this.post({ type: "probed", layer: id, request, cursor: at, anchor: from, span });
  }

  /** Draws at the screen's rate; a hidden page is not drawn, and catches up when it is seen again. */
  draw() {
    let before_ms = performance.now();
    const frame = (/** @type {number} */ now_ms) => {
      const elapsed_s = Math.max(0, (now_ms - before_ms) / 1000);
      before_ms = now_ms;
      const begun_ms = performance.now();
      let drawn = false;
      if (this.display !== null) {
        for (const layer of this.layers.values()) drawn = layer.frame(elapsed_s, this.display) || drawn;
      }
      if (drawn) this.pictures += 1;
      this.drawing_ms += performance.now() - begun_ms;
      this.nextFrame(frame);
    };
    this.nextFrame(frame);
  }

  /** @param {string} message */
  onText(message) {
    this.guard(() => {
      const parsed = parseMessage(message);
      if (parsed?.type === "stream") {
        const topic = this.topics.get(parsed.topic);
        this.streams.set(parsed.stream, topic ?? null);
        if (topic === undefined) return;
        topic.describe(parsed);
        this.post({ type: "stream", stream: parsed, unit: topic.unit, kind: topic.kind });
      } else if (parsed?.type === "lagged") {
        this.topics.get(parsed.topic)?.lag(parsed.packets);
      } else if (parsed?.type === "event") {
        this.topics.forEach((topic) => topic.mark(parsed));
        this.post({ type: "event", event: parsed });
      }
    });
  }

  /** @param {ArrayBuffer} message */
  onFrame(message) {
    this.guard(() => {
      const frame = decodeFrame(message);
      const topic = this.streams.get(frame.stream);
      if (topic === undefined) throw new FrameError(text.frameUnannounced(frame.stream));
      topic?.accept(frame, Date.now());
      if (!topic || topic.kind === "traces") return;
      const { time_s, frames, values } = frame;
      this.post({ type: "values", topic: topic.name, time_s, frames, values });
    });
  }

  /**
   * A message that cannot be read is counted and spoken of; the others go on.
   * @param {() => void} read
   */
  guard(read) {
    try {
      read();
    } catch (error) {
      if (!(error instanceof FrameError) && !(error instanceof MessageError)) throw error;
      this.rejected += 1;
      this.rejectedWhy = error.message;
      this.lastRejected_ms = Date.now();
    }
  }

  /** Tells the page how things are. */
  tell() {
    const now_ms = performance.now();
    const span_ms = now_ms - this.since_ms;
    if (span_ms >= BUSY_S * 1000) {
      this.figures = { drawn_hz: (this.pictures * 1000) / span_ms, busy: this.drawing_ms / span_ms };
      this.pictures = 0;
      this.drawing_ms = 0;
      this.since_ms = now_ms;
    }
    const { rejected, rejectedWhy, lastRejected_ms } = this;
    const topics = [...this.topics.values()].map((topic) => this.accountOf(topic));
    this.post({ type: "account", topics, rejected, rejectedWhy, lastRejected_ms, ...this.figures });
  }

  /**
   * @param {Topic} topic
   * @returns {TopicAccount}
   */
  accountOf(topic) {
    const { name, kind, packets, samples, lost, lagged, lastLoss_ms, lastRestart_ms, lastPacket_ms, settling, railed } = topic;
    const layer = [...this.layers.values()].find((candidate) => candidate.topic === topic);
    const drawnTime_s = layer === undefined || layer.still !== null ? NaN : topic.momentOf(layer.head).time_s;
    return {
      name, kind, packets, samples, lost, lagged, lastLoss_ms, lastRestart_ms, lastPacket_ms, settling, railed, drawnTime_s,
      rate_hz: topic.stream?.rate_hz ?? NaN,
      measured_hz: topic.meter.rate_hz,
      newestTime_s: topic.nextTime_s,
    };
  }
}
