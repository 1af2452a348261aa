// Words of the pipeline's view.

import { clock, counted, decimal, duration, figure, integer, oneDecimal } from "./format.js";

/** @type {Record<string, string>} */
const states = {
  idle: "Nothing runs",
  starting: "Starting",
  running: "Running",
  draining: "Stopping",
  failed: "Failed",
};

/** @param {{p50: number, p99: number, max: number} | null} quantiles */
const spread = (quantiles) =>
  quantiles === null ? "not measured yet" : `${duration(quantiles.p50)} median, ${duration(quantiles.p99)} p99, ${duration(quantiles.max)} at most`;

export const text = {
  // What runs
  running: "What runs",
  start: "Start",
  startHint: "Start the pipeline, with the changes that were made",
  stop: "Stop",
  stopHint: "Stop the pipeline: everything in flight is delivered, files are closed",
  restart: "Restart",
  restartHint: "Restart the pipeline from the beginning, with the changes that were made",
  presets: "Presets",
  load: "Load",
  loadHint: "Load the preset and start it",
  file: "File…",
  fileHint: "File…: start a pipeline file of your own: YAML, TOML or JSON",
  undo: "Undo",
  undoHint: "Undo the last change (key U)",
  /** @param {string} what */
  undoOf: (what) => `Undo: ${what}`,
  discard: "The changes made to this pipeline since it was loaded will be discarded.",
  discardYes: "Discard and start",
  working: "Working…",
  started: "Started.",
  stopped: "Stopped.",
  /** @param {string} state  @param {string} origin  @param {number} revision  @param {number} changes */
  runState: (state, origin, revision, changes) =>
    [states[state] ?? state, origin, `revision ${integer(revision)}`, ...(changes > 0 ? [counted(changes, "change", "changes")] : [])].filter((part) => part !== "").join(" · "),
  /** @type {[string, string][]} */
  keyList: [["U", "undo the last change"]],

  // Graph
  graph: "Stages",
  choose: "Choose a stage to see and change it.",
  groups: "Groups of threads",
  /** @param {string} name  @param {readonly number[]} cores */
  groupCores: (name, cores) => `${name}: ${cores.length === 0 ? "any core" : `${cores.length === 1 ? "core" : "cores"} ${cores.join(", ")}`}`,
  /** @param {number} priority */
  priority: (priority) => `real time ${priority}`,
  notRunning: "not running",
  /** @param {string} group  @param {number} rate_hz  @param {number} channels */
  stageForm: (group, rate_hz, channels) =>
    [group, ...(Number.isFinite(rate_hz) ? [`${decimal(rate_hz)} Hz`, `${integer(channels)} ch`] : [])].join(" · "),
  /** @param {number} rate  @param {number} age_ns  @param {number} queue */
  stageFigures: (rate, age_ns, queue) =>
    `${Number.isFinite(rate) ? `${figure(rate)}/s` : "–"} · ${duration(age_ns)} · queue ${integer(queue)}`,
  stageFiguresHint: "Packets a second; median age of a packet at a sink, or time of work on it elsewhere; packets that wait",
  failed: "failed",
  /** @param {string} stage */
  closedBy: (stage) => `closed by ${stage}`,
  /** @param {number} frames */
  lostFrames: (frames) => `${integer(frames)} lost`,
  /** @param {number} n */
  errors: (n) => counted(n, "error", "errors"),
  lockedTag: "locked",

  // One stage
  /** @param {string} id */
  stage: (id) => `Stage ${id}`,
  /** @param {string} reason */
  locked: (reason) => `Locked: ${reason}`,
  /** @param {string} reason  @param {number} since_ns */
  lockedSince: (reason, since_ns) => (Number.isFinite(since_ns) ? `${reason}, since ${clock(new Date(since_ns / 1e6))}` : reason),
  /**
   * @param {import("../shell/answers.js").StageStatus} status
   * @param {number} rate
   * @returns {[string, string][]}
   */
  statusLines: (status, rate) => [
    ["State", status.closedBy === "" ? status.state : `${status.state}, closed by ${status.closedBy}`],
    ["Packets", `${integer(status.packetsIn)} in, ${integer(status.packetsOut)} out${Number.isFinite(rate) ? `, ${oneDecimal(rate)} a second` : ""}`],
    ["Frames", `${integer(status.framesIn)} in, ${integer(status.framesOut)} out, ${integer(status.lost)} lost`],
    ["Work", spread(status.process)],
    ["Age", spread(status.age)],
    ["Queue", `${counted(status.queue, "packet", "packets")}, ${integer(status.overflow)} frames overflowed`],
    ["Errors", integer(status.errors)],
    ...(Number.isFinite(status.delay_s) ? /** @type {[string, string][]} */ ([["Delay", `${figure(status.delay_s * 1000)} ms`]]) : []),
  ],
  response: "Gain in dB over frequency",
  /** @param {number} hz */
  decade: (hz) => (hz >= 1000 ? `${decimal(hz / 1000)} kHz` : `${decimal(hz)} Hz`),
  /** @param {number[]} edges_hz  @param {number} settling_s */
  responseWords: (edges_hz, settling_s) =>
    [
      ...(edges_hz.length === 0 ? [] : [`3 dB below the passband at ${edges_hz.map(figure).join(", ")} Hz.`]),
      `Settles in ${duration(settling_s * 1e9)}.`,
    ].join(" "),
  noParameters: "This stage has no parameters.",
  wiring: "Wiring and errors",
  inputs: "Takes its samples from",
  inputsHint: "Ids of stages, separated by commas",
  group: "Group",
  groupHint: "Stages of a group share a thread",
  onError: "When it fails",
  onErrorHint: "What happens when this stage fails",
  /** @type {Record<string, string>} */
  policies: { fatal: "everything stops", drain_then_stop: "its branch ends, the others go on", skip_packet: "the packet is skipped" },
  addAfter: "Add after",
  /** @param {string} id */
  addAfterHint: (id) => `Add after ${id}: another stage`,
  remove: "Remove",
  /** @param {string} id */
  removeHint: (id) => `Remove ${id}; what it fed is fed by what fed it`,
  restartStage: "Restart",
  /** @param {string} id */
  restartStageHint: (id) => `Restart ${id} and whatever of its branch is dead`,
  /** @param {string} id  @param {string} field  @param {unknown} value */
  changeOf: (id, field, value) => `${id} ${field} ${value === undefined ? "left out" : JSON.stringify(value)?.slice(0, 60)}`,
  /** @param {string} what  @param {ReadonlyMap<string, number>} appliedAt */
  applied: (what, appliedAt) => {
    const at = [...appliedAt].map(([stage, sample]) => `${stage} at sample ${integer(sample)}`);
    return `${what}: done${at.length > 0 ? `, ${at.join(", ")}` : ", from the next start"}.`;
  },
  /** @param {string} id */
  added: (id) => `${id} added`,
  /** @param {string} id */
  removed: (id) => `${id} removed.`,
  /** @param {string} id */
  restarted: (id) => `${id} restarted.`,
  /** @param {import("../shell/http.js").Mistake} mistake */
  mistake: ({ path, line, column, message }) =>
    `${line === null ? path : `line ${line}${column === null ? "" : `, column ${column}`}`}${path === "" && line === null ? "" : ": "}${message}`,

  // Fields
  /** @param {string | undefined | unknown} value */
  standard: (value) => (value === undefined || value === null || value === "" ? "left out" : `${String(value)} (default)`),
  /** @param {number | null} min  @param {number | null} max  @param {string} unit */
  range: (min, max, unit) => {
    const u = unit === "" ? "" : ` ${unit}`;
    if (min !== null && max !== null) return `${decimal(min)} to ${decimal(max)}${u}.`;
    if (min !== null && min !== 0) return `At least ${decimal(min)}${u}.`;
    return max === null ? "" : `At most ${decimal(max)}${u}.`;
  },
  needed: "This is needed.",
  /** @param {string} typed */
  notNumber: (typed) => `"${typed}" is not a number.`,
  notWhole: "This is a whole number.",
  /** @param {number} min */
  atLeast: (min) => `At least ${decimal(min)}.`,
  /** @param {number} max */
  atMost: (max) => `At most ${decimal(max)}.`,
  /** @param {string} line */
  notEntry: (line) => `"${line}" is not of the form "name: value".`,
  notJson: "This is not JSON.",

  // Adding
  /** @param {string} after */
  addTitle: (after) => `Add a stage after ${after}`,
  kind: "Kind",
  /** @param {string} kind  @param {string} role */
  kindOption: (kind, role) => (role === "sink" ? `${kind} (sink)` : kind),
  id: "Id",
  idHint: "What the stage is called: letters, digits and _",
  /** @param {string} after */
  between: (after) => `Between: it feeds what ${after} feeds`,
  betweenHint: "Otherwise it begins a branch of its own",
  add: "Add",
  cancel: "Cancel",

  // Document
  document: "Document",
  documentHint: "Shows the whole document as JSON",
  wholeDocument: "document replaced",
  apply: "Apply",
  applyHint: "Apply: the running pipeline becomes what is written here",
  revert: "Revert",
  revertHint: "Revert: shows what runs again",
  /** @param {string} why */
  documentNotJson: (why) => `This is not JSON: ${why}`,
};
