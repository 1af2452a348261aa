// The truth bar: how pipeline, source and connection are, what came of each topic and what did not, in figures.

import { text } from "../text/shell.js";
import { element, setText } from "./dom.js";
import { lossesOf } from "./loss_watch.js";
import { bytesOf } from "./recording.js";
import { verdict } from "./verdict.js";

/** @typedef {import("../engine/engine.js").TopicAccount} TopicAccount */

const STATES = /** @type {const} */ (["recording", "disk", "electrodes", "pipeline", "source", "clock", "acquired", "lostWhere", "scheduling", "connection", "latency", "drawn"]);
const FIGURES = /** @type {const} */ (["rate", "measured", "delivered", "packets", "lost", "lagged"]);
/** @type {Partial<Record<string, string>>} */
const HINTS = {
  disk: text.diskHint,
  electrodes: text.electrodesHint,
  clock: text.clockHint,
  acquired: text.acquiredHint,
  lostWhere: text.lostWhereHint,
  scheduling: text.schedulingHint,
  latency: text.latencyHint,
  drawn: text.drawnHint,
  delivered: text.deliveredHint,
  packets: text.packetsHint,
  lagged: text.laggedHint,
};

export class TruthBar {
  /** @param {import("./daemon.js").Daemon} daemon */
  constructor(daemon) {
    this.daemon = daemon;
    this.sentence = element("p", { class: "sentence", role: "status" });
    this.states = new Map(STATES.map((state) => [state, element("dd", { "data-state": state })]));
    this.topics = element("tbody");
    const heads = [element("th", { scope: "col" }, text.topic), ...FIGURES.map((figure) => element("th", { scope: "col", title: HINTS[figure] ?? "" }, text[figure]))];
    const accounts = element("table", { class: "accounts" }, element("thead", {}, element("tr", {}, ...heads)), this.topics);
    /** @type {Map<string, Map<string, HTMLElement>>} */
    this.cells = new Map();
    this.root = element(
      "footer",
      { class: "truth", "aria-label": text.truth },
      this.sentence,
      element("dl", { class: "states" }, ...[...this.states].map(([state, cell]) => term(state, cell))),
      accounts,
    );
    daemon.on("account", () => this.show());
    daemon.on("connection", () => this.show());
    daemon.on("pipeline", () => this.show());
    daemon.on("token", () => this.show());
    daemon.on("recording", () => this.show());
    /** @type {{electrode: string, good: boolean}[]} */
    this.electrodes = [];
    daemon.on("electrodes", (electrodes) => {
      this.electrodes = electrodes;
      this.show();
    });
    this.show();
    // Also when nothing comes.
    setInterval(() => this.show(), 500);
  }

  show() {
    const { daemon } = this;
    const { connection, account, pipeline } = daemon;
    const now_ms = Date.now();
    const topics = account?.topics ?? [];
    // NaN while nothing has failed yet.
    const retryAt_ms = Number.isFinite(connection.retryAt_ms) ? connection.retryAt_ms : daemon.retryAt_ms;
    const { level, sentence } = verdict({
      now_ms,
      topics,
      pipeline,
      connection: connection.state,
      wasOpen: connection.wasOpen,
      retryIn_s: Math.max(0, Math.ceil((retryAt_ms - now_ms) / 1000)),
      tokenWanted: daemon.tokenWanted,
      badAnswer: daemon.badAnswer,
      rejected: account?.rejected ?? 0,
      rejectedWhy: account?.rejectedWhy ?? "",
      lastRejected_ms: account?.lastRejected_ms ?? NaN,
      frozenSince_ms: daemon.frozenSince_ms,
      loss: daemon.losses.latest,
      free_bytes: daemon.recording?.free_bytes ?? NaN,
      isRecording: isRecording(daemon),
    });
    setText(this.sentence, sentence);
    if (this.root.dataset.level !== level) this.root.dataset.level = level;
    this.showStates();
    if (topics.length !== this.cells.size || topics.some(({ name }) => !this.cells.has(name))) this.listTopics(topics);
    for (const topic of topics) this.showTopic(topic);
  }

  showStates() {
    const { daemon } = this;
    const { connection, account, pipeline, clock } = daemon;
    // While the connection is lost, the last answer is not the truth.
    const isKnown = connection.state === "open" || !connection.wasOpen;
    const known = isKnown ? pipeline : null;
    const drawn = (account?.topics ?? []).map(({ drawnTime_s }) => drawnTime_s * 1000).filter(Number.isFinite);
    const latency_ms = drawn.length === 0 ? NaN : Date.now() + clock.offset_ms - Math.min(...drawn);
    const losses = lossesOf(daemon.ledger);
    const state = known === null ? text.unknown : text.pipelineState(known.state);
    /** @type {Record<(typeof STATES)[number], string>} */
    const shown = {
      recording: known === null ? text.unknown : recordingOf(daemon, known),
      disk: isKnown ? text.free(daemon.recording?.free_bytes ?? NaN) : text.unknown,
      electrodes: isKnown ? text.electrodesGood(this.electrodes) : text.unknown,
      pipeline: known === null || known.name === "" ? state : `${known.name}, ${state.toLowerCase()}`,
      source: known === null ? text.unknown : sourceOf(known),
      clock: known === null ? text.unknown : clockOf(known),
      acquired: known === null ? text.unknown : acquiredOf(known, daemon.ledger),
      lostWhere: !isKnown ? text.unknown : losses.length > 0 ? losses.map(text.lostAt).join(", ") : text.nowhere,
      scheduling: known === null ? text.unknown : schedulingOf(known),
      connection: text.connectionState(connection.state),
      latency: connection.state === "open" ? text.milliseconds(latency_ms) : text.unknown,
      // Nothing is drawn while another view is looked at.
      drawn: text.hertzWhole(account?.drawn_hz || NaN),
    };
    for (const [name, cell] of this.states) {
      setText(cell, shown[name]);
      if (cell.title !== shown[name]) cell.title = shown[name];
    }
    this.states.get("recording")?.classList.toggle("recording", known !== null && isRecording(daemon));
    this.states.get("electrodes")?.classList.toggle("wrong", isKnown && this.electrodes.some(({ good }) => !good));
    this.states.get("lostWhere")?.classList.toggle("wrong", isKnown && losses.length > 0);
  }

