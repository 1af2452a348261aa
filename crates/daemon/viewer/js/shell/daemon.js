// What the page knows of the daemon, kept up to date: pipeline, topics, streams, accounts. Views listen to what they show.

import { Backoff } from "../engine/backoff.js";
import { MessageError } from "../engine/messages.js";
import { parseLedger, parsePipeline, parseTopics } from "./answers.js";
import { ClockOffset } from "./clock_offset.js";
import { EngineClient } from "./engine_client.js";
import { ask, Problem, protocols, socketAddress } from "./http.js";
import { LossWatch } from "./loss_watch.js";
import { parseRecording } from "./recording.js";

const ASK_EVERY_MS = 2000;

/** @typedef {import("../engine/engine.js").FromEngine} FromEngine */

/**
 * What listeners are told.
 * @typedef {object} News
 * @property {import("./answers.js").Pipeline} pipeline  asked for anew
 * @property {import("./recording.js").Recording} recording  asked for anew
 * @property {string[]} topics  those that are wanted, and others than before
 * @property {FromEngine & {type: "stream"}} stream
 * @property {FromEngine & {type: "values"}} values
 * @property {FromEngine & {type: "event"}} event
 * @property {FromEngine & {type: "amplitude"}} amplitude
 * @property {FromEngine & {type: "probed"}} probed
 * @property {FromEngine & {type: "account"}} account
 * @property {{electrode: string, good: boolean}[]} electrodes  as they are by now; none while that is not known
 * @property {boolean} frozen
 * @property {null} connection  its state has changed
 * @property {null} token  one is needed
 */

export class Daemon {
  /** @param {string[] | null} chosen  topics that the address asks for; null for all there are */
  constructor(chosen) {
    this.chosen = chosen;
    /** @type {Map<keyof News, ((news: any) => void)[]>} */
    this.listeners = new Map();
    this.engine = new EngineClient((message) => this.hear(message));
    /** @type {import("./answers.js").Pipeline | null} */
    this.pipeline = null;
    /** @type {import("./answers.js").Ledger} */
    this.ledger = new Map();
    this.losses = new LossWatch();
    /** @type {import("./recording.js").Recording | null} */
    this.recording = null;
    /** All topics there are, and those that are wanted. @type {string[]} */
    this.allTopics = [];
    /** @type {string[]} */
    this.topics = [];
    /** @type {Set<string>} */
    this.hidden = new Set();
    /** The newest form of each topic. @type {Map<string, FromEngine & {type: "stream"}>} */
    this.streams = new Map();
    /** @type {(FromEngine & {type: "account"}) | null} */
    this.account = null;
    /** @type {FromEngine & {type: "connection"}} */
    this.connection = { type: "connection", state: "waiting", wasOpen: false, retryAt_ms: NaN };
    this.clock = new ClockOffset();
    this.frozen = false;
    /** @type {number | null} */
    this.frozenSince_ms = null;
    /** Why the last answer could not be read. @type {string | null} */
    this.badAnswer = null;
    this.tokenWanted = false;
    this.retryAt_ms = NaN;
    this.asking = false;
    this.patience = new Backoff();
  }

  /** Begins to ask and to listen. */
  start() {
    this.connect();
    addEventListener("online", () => this.engine.send({ type: "hurry" }));
    setInterval(() => void this.ask(), ASK_EVERY_MS);
    void this.ask();
  }

  connect() {
    this.engine.send({ type: "connect", url: socketAddress("/ws/data"), protocols: protocols() });
  }

  /**
   * @template {keyof News} Kind
   * @param {Kind} kind
   * @param {(news: News[Kind]) => void} heard
   */
  on(kind, heard) {
    this.listeners.set(kind, [...(this.listeners.get(kind) ?? []), heard]);
  }

  /**
   * @template {keyof News} Kind
   * @param {Kind} kind
   * @param {News[Kind]} news
   */
  tell(kind, news) {
    for (const heard of this.listeners.get(kind) ?? []) heard(news);
  }

  /** @param {FromEngine} message */
  hear(message) {
    switch (message.type) {
      case "connection":
        this.connection = message;
        // Back again: perhaps with another pipeline.
        if (message.state === "open") void this.ask();
        return this.tell("connection", null);
      case "stream":
        this.streams.set(message.stream.topic, message);
        break;
      case "account":
        this.account = message;
        break;
      case "event":
        // The pipeline has begun or ended, or is another one.
        if (message.event.kind === "state" || message.event.kind === "change") void this.ask();
        break;
      default:
        break;
    }
    this.tell(message.type, /** @type {any} */ (message));
  }

