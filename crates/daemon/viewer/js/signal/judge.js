// Whether an electrode is good, by what the daemon's stages say of it.

/** kOhm: what a lab accepts without a word, and what it does not accept. */
const FINE_KOHM = 20;
const BAD_KOHM = 100;
/** Part of the power that is mains. */
const MUCH_MAINS = 0.5;

/**
 * @typedef {{railed: number, flat: number, off: number, mains: number, kohm: number}} Measured  NaN for what is not measured
 * @typedef {"off" | "railed" | "flat" | "mains" | "impedance"} Why
 * @typedef {{state: "good" | "note" | "bad" | "unknown", why: Why | null}} Judgement
 *
 * @param {Measured} measured
 * @returns {Judgement}
 */
export function judge({ railed, flat, off, mains, kohm }) {
  if (off >= 0.5) return { state: "bad", why: "off" };
  if (railed > 0) return { state: "bad", why: "railed" };
  if (flat >= 0.5) return { state: "bad", why: "flat" };
  if (kohm >= BAD_KOHM) return { state: "bad", why: "impedance" };
  if (kohm >= FINE_KOHM) return { state: "note", why: "impedance" };
  if (mains >= MUCH_MAINS) return { state: "note", why: "mains" };
  const known = [railed, flat, off, mains, kohm].some(Number.isFinite);
  return { state: known ? "good" : "unknown", why: null };
}
