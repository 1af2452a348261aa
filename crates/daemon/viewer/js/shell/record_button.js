// The button that begins and ends a recording, in reach on every view: says whether, and for how long.

import { text } from "../text/shell.js";
import { element, setText } from "./dom.js";

/**
 * @param {import("./daemon.js").Daemon} daemon
 * @param {() => void} pressed
 */
export function recordButton(daemon, pressed) {
  const made = element("button", { type: "button", class: "record-button" });
  made.addEventListener("click", pressed);
  const show = () => {
    const study = daemon.recording?.study ?? null;
    made.classList.toggle("on", study !== null);
    setText(made, study === null ? text.record : text.recordingFor((daemon.now_ms - study.started_ns / 1e6) / 1000));
    const name = study === null ? text.recordHint : text.stopHint(study.participant, study.task);
    if (made.title !== name) made.title = name;
    // What is seen changes every second; what is read out does not.
    if (made.getAttribute("aria-label") !== name) made.setAttribute("aria-label", name);
  };
  daemon.on("recording", show);
  setInterval(show, 500);
  show();
  return made;
}
