// The view of recordings: begin and end one, set markers, look at those that are past.

import { confirmed } from "../shell/confirm.js";
import { button, element, field, setText } from "../shell/dom.js";
import { ask, request, sentenceOf, token } from "../shell/http.js";
import { text } from "../text/studies.js";
import { Markers } from "./markers.js";
import { beginStudy, endStudy, fetchStudies, fileAddress, recordsStudies } from "./studies.js";

const LOOK_EVERY_MS = 5000;
/** What `playback` reads. */
const PLAYABLE = /\.(bdf|edf|xdf)$/i;

/** @typedef {import("./studies.js").Study} Study */

export class StudiesView {
  /**
   * @param {import("../shell/daemon.js").Daemon} daemon
   * @param {import("../shell/settings.js").Settings} settings
   */
  constructor(daemon, settings) {
    this.daemon = daemon;
    this.settings = settings;
    this.markers = new Markers(daemon, settings);
    /** @type {[string, string][]} */
    this.keyList = [];
    this.shown = false;
    this.available = false;
    /** @type {Study | null} */
    this.current = null;
    this.state = element("p", { class: "record-state", role: "status" });
    this.inputs = {
      participant: element("input", { type: "text", required: "", autocomplete: "off", pattern: "[A-Za-z0-9]+" }),
      task: element("input", { type: "text", required: "", autocomplete: "off", pattern: "[A-Za-z0-9]+" }),
      notes: element("textarea", { rows: "2" }),
    };
    for (const [name, input] of Object.entries(this.inputs)) input.value = settings.study[name] ?? "";
    this.press = element("button", { class: "record" }, text.record);
    this.form = element(
      "form",
      { class: "study-form" },
      field(text.participant, this.inputs.participant, text.participantHint),
      field(text.task, this.inputs.task, text.taskHint),
      field(text.notes, this.inputs.notes),
      this.press,
    );
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.toggle();
    });
    this.past = element("ul", { class: "studies" });
    this.said = element("p", { class: "message", role: "alert", hidden: "" });
    this.root = element(
      "div",
      { class: "view studies-view" },
      this.said,
      element(
        "div",
        { class: "studies-body" },
        element("section", { class: "panel", "aria-label": text.form }, element("h2", {}, text.form), this.state, this.form),
        this.markers.root,
        element("section", { class: "panel", "aria-label": text.past }, element("h2", {}, text.past), this.past),
      ),
    );
    setInterval(() => {
      if (this.shown && !document.hidden) this.showState();
    }, 500);
    setInterval(() => {
      if (this.shown && !document.hidden) void this.look();
    }, LOOK_EVERY_MS);
  }

  async load() {
    this.available = await recordsStudies();
    this.form.hidden = !this.available;
    return this;
  }

  get keys() {
    return { M: () => this.markers.free.focus() };
  }

  /** @param {boolean} shown */
  setShown(shown) {
    this.shown = shown;
    if (shown) void this.look();
  }

  async look() {
    if (!this.available) return this.showState();
    try {
      const studies = await fetchStudies();
      this.current = studies.find(({ recording }) => recording) ?? null;
      this.list(studies);
    } catch (error) {
      this.say(sentenceOf(error), "bad");
    }
    this.showState();
  }

  showState() {
    const { current, available, press } = this;
    const seconds = (Date.now() + (this.daemon.clock.offset_ms || 0) - (current?.started_ns ?? 0) / 1e6) / 1000;
    press.classList.toggle("on", current !== null);
    setText(press, current === null ? text.record : text.stop);
    const now = current === null ? text.notRecording : `${text.recordingOf(current.participant, current.task)} ${text.recording(seconds)}`;
    setText(this.state, available ? now : text.notAvailable);
    for (const input of Object.values(this.inputs)) input.disabled = current !== null;
  }

  async toggle() {
    this.press.disabled = true;
    this.say(text.working, "good");
    try {
      if (this.current === null) {
        const form = { participant: this.inputs.participant.value.trim(), task: this.inputs.task.value.trim(), notes: this.inputs.notes.value.trim() };
        this.settings.set({ study: form });
        const begun = await beginStudy(form);
        this.say(text.begun(begun.study), "good");
      } else {
        this.say(text.ended((await endStudy()).study), "good");
      }
    } catch (error) {
      this.say(sentenceOf(error), "bad");
    }
    this.press.disabled = false;
    await this.look();
  }

  /** @param {Study[]} studies */
  list(studies) {
    const items = studies.map((study) => this.item(study));
    this.past.replaceChildren(...(items.length > 0 ? items : [element("li", { class: "quiet" }, text.none)]));
  }

  /** @param {Study} study */
  item({ study, participant, task, notes, started_ns, stopped_ns, files }) {
    return element(
      "li",
      {},
      element("h3", { title: study }, `${participant} · ${task}`),
      element("p", { class: "quiet" }, text.when(started_ns, stopped_ns)),
      ...(notes === "" ? [] : [element("p", {}, notes)]),
      element(
        "ul",
        { class: "files" },
        ...files.map((file) => {
          const link = element("a", { href: fileAddress(study, file), download: file, "aria-label": text.download(file) }, file);
          link.addEventListener("click", (event) => {
            // A link cannot carry the token.
            if (token.value === null) return;
            event.preventDefault();
            void this.download(study, file);
          });
          const play = PLAYABLE.test(file) ? [button(text.play, text.playHint(file), () => void this.play(study, file))] : [];
          return element("li", {}, link, ...play);
        }),
      ),
    );
  }

  /** @param {string} study @param {string} file */
  async download(study, file) {
    try {
      const blob = await (await request(fileAddress(study, file), { long: true })).blob();
      const address = URL.createObjectURL(blob);
      element("a", { href: address, download: file }).click();
      setTimeout(() => URL.revokeObjectURL(address), 60_000);
    } catch (error) {
      this.say(sentenceOf(error), "bad");
    }
  }

  /** @param {string} study @param {string} file */
  async play(study, file) {
    if (!(await confirmed(text.playQuestion, text.playYes))) return;
    const document = {
      name: file,
      stages: {
        playback: { kind: "playback", params: { path: `studies/${study}/${file}` } },
        recording: { kind: "websocket_sink", inputs: ["playback"], params: { topic: "recording" } },
      },
    };
    try {
      await ask("/pipeline/start", { method: "POST", body: JSON.stringify(document), long: true });
      location.hash = "scope";
      await this.daemon.ask();
    } catch (error) {
      this.say(sentenceOf(error), "bad");
    }
  }

  /** @param {string} words @param {"good" | "bad"} level */
  say(words, level) {
    setText(this.said, words);
    this.said.dataset.level = level;
    this.said.hidden = words === "";
  }
}
