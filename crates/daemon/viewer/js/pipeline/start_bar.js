// What runs: its state, start, stop, restart, presets, a file of one's own.

import { button, element, fillSelect, select, setText } from "../shell/dom.js";
import { text } from "../text/pipeline.js";

/** @type {Record<string, string>} */
const TYPES = { yaml: "application/yaml", yml: "application/yaml", toml: "application/toml", json: "application/json" };

/**
 * @typedef {object} StartActions
 * @property {(query: string, body?: string, type?: string) => void} start
 * @property {() => void} stop
 * @property {() => void} undo
 * @property {(shown: boolean) => void} document
 */

export class StartBar {
  /** @param {StartActions} actions */
  constructor(actions) {
    this.state = element("p", { class: "run-state", role: "status" });
    this.start = button(text.start, text.startHint, () => actions.start(""));
    this.stop = button(text.stop, text.stopHint, actions.stop);
    this.restart = button(text.restart, text.restartHint, () => actions.start(""));
    this.presets = select(text.presets, [], () => this.describe());
    this.about = element("p", { class: "quiet about-preset" });
    this.load = button(text.load, text.loadHint, () => actions.start(`?preset=${encodeURIComponent(this.presets.value)}`));
    this.file = element("input", { type: "file", accept: ".yaml,.yml,.toml,.json", class: "unseen", tabindex: "-1", "aria-hidden": "true" });
    this.choose = button(text.file, text.fileHint, () => this.file.click());
    this.file.addEventListener("change", () => {
      const [chosen] = this.file.files ?? [];
      if (chosen === undefined) return;
      const type = TYPES[chosen.name.split(".").pop() ?? ""] ?? "application/yaml";
      void chosen.text().then((body) => actions.start("", body, type));
      this.file.value = "";
    });
    this.undo = button(text.undo, text.undoHint, actions.undo);
    this.document = element("button", { type: "button", "aria-pressed": "false", title: text.documentHint }, text.document);
    this.document.addEventListener("click", () => {
      const shown = this.document.getAttribute("aria-pressed") !== "true";
      this.document.setAttribute("aria-pressed", String(shown));
      actions.document(shown);
    });
    /** @type {ReadonlyMap<string, import("./catalogue.js").Preset>} */
    this.known = new Map();
    this.root = element(
      "div",
      { class: "controls bar", role: "group", "aria-label": text.running },
      this.state,
      this.start,
      this.stop,
      this.restart,
      element("div", { class: "group" }, this.presets, this.load),
      this.choose,
      this.file,
      this.undo,
      this.document,
      this.about,
    );
  }

  /** @param {import("./catalogue.js").Preset[]} presets */
  list(presets) {
    const chosen = this.presets.value;
    this.known = new Map(presets.map((preset) => [preset.name, preset]));
    fillSelect(this.presets, presets.map(({ name }) => [name, name]));
    if (this.known.has(chosen)) this.presets.value = chosen;
    this.load.disabled = presets.length === 0;
    this.describe();
  }

  describe() {
    const preset = this.known.get(this.presets.value);
    setText(this.about, preset === undefined ? "" : preset.error || preset.description);
    this.about.classList.toggle("wrong", (preset?.error ?? "") !== "");
  }

  /**
   * @param {import("../shell/answers.js").Pipeline} pipeline
   * @param {string} undo  what would be undone; empty for nothing
   */
  show({ state, origin, revision, changes }, undo) {
    setText(this.state, text.runState(state, origin, revision, changes));
    const runs = state === "running" || state === "starting";
    this.start.hidden = runs;
    this.stop.hidden = !runs;
    this.restart.hidden = !runs;
    this.undo.disabled = undo === "";
    const hint = undo === "" ? text.undoHint : text.undoOf(undo);
    this.undo.title = hint;
    this.undo.setAttribute("aria-label", hint);
  }

  /** While an order is carried out, no other is given. @param {boolean} busy */
  setBusy(busy) {
    for (const made of [this.start, this.stop, this.restart, this.load, this.choose]) made.disabled = busy;
  }
}
