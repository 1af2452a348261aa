// Asks the daemon over HTTP: which topics there are, and how the pipeline is.

import { MessageError, parsePipeline, parseTopics } from "./messages.js";
import { text } from "./text.js";

const PATIENCE_MS = 5000;

/** @returns {Promise<string[]>} */
export async function fetchTopics() {
  return parseTopics(await fetchJson("/topics"));
}

/** @returns {Promise<import("./messages.js").Pipeline>} */
export async function fetchPipeline() {
  return parsePipeline(await fetchJson("/pipeline"));
}

/**
 * @param {string} path
 * @returns {Promise<unknown>}
 * @throws {MessageError} when there is an answer, but not one of this contract; TypeError or DOMException when there is none
 */
async function fetchJson(path) {
  const response = await fetch(path, { cache: "no-store", signal: AbortSignal.timeout(PATIENCE_MS) });
  if (!response.ok) throw new MessageError(text.httpStatus(response.status));
  try {
    return await response.json();
  } catch {
    throw new MessageError(text.messageNotJson);
  }
}
