// How figures, times and counts are written.

const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const tenth = new Intl.NumberFormat("en", { maximumFractionDigits: 1, minimumFractionDigits: 1 });
const exact = new Intl.NumberFormat("en", { maximumFractionDigits: 3 });
const three = new Intl.NumberFormat("en", { maximumSignificantDigits: 3 });
const time = new Intl.DateTimeFormat("en", { hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false });
const day = new Intl.DateTimeFormat("en", { year: "numeric", month: "short", day: "numeric" });

export const unknown = "–";

/** @param {number} value */
export const integer = (value) => (Number.isFinite(value) ? whole.format(value) : unknown);
/** @param {number} value */
export const oneDecimal = (value) => (Number.isFinite(value) ? tenth.format(value) : unknown);
/** At most three decimals. @param {number} value */
export const decimal = (value) => (Number.isFinite(value) ? exact.format(value) : unknown);
/** Three significant digits. @param {number} value */
export const figure = (value) => (Number.isFinite(value) ? three.format(value) : unknown);
/** @param {number} n  @param {string} one  @param {string} many */
export const counted = (n, one, many) => `${whole.format(n)} ${n === 1 ? one : many}`;
/** @param {number} value */
export const hex = (value) => `0x${value.toString(16).padStart(4, "0")}`;
/** @param {Date} date */
export const clock = (date) => time.format(date);
/** @param {Date} date */
export const date = (date) => day.format(date);

/** A moment to a thousandth of a second. @param {number} time_s  since the Unix epoch */
export function moment(time_s) {
  if (!Number.isFinite(time_s)) return unknown;
  const ms = Math.round(time_s * 1000);
  return `${clock(new Date(ms))}.${String(ms % 1000).padStart(3, "0")}`;
}

/** @param {number} seconds */
export function elapsed(seconds) {
  const s = Math.max(0, Math.floor(seconds));
  const two = (/** @type {number} */ n) => String(n).padStart(2, "0");
  const hours = Math.floor(s / 3600);
  return `${hours > 0 ? `${hours}:` : ""}${two(Math.floor(s / 60) % 60)}:${two(s % 60)}`;
}

/** How long something lasts, to two figures. @param {number} seconds */
export function longTime(seconds) {
  if (seconds < 7200) return `${counted(Math.floor(seconds / 60), "minute", "minutes")}`;
  if (seconds < 2 * 86_400) return `${counted(Math.floor(seconds / 3600), "hour", "hours")}`;
  return seconds < 1000 * 86_400 ? `${counted(Math.floor(seconds / 86_400), "day", "days")}` : "years";
}

/** @param {number} bytes */
export function bytes(bytes) {
  if (!Number.isFinite(bytes)) return unknown;
  const units = ["B", "kB", "MB", "GB", "TB"];
  const power = Math.min(units.length - 1, bytes >= 1 ? Math.floor(Math.log10(bytes) / 3) : 0);
  return `${three.format(bytes / 1000 ** power)} ${units[power]}`;
}

/** A short time in the unit that suits it. @param {number} ns */
export function duration(ns) {
  if (!Number.isFinite(ns)) return unknown;
  if (ns < 1e3) return `${three.format(ns)} ns`;
  if (ns < 1e6) return `${three.format(ns / 1e3)} µs`;
  return ns < 1e9 ? `${three.format(ns / 1e6)} ms` : `${three.format(ns / 1e9)} s`;
}
