// Words of the page's frame: head, truth bar, the sentence about how things are, the token, problems.

import { bytes, clock, counted, decimal, elapsed, figure, integer, unknown } from "./format.js";

/** @type {Record<string, string>} */
const pipelineStates = {
  idle: "Idle",
  starting: "Starting",
  running: "Running",
  draining: "Stopping",
  failed: "Failed",
};

/** What can happen to a sample, by the daemon's word for it. @type {Record<string, string>} */
const causes = {
  "": "its queue was full",
  missed: "conversions missed",
  late: "read too late",
  corrupt: "corrupt on the wire",
  outage: "the board was away",
  overflow: "the reader's queue was full",
};

/** @param {string} cause */
const causeOf = (cause) => causes[cause] ?? cause.replaceAll("_", " ");

/** @param {number} ppm */
const signedPpm = (ppm) => `${ppm > 0 ? "+" : ppm < 0 ? "−" : ""}${figure(Math.abs(ppm))}`;

/** @type {Record<string, string>} */
const connectionStates = {
  waiting: "Not connected",
  connecting: "Connecting",
  open: "Connected",
};

export const text = {
  product: "eegd",
  /** @param {string} pipeline */
  title: (pipeline) => (pipeline === "" ? "eegd" : `${pipeline} · eegd`),
  views: "Views",
  /** Name and key of each view. @type {Record<"scope" | "spectra" | "signal" | "pipeline" | "studies", [string, string]>} */
  viewNames: {
    scope: ["Traces", "T"],
    spectra: ["Spectra", "F"],
    signal: ["Signal", "Q"],
    pipeline: ["Pipeline", "P"],
    studies: ["Recordings", "R"],
  },
  /** @param {string} name  @param {string} key */
  viewHint: (name, key) => `${name} (key ${key})`,
  loading: "Loading",
  notLoaded: "This view could not be loaded: reload the page.",
  record: "● Record",
  recordHint: "Record: begin a study, with all that is needed to repeat it",
  /** @param {number} seconds */
  recordingFor: (seconds) => `■ ${elapsed(seconds)}`,
  /** @param {string} participant  @param {string} task */
  stopHint: (participant, task) => `Stop recording ${participant}, ${task}`,
  marker: "Marker",
  markerHint: "Marker: set one with free text (key M); keys 1 to 9 set those of that number",
  /** @type {[string, string][]} */
  keyList: [
    ["1 … 9", "set a marker"],
    ["M", "a marker with free text"],
    ["?", "these keys"],
  ],
  help: "Keys",
  helpHint: "All keys (?)",
  close: "Close",
  cancel: "Cancel",

  // Truth bar
  truth: "State of the stream",
  connection: "Connection",
  pipeline: "Pipeline",
  recording: "Recording",
  notRecording: "no",
  /** @param {string} id  @param {number} seconds */
  recorder: (id, seconds) => `● ${id} ${Number.isFinite(seconds) ? elapsed(seconds) : ""}`.trim(),
  /** @param {string} participant  @param {string} task  @param {number} seconds  @param {number} size */
  study: (participant, task, seconds, size) => `● ${participant} ${task} ${elapsed(seconds)}, ${bytes(size)}`,
  disk: "Disk",
  diskHint: "Room that is left for recordings",
  /** @param {number} free */
  free: (free) => (Number.isFinite(free) ? `${bytes(free)} free` : unknown),
  electrodes: "Electrodes",
  electrodesHint: "Good ones, by impedance, rail, flatness and mains, where the pipeline watches that; then those that are not",
  /** @param {{electrode: string, good: boolean}[]} all */
  electrodesGood: (all) => {
    const bad = all.filter(({ good }) => !good).map(({ electrode }) => electrode);
    if (all.length === 0) return unknown;
    return `${integer(all.length - bad.length)} of ${integer(all.length)} good${bad.length > 0 ? `: ${bad.join(", ")}` : ""}`;
  },
  source: "Source",
  clock: "Clock",
  clockHint: "How far the source's own clock is from the rate it states, fitted to the computer's clock",
  clockNominal: "as stated",
  /** @param {number} ppm  @param {number} doubt */
  clockOf: (ppm, doubt) => (Number.isFinite(ppm) ? `${signedPpm(ppm)} ± ${figure(doubt)} ppm` : "not fitted yet"),
  scheduling: "Scheduling",
  schedulingHint: "What the system gave the threads of the data path: real-time priority, or the normal policy",
  /** @param {string[]} groups */
  schedulingShort: (groups) => `not as asked: ${groups.join(", ")}`,
  /** @param {number[]} priorities */
  realTime: (priorities) => `real time, ${priorities.join(", ")}`,
  normalScheduling: "normal",
  acquired: "Acquired",
  acquiredHint: "Samples of each channel that the source has taken since the pipeline began",
  lostWhereHint: "Samples lost in the daemon since the pipeline began, with the stage where it happened",
  latency: "Latency",
  latencyHint: "From the sample's own time to its place on this screen",
  drawn: "Drawn",
  drawnHint: "Pictures a second on this screen",
  lostWhere: "Lost where",
  unknown,
  /** @param {string} state */
  connectionState: (state) => connectionStates[state] ?? state,
  /** @param {string} state */
  pipelineState: (state) => pipelineStates[state] ?? state,
  topic: "Topic",
  rate: "Rate",
  measured: "Measured",
  delivered: "Delivered",
  deliveredHint: "Samples of each channel that have arrived at this topic",
  packets: "Packets here",
  packetsHint: "Packets that this page has received",
  lost: "Samples lost",
  lagged: "Dropped here",
  laggedHint: "Packets that this page was too slow to take",
  /** @param {number} rate_hz */
  hertz: (rate_hz) => `${decimal(rate_hz)} Hz`,
  /** @param {number} rate_hz */
  hertzWhole: (rate_hz) => (Number.isFinite(rate_hz) ? `${integer(rate_hz)} / s` : unknown),
  /** @param {number} ppm */
  ppm: (ppm) => `${ppm > 0 ? "+" : ppm < 0 ? "−" : ""}${integer(Math.abs(ppm))} ppm`,
  /** @param {number} rate_hz  @param {string} ppm */
  measuredRate: (rate_hz, ppm) => `${decimal(rate_hz)} Hz, ${ppm}`,
  /** @param {number} ms */
  milliseconds: (ms) => (Number.isFinite(ms) ? `${integer(ms)} ms` : unknown),
  /** @param {number} n */
  count: (n) => integer(n),
  /** @param {import("../shell/loss_watch.js").Loss} loss */
  lostAt: ({ stage, frames, cause }) => `${stage} ${integer(frames)} (${causeOf(cause)})`,
  nowhere: "nowhere",

  // Sentences
  allIsWell: "Live. Every sample that was sent has arrived.",
  /** @param {number} samples */
  lostBefore: (samples) => `Live. ${counted(samples, "sample", "samples")} lost since this page was opened.`,
  connecting: "Connecting to eegd.",
  /** @param {number} seconds */
  lostConnection: (seconds) =>
    seconds > 0 ? `Connection lost: trying again in ${integer(seconds)} s` : "Connection lost: trying again now",
  /** @param {number} seconds */
  noAnswer: (seconds) =>
    seconds > 0 ? `No answer from eegd: trying again in ${integer(seconds)} s` : "No answer from eegd: trying again now",
  /** @param {string} reason */
  badAnswer: (reason) => `eegd answered something this page cannot read: ${reason}`,
  tokenWanted: "This eegd asks for a token.",
  noTopics: "This pipeline publishes nothing to show: give it a websocket_sink.",
  pipelineIdle: "No pipeline is running.",
  pipelineStarting: "The pipeline is starting.",
  pipelineDraining: "The pipeline is stopping: the last samples are on their way.",
  /** @param {string} reason */
  pipelineFailed: (reason) => (reason === "" ? "The pipeline has failed: eegd's log says why." : `The pipeline has failed: ${reason}`),
  /** @param {string} stage  @param {string} message */
  stageFailed: (stage, message) => `${stage} has failed: ${message}`,
  /** @param {string} topic */
  noData: (topic) => `${topic}: waiting for the first packet.`,
  /** @param {string} topic  @param {number} seconds */
  stalled: (topic, seconds) => `${topic}: no data for ${integer(seconds)} s.`,
  /** @param {string} topic  @param {number} samples  @param {Date} since */
  samplesLost: (topic, samples, since) =>
    `${topic}: ${counted(samples, "sample", "samples")} lost, the last at ${clock(since)}. Gaps are hatched.`,
  /** @param {string} topic  @param {number} packets */
  tooSlow: (topic, packets) => `${topic}: this page was too slow for ${counted(packets, "packet", "packets")}.`,
  /** @param {import("../shell/loss_watch.js").Loss} loss  @param {Date} since */
  lostInDaemon: ({ stage, frames, cause }, since) =>
    `${counted(frames, "sample", "samples")} lost in the daemon at ${stage}, ${causeOf(cause)}, at ${clock(since)}.`,
  /** @param {string} group  @param {string} why */
  notAsAsked: (group, why) => `Live, but group ${group} does not run as it was asked to: ${why}.`,
  /** @param {number} free */
  diskFull: (free) => `The disk is nearly full: ${bytes(free)} are left.`,
  /** @param {string} topic  @param {Date} at */
  restarted: (topic, at) => `${topic}: the stream began anew at ${clock(at)}.`,
  /** @param {number} n  @param {string} reason */
  rejected: (n, reason) => `${counted(n, "message", "messages")} could not be read: ${reason}`,
  /** @param {Date} since */
  frozen: (since) => `Frozen at ${clock(since)}. The stream goes on.`,

  // Token
  tokenTitle: "Token",
  tokenLabel: "Token",
  tokenHint: "This eegd listens on the network and asks for its token: the content of the file it was started with (--token-file). It is kept in this browser.",
  tokenWrong: "That was not the token.",
  tokenSend: "Connect",

  // Problems
  /** @param {number} status */
  httpStatus: (status) => `HTTP status ${status}`,
  /** @param {string} path */
  httpNotJson: (path) => `the answer of ${path} is not JSON`,
  noAnswerNow: "eegd did not answer. Nothing was changed as far as this page knows.",
  notConnected: "There is no connection to eegd now: nothing was sent.",
};
