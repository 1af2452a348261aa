// What a view shows when the pipeline makes no figures for it: why, and a button that changes that.

import { button, element, setText } from "../shell/dom.js";
import { ask, sentenceOf } from "../shell/http.js";

/** @typedef {{kind: string, topic: string, params?: Record<string, unknown>}} Wanted */

/**
 * @param {import("../shell/daemon.js").Daemon} daemon
 * @param {{none: string, add: string, addHint: string}} text
 * @param {Wanted[]} wanted
 * @param {"first" | "last"} where  behind what feeds the first topic, or the last
 */
export function offer(daemon, text, wanted, where) {
  const complaint = element("p", { class: "wrong", role: "alert" });
  const add = async () => {
    try {
      await ask("/pipeline", { method: "PATCH", body: JSON.stringify(additions(daemon.pipeline, wanted, where)), long: true });
      await daemon.ask();
    } catch (error) {
      setText(complaint, sentenceOf(error));
    }
  };
  return element("div", { class: "panel offer" }, element("p", {}, text.none), button(text.add, `${text.add}: ${text.addHint}`, () => void add()), complaint);
}

/**
 * @param {import("../shell/answers.js").Pipeline | null} pipeline
 * @param {Wanted[]} wanted
 * @param {"first" | "last"} where
 */
export function additions(pipeline, wanted, where) {
  const stages = pipeline?.stages ?? new Map();
  const figures = /^(psd|spectrogram|band_power|quality|impedance)$/;
  const feeding = [...stages.values()]
    .filter(({ kind, inputs }) => kind === "websocket_sink" && !figures.test(stages.get(inputs[0])?.kind ?? ""))
    .map(({ inputs }) => inputs[0]);
  const after = where === "first" ? feeding[0] : feeding[feeding.length - 1];
  const free = (/** @type {string} */ name) => {
    let id = name;
    for (let n = 2; stages.has(id); n++) id = `${name}_${n}`;
    return id;
  };
  return wanted.flatMap(({ kind, topic, params = {} }) => {
    const [id, out] = [free(kind), free(`${kind}_out`)];
    return [
      { op: "add", path: `/stages/${id}`, value: { kind, inputs: after === undefined ? [] : [after], params } },
      { op: "add", path: `/stages/${out}`, value: { kind: "websocket_sink", inputs: [id], params: { topic } } },
    ];
  });
}
