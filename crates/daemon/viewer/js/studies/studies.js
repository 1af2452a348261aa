// Studies and markers over HTTP.

import { isRecord } from "../engine/messages.js";
import { list, number, words } from "../shell/answers.js";
import { ask } from "../shell/http.js";
import { text } from "../text/studies.js";

/**
 * @typedef {object} Study
 * @property {string} study
 * @property {string} participant
 * @property {string} task
 * @property {string} notes
 * @property {boolean} recording
 * @property {number} started_ns
 * @property {number} stopped_ns  NaN while it is being recorded
 * @property {string[]} files
 */

/** @param {Record<string, unknown>} value @returns {Study} */
function studyOf(value) {
  const { study, participant, task, notes, state, started_unix_ns, stopped_unix_ns, files } = value;
  return {
    study: words(study),
    participant: words(participant),
    task: words(task),
    notes: words(notes),
    recording: state === "recording",
    started_ns: number(started_unix_ns),
    stopped_ns: number(stopped_unix_ns),
    files: Array.isArray(files) ? files.filter((file) => typeof file === "string") : [],
  };
}

/** Whether this daemon records studies: its own description says so. */
export async function recordsStudies() {
  const description = await ask("/openapi.json");
  return isRecord(description) && isRecord(description.paths) && "/studies" in description.paths;
}

/** @returns {Promise<Study[]>} the newest first */
export async function fetchStudies() {
  const answer = await ask("/studies");
  return list(isRecord(answer) ? answer.studies : null).map(studyOf);
}

/** @param {{participant: string, task: string, notes: string}} form @returns {Promise<Study>} */
export async function beginStudy(form) {
  const answer = await ask("/studies", { method: "POST", body: JSON.stringify(form), long: true });
  return studyOf(isRecord(answer) ? answer : {});
}

/** @returns {Promise<Study>} */
export async function endStudy() {
  const answer = await ask("/studies/current/stop", { method: "POST", long: true });
  return studyOf(isRecord(answer) ? answer : {});
}

/** @param {string} text @returns {Promise<number>} when, nanoseconds since the Unix epoch */
export async function setMarker(text) {
  const answer = await ask("/markers", { method: "POST", body: JSON.stringify({ text }) });
  return isRecord(answer) ? number(answer.time_ns) : NaN;
}

/**
 * What the marker of a key says.
 * @param {import("../shell/settings.js").Settings} settings
 * @param {number} i  from 0
 */
export const wordsOf = (settings, i) => settings.markers[i] || text.plainMarker(i + 1);

/** @param {string} study @param {string} file */
export const fileAddress = (study, file) => `/studies/${encodeURIComponent(study)}/files/${encodeURIComponent(file)}`;
