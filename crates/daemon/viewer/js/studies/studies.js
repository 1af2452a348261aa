// Studies and markers over HTTP.

import { isRecord } from "../engine/messages.js";
import { list, number } from "../shell/answers.js";
import { ask } from "../shell/http.js";
import { studyOf } from "../shell/recording.js";
import { text } from "../text/studies.js";

/** @typedef {import("../shell/recording.js").Study} Study */
/** @typedef {{participant: string, task: string, notes: string, record: string[]}} StudyForm */

/** @returns {Promise<Study[]>} the newest first */
export async function fetchStudies() {
  const answer = await ask("/studies");
  return list(isRecord(answer) ? answer.studies : null).map(studyOf);
}

/** @param {StudyForm} form @returns {Promise<Study>} */
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
