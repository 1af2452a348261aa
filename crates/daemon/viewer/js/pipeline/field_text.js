// Lists and maps as people type them: `1, 2, 3`, and lines such as `alpha: 8, 13`.

import { text } from "../text/pipeline.js";

/** What was typed is no value of this field; its text says why. */
export class FieldError extends Error {}

/**
 * @param {import("./schema.js").Field} field
 * @param {unknown} value
 * @returns {string}
 */
export function print({ type }, value) {
  if (value === undefined || value === null) return "";
  if (type === "json") return JSON.stringify(value, null, 2);
  if (Array.isArray(value)) return value.join(", ");
  if (type === "map" && typeof value === "object") {
    return Object.entries(value).map(([key, item]) => `${key}: ${[item].flat().join(", ")}`).join("\n");
  }
  return String(value);
}

/**
 * @param {import("./schema.js").Field} field
 * @param {string} typed
 * @param {unknown} before  what a map held, to tell lists from single values
 * @returns {unknown} undefined when nothing was typed
 * @throws {FieldError}
 */
export function parse(field, typed, before) {
  const trimmed = typed.trim();
  if (trimmed === "") {
    if (field.required && field.type !== "string") throw new FieldError(text.needed);
    return field.required ? "" : undefined;
  }
  switch (field.type) {
    case "number":
    case "integer":
      return ranged(field, numberOf(trimmed));
    case "numbers":
      return items(trimmed).map((item) => ranged(field, numberOf(item)));
    case "strings":
      return items(trimmed);
    case "map":
      return mapOf(trimmed, before);
    case "json":
      try {
        return JSON.parse(trimmed);
      } catch {
        throw new FieldError(text.notJson);
      }
    default:
      return typed;
  }
}

/** @param {string} typed */
const items = (typed) => typed.split(/[,\n]/).map((item) => item.trim()).filter((item) => item !== "");

/** @param {string} typed */
function numberOf(typed) {
  const value = Number(typed);
  if (!Number.isFinite(value)) throw new FieldError(text.notNumber(typed.slice(0, 40)));
  return value;
}

/** @param {import("./schema.js").Field} field @param {number} value */
function ranged({ type, min, max }, value) {
  if (type === "integer" && !Number.isInteger(value)) throw new FieldError(text.notWhole);
  if (min !== null && value < min) throw new FieldError(text.atLeast(min));
  if (max !== null && value > max) throw new FieldError(text.atMost(max));
  return value;
}

/** @param {string} typed @param {unknown} before */
function mapOf(typed, before) {
  const lists = typeof before !== "object" || before === null || Object.values(before).some(Array.isArray);
  const entries = typed.split("\n").filter((line) => line.trim() !== "").map((line) => {
    const colon = line.lastIndexOf(":");
    if (colon < 1) throw new FieldError(text.notEntry(line.trim().slice(0, 40)));
    const value = line.slice(colon + 1).trim();
    const numbers = items(value).map(Number);
    if (numbers.length > 0 && numbers.every(Number.isFinite)) {
      return [line.slice(0, colon).trim(), lists || numbers.length > 1 ? numbers : numbers[0]];
    }
    return [line.slice(0, colon).trim(), value];
  });
  return Object.fromEntries(entries);
}
