// One WebSocket, to `/ws/data` for all topics, or to `/ws/control`. It comes back by itself and never gives up.

import { Backoff } from "./backoff.js";

/**
 * What the connection needs of the browser, so that a test can give it something else.
 * @typedef {object} Surroundings
 * @property {(url: string) => WebSocket} open
 * @property {() => number} now_ms
 * @property {(run: () => void, delay_ms: number) => number} later
 * @property {(timer: number) => void} cancel
 *
 * @typedef {object} Handlers
 * @property {(message: string) => void} onText
 * @property {(message: ArrayBuffer) => void} onFrame
 * @property {() => void} onState
 */

/** A connection counts as good, and the delay starts from its shortest again, once it has lived this long. */
const GOOD_AFTER_MS = 3000;

export class Connection {
  /**
   * @param {string} address  without topics
   * @param {Surroundings} surroundings
   * @param {Handlers} handlers
   * @param {Backoff} [backoff]
   */
  constructor(address, surroundings, handlers, backoff = new Backoff()) {
    this.address = address;
    this.surroundings = surroundings;
    this.handlers = handlers;
    this.backoff = backoff;
    /** @type {string[]} */
    this.topics = [];
    /** @type {WebSocket | null} */
    this.socket = null;
    /** @type {"waiting" | "connecting" | "open"} */
    this.state = "waiting";
    /** True once it has been open: from then on a closed connection is a lost one. */
    this.wasOpen = false;
    this.retryAt_ms = NaN;
    this.openedAt_ms = NaN;
    /** @type {number | null} */
    this.timer = null;
  }

  /**
   * Says which topics are wanted; connects when there is no connection yet.
   * @param {string[]} topics
   */
  want(topics) {
    const added = topics.filter((topic) => !this.topics.includes(topic));
    const gone = this.topics.filter((topic) => !topics.includes(topic));
    this.topics = topics;
    if (this.socket !== null && this.state === "open") {
      if (added.length > 0) this.socket.send(JSON.stringify({ subscribe: added }));
      if (gone.length > 0) this.socket.send(JSON.stringify({ unsubscribe: gone }));
    } else if (this.socket === null && this.timer === null && topics.length > 0) {
      this.connect();
    }
  }

  /** Connects without a topic, and stays so. */
  keep() {
    if (this.socket === null && this.timer === null) this.connect();
  }

  /** Tries at once instead of waiting for the delay to pass, as when the network is back. */
  hurry() {
    if (this.timer === null) return;
    this.surroundings.cancel(this.timer);
    this.connect();
  }

  connect() {
    this.timer = null;
    const asked = this.topics;
    const query = asked.length === 0 ? "" : `?topics=${asked.map(encodeURIComponent).join(",")}`;
    const socket = this.surroundings.open(this.address + query);
    socket.binaryType = "arraybuffer";
    this.socket = socket;
    this.change("connecting");
    socket.onopen = () => {
      this.wasOpen = true;
      this.openedAt_ms = this.surroundings.now_ms();
      this.change("open");
      // What was wanted may have changed while the connection was being made.
      const { topics } = this;
      this.topics = asked;
      this.want(topics);
    };
    socket.onmessage = (event) => {
      if (typeof event.data === "string") this.handlers.onText(event.data);
      else this.handlers.onFrame(event.data);
    };
    // An error is always followed by a close.
    socket.onclose = () => this.closed();
  }

  /** Closes for good. */
  end() {
    if (this.timer !== null) this.surroundings.cancel(this.timer);
    if (this.socket !== null) {
      this.socket.onclose = null;
      this.socket.onmessage = null;
      this.socket.close();
    }
  }

  closed() {
    const { now_ms, later } = this.surroundings;
    this.socket = null;
    if (this.state === "open" && now_ms() - this.openedAt_ms >= GOOD_AFTER_MS) this.backoff.reset();
    const delay_ms = this.backoff.next();
    this.retryAt_ms = now_ms() + delay_ms;
    this.timer = later(() => this.connect(), delay_ms);
    this.change("waiting");
  }

  /** Whole seconds until the next attempt. */
  get retryIn_s() {
    return Math.max(0, Math.ceil((this.retryAt_ms - this.surroundings.now_ms()) / 1000));
  }

  /** @param {"waiting" | "connecting" | "open"} state */
  change(state) {
    this.state = state;
    this.handlers.onState();
  }
}
