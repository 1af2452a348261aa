// The raw document beside the graph: the merged one, as JSON. What is typed is checked as a whole and replaces it.

import { button, element, setText } from "../shell/dom.js";
import { text } from "../text/pipeline.js";

export class DocumentPanel {
  /** @param {(document: unknown) => void} apply */
  constructor(apply) {
    this.area = element("textarea", { spellcheck: "false", "aria-label": text.document, rows: "24" });
    this.complaint = element("p", { class: "complaint", role: "alert" });
    this.shown = "";
    this.area.addEventListener("input", () => this.mark());
    this.apply = button(text.apply, text.applyHint, () => {
      try {
        apply(JSON.parse(this.area.value));
      } catch (error) {
        setText(this.complaint, text.documentNotJson(error instanceof Error ? error.message : ""));
      }
    });
    this.revert = button(text.revert, text.revertHint, () => {
      this.area.value = this.shown;
      this.mark();
    });
    this.root = element(
      "section",
      { class: "document panel", "aria-label": text.document },
      element("h2", {}, text.document),
      this.area,
      this.complaint,
      element("div", { class: "controls" }, this.apply, this.revert),
    );
    this.mark();
  }

  get changed() {
    return this.area.value !== this.shown;
  }

  mark() {
    this.apply.disabled = !this.changed;
    this.revert.disabled = !this.changed;
    setText(this.complaint, "");
  }

  /** Shows another document, unless this one is being edited. @param {unknown} document */
  show(document) {
    const words = JSON.stringify(document, null, 2);
    if (words === this.shown) return;
    const mayReplace = !this.changed || words === this.area.value;
    this.shown = words;
    if (mayReplace) this.area.value = words;
    this.apply.disabled = !this.changed;
    this.revert.disabled = !this.changed;
  }

  /** @param {string} words */
  complain(words) {
    setText(this.complaint, words);
  }
}
