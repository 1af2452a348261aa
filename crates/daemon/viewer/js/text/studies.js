// Words of recordings and markers.

import { bytes, clock, date, elapsed, integer } from "./format.js";

/** @param {number} ns */
const whenOf = (ns) => (Number.isFinite(ns) ? `${date(new Date(ns / 1e6))}, ${clock(new Date(ns / 1e6))}` : "");

export const text = {
  record: "Record",
  stop: "Stop recording",
  recordHint: "Starts a study: a folder with the recordings and all that is needed to repeat them",
  /** @param {number} seconds */
  recording: (seconds) => `Recording ${elapsed(seconds)}`,
  notRecording: "Not recording.",
  /** @param {string} participant  @param {string} task */
  recordingOf: (participant, task) => `Recording ${participant}, ${task}.`,
  notAvailable: "This eegd records no studies.",
  form: "New recording",
  participant: "Participant",
  participantHint: "A code, letters and digits",
  task: "Task",
  taskHint: "Letters and digits, such as rest",
  notes: "Notes",
  working: "Working…",
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
  play: "Play",
  /** @param {string} name */
  playHint: (name) => `Play ${name} in place of the running pipeline`,
  playQuestion: "The running pipeline ends, and this recording is played in its place.",
  playYes: "Play",
  bytes,
  integer,
  markerTitle: "Set a marker",
  cancel: "Cancel",
};
