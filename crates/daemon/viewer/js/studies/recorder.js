// Begins and ends the recording of a study: one form, wherever it is shown, and a question before the end.

import { confirmed } from "../shell/confirm.js";
import { element, field, showDialog, button } from "../shell/dom.js";
import { sentenceOf } from "../shell/http.js";
import { text } from "../text/studies.js";
import { beginStudy, endStudy } from "./studies.js";

/** What is computed from the signal for the eye, at a rate of its own: nothing to record beside it. */
const FIGURES = /^(psd|spectrogram|band_power|quality|impedance)$/;

export class StudyForm {
  /**
   * @param {import("../shell/daemon.js").Daemon} daemon
   * @param {import("../shell/settings.js").Settings} settings
   * @param {HTMLElement[]} last  what stands below the fields
   */
  constructor(daemon, settings, last) {
    this.daemon = daemon;
    this.settings = settings;
    this.inputs = {
      participant: element("input", { type: "text", required: "", autocomplete: "off", spellcheck: "false", maxlength: "32", pattern: "[A-Za-z0-9]+" }),
      task: element("input", { type: "text", required: "", autocomplete: "off", spellcheck: "false", maxlength: "32", pattern: "[A-Za-z0-9]+" }),
      notes: element("textarea", { rows: "2" }),
    };
    for (const [name, input] of Object.entries(this.inputs)) input.value = settings.study[name] ?? "";
    /** @type {Map<string, HTMLInputElement>} */
    this.stages = new Map();
    this.more = element("fieldset", {}, element("legend", {}, text.also));
    this.fields = element(
      "div",
      { class: "study-form" },
      field(text.participant, this.inputs.participant, text.participantHint),
      field(text.task, this.inputs.task, text.taskHint),
      field(text.notes, this.inputs.notes),
      this.more,
    );
    this.root = element(
      "form",
      { class: "study-form", method: "dialog" },
      this.fields,
      ...last,
    );
    this.listStages();
  }

  /** Stages whose output can be recorded beside that of the sources. */
  listStages() {
    const { pipeline } = this.daemon;
    const ids = [...(pipeline?.stages ?? [])].filter(([id, { kind }]) => pipeline?.status.get(id)?.role === "transform" && !FIGURES.test(kind)).map(([id]) => id);
    if (ids.join() === [...this.stages.keys()].join()) return;
    const chosen = new Set([...this.stages].filter(([, { checked }]) => checked).map(([id]) => id));
    this.stages = new Map(ids.map((id) => [id, element("input", { type: "checkbox" })]));
    for (const [id, box] of this.stages) box.checked = chosen.has(id);
    this.more.hidden = ids.length === 0;
    this.more.replaceChildren(
      element("legend", {}, text.also),
      ...[...this.stages].map(([id, box]) => element("label", { class: "check" }, box, element("span", { title: id }, id))),
    );
  }

  /** While something is recorded there is nothing to fill in. @param {boolean} filled */
  setFilled(filled) {
    this.fields.hidden = filled;
    // What is hidden must not hold up the button.
    for (const input of Object.values(this.inputs)) input.disabled = filled;
  }

  /**
   * Begins.
   * @returns {Promise<string>} the study's name
   */
  async begin() {
    const { participant, task, notes } = this.inputs;
    const study = { participant: participant.value.trim(), task: task.value.trim(), notes: notes.value.trim() };
    this.settings.set({ study });
    const record = [...this.stages].filter(([, { checked }]) => checked).map(([id]) => id);
    const begun = await beginStudy({ ...study, record });
    await this.daemon.askRecording();
    return begun.study;
  }
}

/**
 * Ends what is recorded, once that was meant.
 * @param {import("../shell/daemon.js").Daemon} daemon
 * @returns {Promise<string>} the study's name; empty when it goes on
 */
export async function endRecording(daemon) {
  const study = daemon.recording?.study ?? null;
  if (study === null || !(await confirmed(text.stopQuestion(study.participant, study.task), text.stop))) return "";
  const ended = await endStudy();
  await daemon.askRecording();
  return ended.study;
}

/**
 * The button of the head was pressed.
 * @param {import("../shell/daemon.js").Daemon} daemon
 * @param {import("../shell/settings.js").Settings} settings
 * @param {(words: string) => void} said  told what came of it
 */
export async function pressed(daemon, settings, said) {
  if ((daemon.recording?.study ?? null) === null) return showForm(daemon, settings, said);
  try {
    const ended = await endRecording(daemon);
    if (ended !== "") said(text.ended(ended));
  } catch (error) {
    said(sentenceOf(error));
  }
}

/**
 * @param {import("../shell/daemon.js").Daemon} daemon
 * @param {import("../shell/settings.js").Settings} settings
 * @param {(words: string) => void} said
 */
function showForm(daemon, settings, said) {
  const complaint = element("p", { class: "complaint", role: "alert" });
  const record = element("button", { class: "primary" }, text.record);
  const form = new StudyForm(daemon, settings, [complaint, element("div", { class: "controls" }, record, button(text.cancel, text.cancel, () => dialog.close()))]);
  form.root.prepend(element("h2", {}, text.form));
  const dialog = element("dialog", { class: "token", "aria-label": text.form }, form.root);
  form.root.addEventListener("submit", (event) => {
    event.preventDefault();
    record.disabled = true;
    form.begin().then(
      (study) => {
        dialog.close();
        said(text.begun(study));
      },
      (error) => {
        record.disabled = false;
        complaint.textContent = sentenceOf(error);
      },
    );
  });
  showDialog(dialog);
  form.inputs.participant.focus();
}
