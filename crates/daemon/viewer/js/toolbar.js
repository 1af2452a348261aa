// The page's head: name of the pipeline, and what holds for all scopes together.

import { SECONDS } from "./amplitude.js";
import { element, numberSelect, setText } from "./dom.js";
import { text } from "./text.js";

export class Toolbar {
  /**
   * @param {{seconds: (seconds: number) => void, freeze: () => void}} actions
   */
  constructor(actions) {
    this.pipeline = element("p", { class: "pipeline" });
    this.seconds = numberSelect(text.secondsPerScreen, SECONDS, text.secondsOption, actions.seconds);
    this.freeze = element("button", { type: "button", title: text.freezeHint, "aria-pressed": "false" }, text.freeze);
    this.freeze.addEventListener("click", actions.freeze);
    const keys = text.keyList.map(([key, what]) =>
      element("div", {}, element("dt", {}, element("kbd", {}, key)), element("dd", {}, what)),
    );
    this.root = element(
      "header",
      { class: "top" },
      element("div", { class: "brand" }, element("h1", {}, text.product), this.pipeline),
      element("dl", { class: "keys", "aria-label": text.keys }, ...keys),
      element("div", { class: "controls", role: "group", "aria-label": text.toolbar }, this.seconds, this.freeze),
    );
  }

  /** @param {import("./messages.js").Pipeline | null} pipeline */
  showPipeline(pipeline) {
    const name = pipeline?.name ?? "";
    setText(this.pipeline, name);
    if (document.title !== text.title(name)) document.title = text.title(name);
  }

  /** @param {number} seconds */
  showSeconds(seconds) {
    this.seconds.value = String(seconds);
  }

  /** @param {boolean} frozen */
  showFrozen(frozen) {
    setText(this.freeze, frozen ? text.unfreeze : text.freeze);
    this.freeze.setAttribute("aria-pressed", String(frozen));
  }
}
