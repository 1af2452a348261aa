// Plays a recording in place of the running pipeline, and brings that back.

import { button, element, field, select, showDialog } from "../shell/dom.js";
import { ask } from "../shell/http.js";
import { text } from "../text/studies.js";

/** What `playback` reads. */
export const PLAYABLE = /\.(bdf|edf|xdf)$/i;
/** How many times as fast as it was. */
const SPEEDS = [1, 2, 5, 20, 60];

/**
 * The document that shows a recording. What a file holds as codes is shown in microvolts.
 * @param {string} study
 * @param {string} file
 * @param {number} speed
 */
export function documentOf(study, file, speed) {
  const asCodes = /\.(bdf|edf)$/i.test(file);
  return {
    name: file,
    stages: {
      playback: { kind: "playback", params: { path: `studies/${study}/${file}`, speed } },
      ...(asCodes ? { to_voltage: { kind: "to_voltage", inputs: ["playback"], params: {} } } : {}),
      recording: { kind: "websocket_sink", inputs: [asCodes ? "to_voltage" : "playback"], params: { topic: "recording" } },
    },
  };
}

/** @param {unknown} document */
export async function run(document) {
  await ask("/pipeline/start", { method: "POST", body: JSON.stringify(document), long: true });
}

/**
 * Asks whether, and how fast.
 * @param {string} file
 * @returns {Promise<number | null>} the speed; null for no
 */
export function askSpeed(file) {
  return new Promise((answer) => {
    let said = false;
    const speed = select(text.speed, SPEEDS.map((times) => [String(times), text.times(times)]), () => {});
    speed.removeAttribute("aria-label");
    const play = element("button", { class: "primary" }, text.play);
    const form = element(
      "form",
      { method: "dialog" },
      element("h2", { title: file }, file),
      element("p", {}, text.playQuestion),
      field(text.speed, speed, text.speedHint),
      element("div", { class: "controls" }, play, button(text.cancel, text.cancel, () => dialog.close())),
    );
    const dialog = element("dialog", { class: "token", "aria-label": text.playHint(file) }, form);
    form.addEventListener("submit", () => void (said = true));
    dialog.addEventListener("close", () => answer(said ? Number(speed.value) : null));
    showDialog(dialog);
  });
}
