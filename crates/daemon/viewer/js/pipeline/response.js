// What a filter does to each frequency, drawn: gain over a logarithmic axis, from the coefficients that run.

import { isRecord } from "../engine/messages.js";
import { number } from "../shell/answers.js";
import { drawing, element, setText } from "../shell/dom.js";
import { ask } from "../shell/http.js";
import { text } from "../text/pipeline.js";

/** Decades below half the rate. */
const DECADES = 3.5;
const POINTS = 240;
/** Units of the drawing, and the room that its figures take. */
const [WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM] = [360, 150, 34, 10, 8, 22];
/** Nothing below is told apart. */
const FLOOR_DB = -80;
/** How far below the highest gain the edges of a passband are, decibels. */
const EDGE_DB = 3;

/** @typedef {{rate_hz: number, settling_s: number, hz: number[], gain_db: number[]}} Report */

/**
 * The filters that run, by their ids.
 * @returns {Promise<Map<string, number>>} with the rate at the input of each
 */
export async function fetchFilters() {
  const answer = await ask("/pipeline/filter_report?hz=1");
  const filters = isRecord(answer) && isRecord(answer.filters) ? Object.entries(answer.filters) : [];
  return new Map(filters.map(([id, report]) => [id, isRecord(report) ? number(report.rate_hz) : NaN]));
}

/**
 * @param {string} id
 * @param {number} rate_hz
 * @param {Record<string, unknown>} params  around whose frequencies it is looked at closely
 * @returns {Promise<Report | null>}
 */
export async function fetchResponse(id, rate_hz, params) {
  const hz = frequenciesOf(rate_hz, params).map((f) => Number(f.toPrecision(7)));
  const answer = await ask(`/pipeline/filter_report?stage=${encodeURIComponent(id)}&hz=${hz.join(",")}`);
  const report = isRecord(answer) && isRecord(answer.filters) ? answer.filters[id] : null;
  if (!isRecord(report) || !Array.isArray(report.hz) || !Array.isArray(report.gain_db)) return null;
  return {
    rate_hz: number(report.rate_hz),
    settling_s: number(report.settling_s),
    hz: report.hz.map(number),
    gain_db: report.gain_db.map((gain) => (gain === null ? -Infinity : number(gain))),
  };
}

/**
 * Evenly on the axis, and closely around each frequency that the parameters name: a notch is narrower than a pixel.
 * @param {number} rate_hz
 * @param {Record<string, unknown>} params
 */
export function frequenciesOf(rate_hz, params) {
  const half = rate_hz / 2;
  const even = Array.from({ length: POINTS }, (_, i) => half * 10 ** (-DECADES * (1 - i / POINTS)));
  const named = Object.entries(params).flatMap(([name, value]) => (/(^|_)hz$/.test(name) ? [value].flat() : []));
  const harmonics = typeof params.harmonics === "number" ? Math.min(8, params.harmonics) : 1;
  const close = named.flatMap((value) => {
    if (typeof value !== "number" || !(value > 0)) return [];
    return Array.from({ length: harmonics }, (_, k) => value * (k + 1)).flatMap((f) => Array.from({ length: 81 }, (_, i) => f * (1 + 0.1 * ((i - 40) / 40) ** 3)));
  });
  return [...new Set([...even, ...close])].filter((f) => f < half).sort((a, b) => a - b).slice(0, 2000);
}

/**
 * Where the gain crosses the edge of what passes, in rising order.
 * @param {Pick<Report, "hz" | "gain_db">} report
 */
export function edgesOf({ hz, gain_db }) {
  const edge_db = Math.max(...gain_db) - EDGE_DB;
  return hz.slice(1).flatMap((f, i) => {
    const [before, after] = [Math.max(gain_db[i] ?? NaN, -300) - edge_db, Math.max(gain_db[i + 1] ?? NaN, -300) - edge_db];
    if (before < 0 === after < 0) return [];
    const from = hz[i] ?? NaN;
    return [from + (f - from) * (before / (before - after))];
  });
}

export class ResponsePlot {
  constructor() {
    this.picture = drawing("svg", { class: "response", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img" });
    this.words = element("p", { class: "about" });
    this.root = element("figure", { class: "response-figure", hidden: "" }, element("figcaption", {}, text.response), this.picture, this.words);
  }

  /** @param {Report | null} report  null for a stage that is no filter */
  show(report) {
    this.root.hidden = report === null || report.hz.length === 0;
    if (report === null || this.root.hidden) return;
    const { hz, gain_db, rate_hz, settling_s } = report;
    const [first = 1, last = 2] = [hz[0], rate_hz / 2];
    const top_db = Math.ceil((Math.max(...gain_db) + 1) / 10) * 10;
    const low_db = Math.min(top_db - 20, Math.max(FLOOR_DB, Math.floor(Math.min(...gain_db) / 10) * 10));
    const x = (/** @type {number} */ f) => LEFT + (Math.log(f / first) / Math.log(last / first)) * (WIDTH - LEFT - RIGHT);
    const y = (/** @type {number} */ db) => TOP + ((top_db - Math.max(low_db, db)) / (top_db - low_db)) * (HEIGHT - TOP - BOTTOM);
    const step = top_db - low_db > 40 ? 20 : 10;
    const levels = Array.from({ length: Math.floor((top_db - low_db) / step) + 1 }, (_, i) => Math.floor(top_db / step) * step - i * step).filter((db) => db >= low_db);
    const decades = [-3, -2, -1, 0, 1, 2, 3, 4].map((power) => 10 ** power).filter((f) => f >= first && f < last);
    const points = hz.map((f, i) => `${x(f).toFixed(1)},${y(gain_db[i] ?? NaN).toFixed(1)}`);
    this.picture.replaceChildren(
      ...levels.flatMap((db) => [
        drawing("line", { class: db === 0 ? "zero" : "grid", x1: LEFT, x2: WIDTH - RIGHT, y1: y(db), y2: y(db) }),
        drawing("text", { x: LEFT - 5, y: y(db) + 4, "text-anchor": "end" }, String(db).replace("-", "−")),
      ]),
      ...decades.flatMap((f) => [
        drawing("line", { class: "grid", x1: x(f), x2: x(f), y1: TOP, y2: HEIGHT - BOTTOM }),
        drawing("text", { x: x(f), y: HEIGHT - 6, "text-anchor": "middle" }, text.decade(f)),
      ]),
      drawing("polyline", { points: points.join(" ") }),
    );
    const words = text.responseWords(edgesOf(report), settling_s);
    setText(this.words, words);
    this.picture.setAttribute("aria-label", `${text.response}. ${words}`);
  }
}
