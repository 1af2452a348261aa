// The view of recordings: begin and end one, set markers, look at those that are past.

import { button, element, setText } from "../shell/dom.js";
import { request, sentenceOf, token } from "../shell/http.js";
import { bytesOf } from "../shell/recording.js";
import { text } from "../text/studies.js";
import { Markers } from "./markers.js";
import { askSpeed, documentOf, PLAYABLE, run } from "./playing.js";
import { endRecording, StudyForm } from "./recorder.js";
import { fetchStudies, fileAddress } from "./studies.js";

const LOOK_EVERY_MS = 5000;

/** @typedef {import("../shell/recording.js").Study} Study */

export class StudiesView {
  /**
   * @param {import("../shell/daemon.js").Daemon} daemon
   * @param {import("../shell/settings.js").Settings} settings
   */
  constructor(daemon, settings) {
    this.daemon = daemon;
    this.markers = new Markers(daemon, settings);
    /** @type {[string, string][]} */
    this.keyList = [];
    this.shown = false;
    /** What the list shows now, to leave it alone while nothing changes. */
    this.listed = "";
    /** What ran before a recording was played. @type {Record<string, unknown> | null} */
    this.before = null;
    this.state = element("p", { class: "record-state", role: "status" });
    this.title = element("h2", {}, text.form);
    this.notes = element("p", { class: "notes" });
    this.room = element("p", { class: "quiet" });
    this.press = element("button", { class: "record" }, text.record);
    this.form = new StudyForm(daemon, settings, [this.press]);
    this.form.root.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.toggle();
    });
    this.past = element("ul", { class: "studies" });
    this.said = element("p", { class: "message", role: "alert", hidden: "" });
    this.back = element("button", { type: "button", hidden: "" });
    this.back.addEventListener("click", () => void this.goBack());
    this.root = element(
      "div",
      { class: "view studies-view" },
      this.said,
      element(
        "div",
        { class: "studies-body" },
        element("section", { class: "panel", "aria-label": text.form }, this.title, this.state, this.notes, this.room, this.form.root),
        this.markers.root,
        element("section", { class: "panel", "aria-label": text.past }, element("h2", {}, text.past), this.back, this.past),
      ),
    );
    daemon.on("recording", () => this.showState());
    daemon.on("pipeline", () => this.form.listStages());
    setInterval(() => {
      if (this.shown && !document.hidden) this.showState();
    }, 500);
    setInterval(() => {
      if (this.shown && !document.hidden) void this.look();
    }, LOOK_EVERY_MS);
  }

  get keys() {
    return { M: () => this.markers.free.focus() };
  }

  /** @param {boolean} shown */
  setShown(shown) {
    this.shown = shown;
    if (shown) void this.look();
  }

  get current() {
    return this.daemon.recording?.study ?? null;
  }

  async look() {
    try {
      await this.daemon.askRecording();
      this.list(await fetchStudies());
    } catch {
      // The truth bar tells of a connection that is lost.
    }
    this.showState();
  }

  showState() {
    if (!this.shown) return;
    const { current, press, daemon } = this;
    const { free_bytes, total_bytes } = daemon.recording ?? { free_bytes: NaN, total_bytes: NaN };
    press.classList.toggle("on", current !== null);
    setText(press, current === null ? text.record : text.stop);
    if (current === null) {
      setText(this.state, text.notRecording);
      setText(this.room, text.room(free_bytes, total_bytes, NaN));
    } else {
      const seconds = (daemon.now_ms - current.started_ns / 1e6) / 1000;
      const size = bytesOf(current.files);
      setText(this.state, text.recordingOf(current.participant, current.task, seconds, size));
      // At the pace so far; in the first seconds a file is mostly its header.
      setText(this.room, text.room(free_bytes, total_bytes, seconds > 10 ? free_bytes / (size / seconds) : NaN));
    }
    this.form.setFilled(current !== null);
    setText(this.title, current === null ? text.form : text.now);
    setText(this.notes, current?.notes ?? "");
    for (const play of this.past.querySelectorAll("button")) play.disabled = current !== null;
    const name = this.before?.name;
    this.back.hidden = this.before === null;
    setText(this.back, text.back(typeof name === "string" ? name : ""));
  }

  async toggle() {
    this.press.disabled = true;
    this.say("", "good");
    try {
      if (this.current === null) {
        this.say(text.begun(await this.form.begin()), "good");
      } else {
        const ended = await endRecording(this.daemon);
        if (ended !== "") this.say(text.ended(ended), "good");
      }
    } catch (error) {
      this.say(sentenceOf(error), "bad");
    }
    this.press.disabled = false;
    await this.look();
  }

  /** @param {Study[]} studies */
  list(studies) {
    const past = studies.filter(({ study }) => study !== this.current?.study);
    const listed = JSON.stringify(past);
    if (listed === this.listed) return;
    this.listed = listed;
    const items = past.map((study) => this.item(study));
    this.past.replaceChildren(...(items.length > 0 ? items : [element("li", { class: "quiet" }, text.none)]));
  }

  /** @param {Study} study */
  item({ study, participant, task, notes, started_ns, stopped_ns, complete, files }) {
    const when = text.when(started_ns, stopped_ns);
    return element(
      "li",
      {},
      element("h3", { title: study }, `${participant} · ${task}`),
      element("p", { class: "quiet" }, complete ? when : text.interrupted(when)),
      ...(notes === "" ? [] : [element("p", { class: "notes" }, notes)]),
      element(
        "ul",
        { class: "files" },
        ...files.map(({ name, bytes }) => {
          const link = element("a", { href: fileAddress(study, name), download: name, "aria-label": text.download(name) }, name);
          link.addEventListener("click", (event) => {
            // A link cannot carry the token.
            if (token.value === null) return;
            event.preventDefault();
            void this.download(study, name);
          });
          const play = PLAYABLE.test(name) ? [button(text.play, text.playHint(name), () => void this.play(study, name))] : [];
          return element("li", {}, link, element("span", { class: "quiet" }, text.bytes(bytes)), ...play);
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
    const speed = await askSpeed(file);
    if (speed === null) return;
    const before = this.daemon.pipeline?.config ?? null;
    try {
      await run(documentOf(study, file, speed));
      this.before ??= before;
      this.say("", "good");
      location.hash = "scope";
      await this.daemon.ask();
    } catch (error) {
      this.say(sentenceOf(error), "bad");
    }
  }

  /** What ran before it was played runs again. */
  async goBack() {
    this.back.disabled = true;
    try {
      await run(this.before);
      this.before = null;
      this.say(text.isBack, "good");
      await this.daemon.ask();
    } catch (error) {
      this.say(sentenceOf(error), "bad");
    }
    this.back.disabled = false;
    this.showState();
  }

  /** @param {string} words @param {"good" | "bad"} level */
  say(words, level) {
    setText(this.said, words);
    this.said.dataset.level = level;
    this.said.hidden = words === "";
  }
}
