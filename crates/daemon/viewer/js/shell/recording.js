// Studies as the daemon tells of them: what is recorded now, how much of it is on the disk, and the room for more.

import { isRecord } from "../engine/messages.js";
import { list, number, words } from "./answers.js";

/**
 * @typedef {{name: string, bytes: number}} StudyFile
 *
 * @typedef {object} Study
 * @property {string} study  its folder's name
 * @property {string} participant
 * @property {string} task
 * @property {string} notes
 * @property {boolean} complete  false while it is being recorded, and for one that a crash has ended
 * @property {number} started_ns
 * @property {number} stopped_ns  NaN while it is being recorded
 * @property {StudyFile[]} files
 *
 * @typedef {object} Recording
 * @property {Study | null} study  what is recorded now
 * @property {number} free_bytes  NaN where it is not known
 * @property {number} total_bytes
 */

/** @param {Record<string, unknown>} value @returns {Study} */
export function studyOf(value) {
  const { study, participant, task, notes, state, started_unix_ns, stopped_unix_ns, files } = value;
  return {
    study: words(study).replace(/^studies\//, ""),
    participant: words(participant),
    task: words(task),
    notes: words(notes),
    complete: state === "complete",
    started_ns: number(started_unix_ns),
    stopped_ns: number(stopped_unix_ns),
    files: list(files).map(({ name, bytes }) => ({ name: words(name), bytes: number(bytes) })),
  };
}

/** @param {unknown} value  the answer of `GET /studies/current` @returns {Recording} */
export function parseRecording(value) {
  const { study, files, disk } = isRecord(value) ? value : {};
  const { free_bytes, total_bytes } = isRecord(disk) ? disk : {};
  return {
    study: isRecord(study) ? studyOf({ ...study, files }) : null,
    free_bytes: number(free_bytes),
    total_bytes: number(total_bytes),
  };
}

/** @param {readonly StudyFile[]} files */
export const bytesOf = (files) => files.reduce((sum, { bytes }) => sum + bytes, 0);