  /** Asks what there is. While the connection is lost nothing is asked: the engine's own attempts tell enough. */
  async ask() {
    const { state, wasOpen } = this.connection;
    if (this.asking || state === "connecting" || (state === "waiting" && wasOpen)) return;
    if (Date.now() < this.retryAt_ms || this.tokenWanted) return;
    this.asking = true;
    try {
      await this.askPipeline();
      await this.askRecording();
      this.ledger = parseLedger(await ask("/pipeline/ledger"));
      this.losses.note(this.ledger, Date.now());
      const topics = parseTopics(await ask("/topics"));
      this.setTopics(this.chosen ?? topicsNow(topics, this.pipeline));
      this.badAnswer = null;
      this.retryAt_ms = NaN;
      this.patience.reset();
    } catch (error) {
      this.failed(error);
    } finally {
      this.asking = false;
    }
  }

  /** Asks how the pipeline is, now. */
  async askPipeline() {
    const before_ms = Date.now();
    this.pipeline = parsePipeline(await ask("/pipeline"));
    this.clock.note(this.pipeline.time_s * 1000, before_ms, Date.now());
    this.tell("pipeline", this.pipeline);
  }

  /** Asks what is recorded, now. */
  async askRecording() {
    this.recording = parseRecording(await ask("/studies/current"));
    this.tell("recording", this.recording);
  }

  /** The daemon's clock, as far as it is known; milliseconds since the Unix epoch. */
  get now_ms() {
    return Date.now() + (this.clock.offset_ms || 0);
  }

  /** @param {unknown} error */
  failed(error) {
    if (error instanceof Problem && (error.status === 401 || error.status === 403)) {
      this.tokenWanted = true;
      return this.tell("token", null);
    }
    this.badAnswer = error instanceof MessageError || error instanceof Problem ? error.message : null;
    if (this.connection.state !== "open") this.retryAt_ms = Date.now() + this.patience.next();
  }

  /** A token was given: once more from the beginning. */
  tokenGiven() {
    this.tokenWanted = false;
    this.connect();
    void this.ask();
  }

  /** @param {string[]} all */
  setTopics(all) {
    // An idle pipeline has no topics; what was shown stays, and goes on when it runs again.
    if (all.length > 0) this.allTopics = all;
    const wanted = this.allTopics.filter((topic) => !this.hidden.has(topic));
    if (wanted.length === this.topics.length && wanted.every((topic, i) => topic === this.topics[i])) return;
    this.topics = wanted;
    this.engine.send({ type: "want", topics: wanted });
    this.tell("topics", wanted);
  }

  /** @param {Set<string>} hidden  topics that are not wanted */
  hide(hidden) {
    this.hidden = hidden;
    this.setTopics(this.allTopics);
  }

  /** Wanted topics that are drawn as traces; one whose form is not known yet counts unless the pipeline says otherwise. */
  traceTopics() {
    return this.topics.filter((topic) => (this.streams.get(topic)?.kind ?? this.guessKind(topic)) === "traces");
  }

  /** @param {string} topic */
  guessKind(topic) {
    const stages = this.pipeline?.stages ?? new Map();
    for (const { kind, inputs, params } of stages.values()) {
      if (kind !== "websocket_sink" || params.topic !== topic) continue;
      const feeding = stages.get(inputs[0])?.kind ?? "";
      return /^(psd|spectrogram|band_power|quality|impedance)$/.test(feeding) ? "figures" : "traces";
    }
    return "traces";
  }

  /** @param {boolean} frozen */
  setFrozen(frozen) {
    this.frozen = frozen;
    this.frozenSince_ms = frozen ? Date.now() : null;
    this.engine.send({ type: "freeze", frozen });
    this.tell("frozen", frozen);
  }
}

/**
 * Those topics that the pipeline as it is now gives something to: the daemon also knows those of pipelines before.
 * @param {string[]} topics
 * @param {import("./answers.js").Pipeline | null} pipeline
 */
function topicsNow(topics, pipeline) {
  const fed = [...(pipeline?.stages.values() ?? [])].filter(({ kind }) => kind === "websocket_sink").map(({ params }) => params.topic);
  return fed.length === 0 ? topics : topics.filter((topic) => fed.includes(topic));
}
