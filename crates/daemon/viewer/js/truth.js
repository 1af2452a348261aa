// The truth bar: how the pipeline and the connection are, what came of each topic and what did not, in figures.

import { element, setText } from "./dom.js";
import { text } from "./text.js";

/** @typedef {import("./topic.js").Topic} Topic */

const FIGURES = /** @type {const} */ (["rate", "measured", "packets", "lost", "lagged"]);

export class TruthBar {
  constructor() {
    this.sentence = element("p", { class: "sentence", role: "status" });
    this.connection = element("dd");
    this.pipeline = element("dd");
    this.topics = element("ul", { class: "accounts" });
    /** @type {Map<string, Map<string, HTMLElement>>} */
    this.cells = new Map();
    this.root = element(
      "footer",
      { class: "truth", "aria-label": text.truth },
      this.sentence,
      element(
        "dl",
        { class: "states" },
        element("div", {}, element("dt", {}, text.pipeline), this.pipeline),
        element("div", {}, element("dt", {}, text.connection), this.connection),
      ),
      this.topics,
    );
  }

  /** @param {import("./verdict.js").Verdict} verdict */
  showVerdict({ level, sentence }) {
    setText(this.sentence, sentence);
    if (this.root.dataset.level !== level) this.root.dataset.level = level;
  }

  /**
   * @param {string} connection
   * @param {import("./messages.js").Pipeline | null} pipeline
   */
  showStates(connection, pipeline) {
    setText(this.connection, text.connectionState(connection));
    const state = pipeline === null ? text.unknown : text.pipelineState(pipeline.state);
    setText(this.pipeline, pipeline === null || pipeline.name === "" ? state : `${pipeline.name}, ${state.toLowerCase()}`);
  }

  /** @param {readonly Topic[]} topics */
  listTopics(topics) {
    this.cells.clear();
    this.topics.replaceChildren(
      ...topics.map((topic) => {
        const cells = new Map(FIGURES.map((figure) => [figure, element("dd", { "data-figure": figure })]));
        this.cells.set(topic.name, cells);
        const figures = [...cells].map(([figure, cell]) => element("div", {}, element("dt", {}, text[figure]), cell));
        return element(
          "li",
          { "data-topic": topic.name },
          element("h3", { title: topic.name }, topic.name),
          element("dl", {}, ...figures),
        );
      }),
    );
  }

  /** @param {Topic} topic */
  showTopic(topic) {
    const cells = this.cells.get(topic.name);
    if (cells === undefined) return;
    const { rate_hz } = topic.meter;
    const rate = topic.stream === null ? text.unknown : text.hertz(topic.stream.rate_hz);
    /** @type {Record<(typeof FIGURES)[number], string>} */
    const shown = {
      rate,
      measured: Number.isNaN(rate_hz) ? text.unknown : text.hertzMeasured(rate_hz),
      packets: text.count(topic.packets),
      lost: text.count(topic.lost),
      lagged: text.count(topic.lagged),
    };
    for (const figure of FIGURES) {
      const cell = cells.get(figure);
      if (cell !== undefined) setText(cell, shown[figure]);
    }
    cells.get("lost")?.classList.toggle("wrong", topic.lost > 0);
    cells.get("lagged")?.classList.toggle("wrong", topic.lagged > 0);
  }
}
