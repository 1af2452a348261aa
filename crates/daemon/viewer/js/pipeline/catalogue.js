// The kinds of stages there are (`GET /stages`) and the presets (`GET /presets`).

import { isRecord } from "../engine/messages.js";
import { list, number, words } from "../shell/answers.js";
import { ask } from "../shell/http.js";

/**
 * @typedef {object} Kind
 * @property {string} kind
 * @property {string} role
 * @property {{min: number, max: number}} inputs
 * @property {import("./schema.js").Schema} schema
 * @property {Record<string, unknown>} example
 *
 * @typedef {{name: string, description: string, error: string}} Preset
 */

/** @returns {Promise<Map<string, Kind>>} */
export async function fetchKinds() {
  const answer = await ask("/stages");
  const kinds = list(isRecord(answer) ? answer.stages : null).map((entry) => {
    const inputs = isRecord(entry.inputs) ? entry.inputs : {};
    /** @type {Kind} */
    const kind = {
      kind: words(entry.kind),
      role: words(entry.role),
      inputs: { min: number(inputs.min), max: number(inputs.max) },
      schema: isRecord(entry.schema) ? entry.schema : {},
      example: isRecord(entry.example) ? entry.example : {},
    };
    return /** @type {const} */ ([kind.kind, kind]);
  });
  return new Map(kinds);
}

/** @returns {Promise<Preset[]>} */
export async function fetchPresets() {
  const answer = await ask("/presets");
  return list(isRecord(answer) ? answer.presets : null).map(({ name, description, error }) => ({
    name: words(name),
    description: words(description),
    error: words(error),
  }));
}
