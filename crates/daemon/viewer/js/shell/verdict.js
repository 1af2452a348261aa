// The one sentence about how things are: the worst thing first.

import { text } from "../text/shell.js";

/** No packet for so long is a stall; longer where packets are further apart. */
const STALL_MS = 3000;
/** Less room than this is spoken of while something is recorded. */
const LITTLE_ROOM = 1e9;
/** A loss is spoken of for this long; its count stays for good. */
const RECENT_MS = 30_000;

/**
 * @typedef {{level: "good" | "note" | "bad", sentence: string}} Verdict
 *
 * @typedef {object} Account  what is judged of a topic
 * @property {string} name
 * @property {number} rate_hz
 * @property {number} packets
 * @property {number} samples
 * @property {number} lost
 * @property {number} lagged
 * @property {number} lastLoss_ms
 * @property {number} lastRestart_ms
 * @property {number} lastPacket_ms
 *
 * @typedef {object} Facts  times in milliseconds of one clock, the Unix epoch's
 * @property {number} now_ms
 * @property {"waiting" | "connecting" | "open"} connection
 * @property {boolean} wasOpen
 * @property {number} retryIn_s
 * @property {boolean} tokenWanted
 * @property {string | null} badAnswer  why the daemon's last HTTP answer could not be read
 * @property {{state: string, reason: string, failures: readonly {stage: string, message: string}[],
 *   threads: readonly {group: string, refused: readonly string[]}[]} | null} pipeline
 * @property {number} rejected  messages that could not be read
 * @property {string} rejectedWhy
 * @property {number} lastRejected_ms
 * @property {number | null} frozenSince_ms
 * @property {readonly Account[]} topics
 * @property {{loss: import("./loss_watch.js").Loss, at_ms: number} | null} loss  the newest in the daemon itself
 * @property {number} free_bytes  of the disk; NaN where it is not known
 * @property {boolean} isRecording
 */

/**
 * @param {Facts} facts
 * @returns {Verdict}
 */
export function verdict(facts) {
  const { now_ms, topics, pipeline } = facts;
  const recent = (/** @type {number} */ at_ms) => now_ms - at_ms < RECENT_MS;
  const bad = (/** @type {string} */ sentence) => ({ level: /** @type {const} */ ("bad"), sentence });
  const note = (/** @type {string} */ sentence) => ({ level: /** @type {const} */ ("note"), sentence });

  if (facts.tokenWanted) return bad(text.tokenWanted);
  if (facts.connection !== "open") {
    if (facts.badAnswer !== null) return bad(text.badAnswer(facts.badAnswer));
    if (facts.wasOpen) return bad(text.lostConnection(facts.connection === "connecting" ? 0 : facts.retryIn_s));
    if (Number.isFinite(facts.retryIn_s)) return bad(text.noAnswer(facts.retryIn_s));
    return topics.length === 0 && pipeline !== null ? note(text.noTopics) : note(text.connecting);
  }
  const failure = pipeline?.failures[0];
  if (pipeline?.state === "failed") return bad(text.pipelineFailed(failure?.message ?? pipeline.reason));
  if (facts.rejected > 0 && recent(facts.lastRejected_ms)) return bad(text.rejected(facts.rejected, facts.rejectedWhy));
  if (pipeline?.state === "idle") return note(text.pipelineIdle);
  if (pipeline?.state === "starting") return note(text.pipelineStarting);
  if (pipeline?.state === "draining") return note(text.pipelineDraining);
  if (failure !== undefined) return bad(text.stageFailed(failure.stage, failure.message));
  for (const topic of topics) {
    if (topic.packets === 0) return note(text.noData(topic.name));
    const silent_ms = now_ms - topic.lastPacket_ms;
    const apart_ms = (1000 * topic.samples) / topic.packets / topic.rate_hz;
    if (silent_ms >= Math.max(STALL_MS, 3 * apart_ms)) return bad(text.stalled(topic.name, Math.floor(silent_ms / 1000)));
  }
  for (const topic of topics) {
    if (!recent(topic.lastLoss_ms)) continue;
    if (topic.lagged > 0) return bad(text.tooSlow(topic.name, topic.lagged));
    return bad(text.samplesLost(topic.name, topic.lost, new Date(topic.lastLoss_ms)));
  }
  if (facts.loss !== null && recent(facts.loss.at_ms)) return bad(text.lostInDaemon(facts.loss.loss, new Date(facts.loss.at_ms)));
  if (facts.isRecording && facts.free_bytes < LITTLE_ROOM) return bad(text.diskFull(facts.free_bytes));
  for (const topic of topics) {
    if (recent(topic.lastRestart_ms)) return note(text.restarted(topic.name, new Date(topic.lastRestart_ms)));
  }
  if (facts.frozenSince_ms !== null) return note(text.frozen(new Date(facts.frozenSince_ms)));
  if (topics.length === 0) return note(text.noTopics);
  const short = pipeline?.threads.find(({ refused }) => refused.length > 0);
  if (short !== undefined) return note(text.notAsAsked(short.group, short.refused[0] ?? ""));
  const lost = topics.reduce((sum, topic) => sum + topic.lost, 0);
  if (lost > 0) return note(text.lostBefore(lost));
  return { level: "good", sentence: text.allIsWell };
}
