// What a topic is for, told from its labels and units: samples to be drawn as traces, or figures for another view.

/** `Fp1@10.0Hz`: one value a channel and frequency, as `psd` names them. */
const FREQUENCY = /^(.*)@(\d+(?:\.\d+)?)Hz$/;
/** `Fp1.alpha`: one value a channel and band or measure. */
const PART = /^(.+)\.([\w-]{1,40})$/;

/**
 * @typedef {"traces" | "spectrum" | "parts"} TopicKind
 *
 * @param {Pick<import("./messages.js").Stream, "channels">} stream
 * @returns {TopicKind}
 */
export function kindOf({ channels }) {
  if (channels.every(({ label }) => FREQUENCY.test(label))) return "spectrum";
  if (channels.every(({ unit }) => /ohm$|Ω$/i.test(unit))) return "parts";
  const potential = channels.some(({ unit }) => /^([munµμ]?V|count|codes?)$/.test(unit));
  if (!potential && channels.every(({ label }) => PART.test(label))) return "parts";
  return "traces";
}

/**
 * A label taken apart: the electrode, and the frequency or part.
 * @param {string} label
 * @returns {{electrode: string, part: string, hz: number}} `hz` is NaN where there is no frequency
 */
export function partsOf(label) {
  const [, electrode = label, part = ""] = FREQUENCY.exec(label) ?? PART.exec(label) ?? [];
  return { electrode, part, hz: FREQUENCY.test(label) ? Number(part) : NaN };
}