  /** @param {readonly TopicAccount[]} topics */
  listTopics(topics) {
    this.cells.clear();
    this.topics.replaceChildren(
      ...topics.map(({ name }) => {
        // On a narrow screen each figure stands beside its own name.
        const cells = new Map(FIGURES.map((figure) => [figure, element("td", { "data-figure": figure, "data-name": text[figure] })]));
        this.cells.set(name, cells);
        return element("tr", { "data-topic": name }, element("th", { scope: "row", title: name }, name), ...cells.values());
      }),
    );
  }

  /** @param {TopicAccount} topic */
  showTopic({ name, rate_hz, measured_hz, packets, lost, lagged }) {
    const { ledger, pipeline } = this.daemon;
    const cells = this.cells.get(name);
    const sink = [...(pipeline?.stages ?? [])].find(([, { kind, params }]) => kind === "websocket_sink" && params.topic === name)?.[0] ?? "";
    const ppm = text.ppm(Math.round((measured_hz / rate_hz - 1) * 1e6) + 0);
    /** @type {Record<(typeof FIGURES)[number], string>} */
    const shown = {
      rate: Number.isNaN(rate_hz) ? text.unknown : text.hertz(rate_hz),
      measured: Number.isNaN(measured_hz) ? text.unknown : text.measuredRate(measured_hz, ppm),
      delivered: text.count(ledger.get(sink)?.taken ?? NaN),
      packets: text.count(packets),
      lost: text.count(lost),
      lagged: text.count(lagged),
    };
    for (const figure of FIGURES) {
      const cell = cells?.get(figure);
      if (cell !== undefined) setText(cell, shown[figure]);
    }
    cells?.get("lost")?.classList.toggle("wrong", lost > 0);
    cells?.get("lagged")?.classList.toggle("wrong", lagged > 0);
  }
}

/**
 * @param {(typeof STATES)[number]} name
 * @param {HTMLElement} cell
 */
function term(name, cell) {
  const hint = HINTS[name];
  return element("div", hint === undefined ? {} : { title: hint }, element("dt", {}, text[name]), cell);
}

/** @param {import("./answers.js").Pipeline} pipeline */
function sourceOf({ stages }) {
  const sources = [...stages].filter(([, { inputs }]) => inputs.length === 0);
  return sources.length === 0 ? text.unknown : sources.map(([id, { kind }]) => (id === kind ? kind : `${id} (${kind})`)).join(", ");
}

/** How a source's clock is doing, where it has one of its own. @param {import("./answers.js").Pipeline} pipeline */
function clockOf({ status }) {
  const devices = [...status.values()].flatMap(({ device }) => (device === null ? [] : [device]));
  if (devices.length === 0) return text.clockNominal;
  return devices.map((device) => text.clockOf(device.get("rate_ppm") ?? NaN, device.get("rate_ppm_uncertainty") ?? NaN)).join(", ");
}

/** How the threads of the data path are scheduled, and where that is not as it was asked for. @param {import("./answers.js").Pipeline} pipeline */
function schedulingOf({ threads }) {
  if (threads.length === 0) return text.unknown;
  const short = [...new Set(threads.filter(({ refused }) => refused.length > 0).map(({ group }) => group))];
  if (short.length > 0) return text.schedulingShort(short);
  const priorities = [...new Set(threads.map(({ priority }) => priority).filter(Number.isFinite))];
  return priorities.length > 0 ? text.realTime(priorities) : text.normalScheduling;
}

/**
 * @param {import("./answers.js").Pipeline} pipeline
 * @param {import("./answers.js").Ledger} ledger
 */
function acquiredOf({ stages }, ledger) {
  const sources = [...ledger].filter(([id]) => stages.get(id)?.inputs.length === 0);
  if (sources.length === 0) return text.unknown;
  return sources.map(([, { acquired, passedOn }]) => text.count(Number.isFinite(acquired) ? acquired : passedOn)).join(" + ");
}

/** @param {import("./daemon.js").Daemon} daemon */
function isRecording({ recording, pipeline }) {
  return (recording?.study ?? null) !== null || (pipeline !== null && recordersOf(pipeline).length > 0);
}

/** Stages that write files now, and for how many seconds of signal. @param {import("./answers.js").Pipeline} pipeline */
function recordersOf({ stages, status }) {
  return [...stages].flatMap(([id, { kind, inputs }]) => {
    const now = status.get(id);
    if (!kind.endsWith("_sink") || kind === "websocket_sink" || now?.state !== "running") return [];
    return [{ id, seconds: now.framesIn / (status.get(inputs[0] ?? "")?.rate_hz ?? NaN) }];
  });
}

/**
 * @param {import("./daemon.js").Daemon} daemon
 * @param {import("./answers.js").Pipeline} pipeline
 */
function recordingOf({ recording, now_ms }, pipeline) {
  const study = recording?.study ?? null;
  if (study !== null) return text.study(study.participant, study.task, (now_ms - study.started_ns / 1e6) / 1000, bytesOf(study.files));
  const recorders = recordersOf(pipeline);
  return recorders.length === 0 ? text.notRecording : recorders.map(({ id, seconds }) => text.recorder(id, seconds)).join(", ");
}
