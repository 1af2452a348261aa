// Words of recordings and markers.

import { bytes, clock, date, elapsed, longTime } from "./format.js";

/** @param {number} ns */
const whenOf = (ns) => (Number.isFinite(ns) ? `${date(new Date(ns / 1e6))}, ${clock(new Date(ns / 1e6))}` : "");

export const text = {
  record: "Record",
  stop: "Stop recording",
  /** @param {string} participant  @param {string} task */
  stopQuestion: (participant, task) => `The recording of ${participant}, ${task}, ends. Its files are closed and kept.`,
  notRecording: "Not recording.",
  /** @param {string} participant  @param {string} task  @param {number} seconds  @param {number} size */
  recordingOf: (participant, task, seconds, size) => `Recording ${participant}, ${task}: ${elapsed(seconds)}, ${bytes(size)}`,
  /** @param {number} free  @param {number} total  @param {number} seconds  for which it lasts; NaN where that is not known */
  room: (free, total, seconds) =>
    Number.isFinite(free) ? `${bytes(free)} of ${bytes(total)} left on the disk${Number.isFinite(seconds) ? `: enough for ${longTime(seconds)}` : ""}.` : "",
  form: "New recording",
  now: "Now",
  participant: "Participant",
  participantHint: "A code, letters and digits",
  task: "Task",
  taskHint: "Letters and digits, such as rest",
  notes: "Notes",
  also: "Record as well, beside the raw signal",
  /** @param {string} study */
  begun: (study) => `Recording to ${study}.`,
  /** @param {string} study */
  ended: (study) => `${study} is complete.`,

  markers: "Markers",
  markersHint: "Keys 1 to 9 set the marker of that number; M goes to the free text.",
  free: "Free text",
  set: "Set marker",
  /** @param {number} n */
  markerText: (n) => `Text of marker ${n}`,
  /** @param {number} n  @param {string} words */
  setMarker: (n, words) => `${n}: ${words}`,
  /** @param {number} n */
  plainMarker: (n) => `marker ${n}`,
  /** @param {string} words  @param {number} ns */
  marked: (words, ns) => `"${words}" at ${clock(new Date(ns / 1e6))}.`,
  latest: "Latest events",
  /** @param {number} time_s  @param {string} kind  @param {string} words */
  event: (time_s, kind, words) => `${clock(new Date(time_s * 1000))} · ${kind} · ${words}`,

  past: "Recordings",
  none: "No recording yet.",
  /** @param {number} started_ns  @param {number} stopped_ns */
  when: (started_ns, stopped_ns) =>
    `${whenOf(started_ns)}${Number.isFinite(stopped_ns) ? `, ${elapsed((stopped_ns - started_ns) / 1e9)}` : ""}`,
  /** @param {string} name */
  download: (name) => `Download ${name}`,
  /** @param {string} when */
  interrupted: (when) => `${when}, interrupted`,
  play: "Play",
  /** @param {string} name */
  playHint: (name) => `Play ${name} in place of the running pipeline`,
  playQuestion: "The running pipeline ends, and this recording is played in its place.",
  speed: "Speed",
  speedHint: "For an overview play it fast, with many seconds per screen",
  /** @param {number} times */
  times: (times) => (times === 1 ? "as it was" : `${times} times as fast`),
  /** @param {string} name */
  back: (name) => (name === "" ? "Back to what ran before" : `Back to ${name}`),
  isBack: "What ran before runs again.",
  bytes,
  markerTitle: "Set a marker",
  cancel: "Cancel",
};
