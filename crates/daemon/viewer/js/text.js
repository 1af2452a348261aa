// Every word that the page shows, in one place.

const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const tenth = new Intl.NumberFormat("en", { maximumFractionDigits: 1 });
const exact = new Intl.NumberFormat("en", { maximumFractionDigits: 3 });
const time = new Intl.DateTimeFormat("en", { hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false });

/** @param {number} n  @param {string} one  @param {string} many */
const counted = (n, one, many) => `${whole.format(n)} ${n === 1 ? one : many}`;
/** @param {number} value */
const hex = (value) => `0x${value.toString(16).padStart(4, "0")}`;

/** @type {Record<string, string>} */
const pipelineStates = {
  idle: "Idle",
  starting: "Starting",
  running: "Running",
  draining: "Stopping",
  failed: "Failed",
};

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

  // Controls
  toolbar: "Display",
  timeBase: "Time base",
  secondsPerScreen: "Seconds per screen",
  /** @param {number} seconds */
  seconds: (seconds) => `${exact.format(seconds)} s`,
  /** @param {number} seconds */
  secondsOption: (seconds) => `${exact.format(seconds)} s / screen`,
  freeze: "Freeze",
  unfreeze: "Go on",
  freezeHint: "Space stops and starts the drawing; the stream goes on",
  /** @param {string} topic */
  amplitude: (topic) => `Amplitude of ${topic}, per division`,
  /** @param {number} value  @param {string} unit */
  amplitudeOption: (value, unit) => `${whole.format(value)} ${unit} / div`,
  larger: "Larger traces",
  smaller: "Smaller traces",
  auto: "Auto",
  autoHint: "Choose the amplitude from the last seconds (key A)",
  dcRemoved: "DC removed for display",
  dcShown: "DC shown",
  dcHint: "Takes each channel's slow drift (below 0.35 Hz) away from the picture. The stream is not changed.",
  keys: "Keys",
  /** @type {[string, string][]} */
  keyList: [
    ["Space", "freeze"],
    ["+ −", "amplitude"],
    ["[ ]", "time base"],
    ["A", "auto"],
  ],

  // Scope
  /** @param {number} channels  @param {number} rate_hz  @param {string} unit */
  form: (channels, rate_hz, unit) => `${counted(channels, "channel", "channels")} · ${exact.format(rate_hz)} Hz · ${unit}`,
  waitingForData: "Waiting for data",
  /** @param {string} topic  @param {number} channels  @param {string} perDivision  @param {number} seconds */
  picture: (topic, channels, perDivision, seconds) =>
    `Traces of ${topic}: ${counted(channels, "channel", "channels")}, ${perDivision}, ${exact.format(seconds)} s per screen`,
  /** @param {string} topic */
  channelsOf: (topic) => `Channels of ${topic}`,
  /** @param {number} number */
  unnamedChannel: (number) => `Ch ${number}`,
  /** @param {number} value  @param {string} unit */
  division: (value, unit) => `${whole.format(value)} ${unit}`,
  divisionHint: "One division: the distance between two zero lines",
  frozenTag: "Frozen",
  settling: "Filters settling",
  railed: "At the rail",
  microvolts: "µV",
  codes: "codes",

  // Truth bar
  truth: "State of the stream",
  connection: "Connection",
  pipeline: "Pipeline",
  unknown: "–",
  /** @param {string} state */
  connectionState: (state) => connectionStates[state] ?? state,
  /** @param {string} state */
  pipelineState: (state) => pipelineStates[state] ?? state,
  rate: "Rate",
  measured: "Measured",
  packets: "Packets",
  lost: "Samples lost",
  lagged: "Packets lagged",
  /** @param {number} rate_hz */
  hertz: (rate_hz) => `${exact.format(rate_hz)} Hz`,
  /** @param {number} rate_hz */
  hertzMeasured: (rate_hz) => `${tenth.format(rate_hz)} Hz`,
  /** @param {number} n */
  count: (n) => whole.format(n),

  // Sentences
  allIsWell: "Live. Every sample that was sent has arrived.",
  /** @param {number} samples */
  lostBefore: (samples) => `Live. ${counted(samples, "sample", "samples")} lost since this page was opened.`,
  connecting: "Connecting to eegd.",
  /** @param {number} seconds */
  lostConnection: (seconds) =>
    seconds > 0 ? `Connection lost: trying again in ${whole.format(seconds)} s` : "Connection lost: trying again now",
  /** @param {number} seconds */
  noAnswer: (seconds) =>
    seconds > 0
      ? `No answer from eegd: trying again in ${whole.format(seconds)} s`
      : "No answer from eegd: trying again now",
  /** @param {string} reason */
  badAnswer: (reason) => `eegd answered something this page cannot read: ${reason}`,
  noTopics: "This pipeline publishes nothing to show: give it a websocket_sink.",
  pipelineIdle: "No pipeline is running.",
  pipelineStarting: "The pipeline is starting.",
  pipelineDraining: "The pipeline is stopping: the last samples are on their way.",
  pipelineFailed: "The pipeline has failed: eegd's log says why.",
  /** @param {string} topic */
  noData: (topic) => `${topic}: waiting for the first packet.`,
  /** @param {string} topic  @param {number} seconds */
  stalled: (topic, seconds) => `${topic}: no data for ${whole.format(seconds)} s.`,
  /** @param {string} topic  @param {number} samples  @param {Date} since */
  samplesLost: (topic, samples, since) =>
    `${topic}: ${counted(samples, "sample", "samples")} lost, the last at ${time.format(since)}. Gaps are hatched.`,
  /** @param {string} topic  @param {number} packets */
  tooSlow: (topic, packets) => `${topic}: this page was too slow for ${counted(packets, "packet", "packets")}.`,
  /** @param {string} topic  @param {Date} at */
  restarted: (topic, at) => `${topic}: the stream began anew at ${time.format(at)}.`,
  /** @param {number} n  @param {string} reason */
  rejected: (n, reason) => `${counted(n, "message", "messages")} could not be read: ${reason}`,
  /** @param {Date} since */
  frozen: (since) => `Frozen at ${time.format(since)}. The stream goes on.`,

  // What can be wrong with a message
  /** @param {number} bytes  @param {number} header */
  frameTooShort: (bytes, header) => `a frame of ${bytes} bytes is shorter than its header of ${header}`,
  /** @param {number} got  @param {number} want */
  frameMagic: (got, want) => `a frame starts with ${hex(got)} instead of ${hex(want)}`,
  /** @param {number} got  @param {number} want */
  frameVersion: (got, want) => `a frame has version ${got}, this page reads version ${want}: reload it`,
  /** @param {number} got */
  frameDtype: (got) => `a frame has the unknown value type ${got}`,
  frameIndex: "a frame's sample index is beyond what a browser can count",
  /** @param {number} got  @param {number} want  @param {number} frames  @param {number} channels */
  frameLength: (got, want, frames, channels) =>
    `a frame of ${frames} × ${channels} values has ${got} bytes instead of ${want}`,
  /** @param {number} stream */
  frameUnannounced: (stream) => `a frame belongs to stream ${stream}, which was not announced`,
  /** @param {string} topic */
  frameForm: (topic) => `a frame of ${topic} has another form than was announced`,
  messageNotJson: "a text message is not a JSON object",
  /** @param {string} field */
  messageField: (field) => `"${field}" is missing or of the wrong kind`,
  /** @param {number} status */
  httpStatus: (status) => `HTTP status ${status}`,
};
