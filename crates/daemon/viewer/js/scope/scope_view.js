// The elements of one scope: header with its controls, labels, plot, scales, readout. No data pass through here.

import { button, element, field, fillNumberSelect, fillSelect, numberSelect, select, setText } from "../shell/dom.js";
import { menu } from "../shell/menu.js";
import { text } from "../text/scope.js";
import { ticks } from "./grid.js";

/**
 * @typedef {object} ScopeActions
 * @property {(perDivision: number) => void} amplitude
 * @property {(step: number) => void} stepAmplitude
 * @property {() => void} auto
 * @property {() => void} toggleDc
 * @property {(mains_hz: number) => void} mains
 * @property {(topic: string | null) => void} behind
 * @property {(key: string | null) => void} channels  asks for the channels' settings, beginning with this one
 * @property {() => void} picture
 * @property {() => void} measure
 * @property {() => void} clear
 */

let serial = 0;

export class ScopeView {
  /**
   * @param {string} topic
   * @param {ScopeActions} actions
   */
  constructor(topic, actions) {
    const id = `scope-${(serial += 1)}`;
    this.topic = topic;
    this.actions = actions;
    this.form = element("p", { class: "form" }, text.waitingForData);
    this.tags = element("p", { class: "tags" });
    this.select = numberSelect(text.amplitude(topic), [], String, actions.amplitude);
    const smaller = button("−", text.smaller, () => actions.stepAmplitude(1));
    const larger = button("+", text.larger, () => actions.stepAmplitude(-1));
    smaller.classList.add("step");
    larger.classList.add("step");
    this.auto = button(text.auto, `${text.auto}: ${text.autoHint}`, actions.auto);
    this.dc = element("button", { type: "button", class: "dc", title: text.dcHint }, text.dcShown);
    this.dc.addEventListener("click", actions.toggleDc);
    this.mains = numberSelect(text.mains(topic), [0, 50, 60], text.mainsOption, actions.mains);
    this.mains.title = text.mainsHint;
    this.behind = select(text.behind(topic), [], (value) => actions.behind(value === "" ? null : value));
    this.behindField = field(text.behindField, this.behind);
    const channels = button(text.channels, `${text.channels}: ${text.channelsHint(topic)}`, () => actions.channels(null));
    const picture = button(text.picture, `${text.picture}: ${text.pictureHint(topic)}`, actions.picture);
    this.labels = element("ol", { class: "labels", "aria-label": text.channelsOf(topic) });
    this.grid = element("canvas", { class: "grid", "aria-hidden": "true" });
    this.traces = element("canvas", { class: "traces", role: "img", "aria-label": topic });
    this.anchor = element("div", { class: "cursor anchor", hidden: "" });
    this.cursor = element("div", { class: "cursor", hidden: "" });
    this.frozen = element("p", { class: "frozen", hidden: "" }, text.frozenTag);
    this.screen = element("div", { class: "screen" }, this.grid, this.traces, this.anchor, this.cursor, this.frozen);
    this.bar = element("span");
    this.division = element("div", { class: "division", title: text.divisionHint }, element("div", {}, this.bar));
    this.ticks = element("div", { class: "ticks", "aria-hidden": "true" });
    this.reading = element("output", { class: "reading", "aria-label": text.cursor });
    this.measure = button(text.measure, `${text.measure}: ${text.measureHint}`, actions.measure);
    this.readout = element(
      "div",
      { class: "readout", hidden: "" },
      this.reading,
      this.measure,
      button(text.clear, `${text.clear}: ${text.clearHint}`, actions.clear),
    );
    this.root = element(
      "section",
      { class: "scope", tabindex: "0", "aria-labelledby": id },
      element(
        "header",
        {},
        element("div", { class: "name" }, element("h2", { id, title: topic }, topic), this.form, this.tags),
        element(
          "div",
          { class: "controls" },
          this.dc,
          menu(text.more, text.moreHint(topic), field(text.mainsField, this.mains), this.behindField, channels, picture),
          element("div", { class: "group" }, smaller, this.select, larger, this.auto),
        ),
      ),
      element("div", { class: "plot" }, this.labels, this.screen, this.division, this.ticks),
      this.readout,
    );
  }

  /**
   * @param {import("../engine/messages.js").Stream} stream
   * @param {string} unit
   * @param {readonly number[]} amplitudes
   */
  showForm(stream, unit, amplitudes) {
    setText(this.form, text.form(stream.channels.length, stream.rate_hz, unit));
    fillNumberSelect(this.select, amplitudes, (value) => text.amplitudeOption(value, unit));
    const { rate_hz } = stream;
    fillNumberSelect(this.mains, [0, 50, 60].filter((hz) => hz < 0.45 * rate_hz), text.mainsOption);
  }

  /** @param {readonly import("./montage.js").Row[]} rows  those that are shown, from the top */
  showLanes(rows) {
    this.labels.replaceChildren(
      ...rows.map(({ key, label, colour, settings }) => {
        const name = element("button", { type: "button", tabindex: "-1", title: label }, settings.inverted ? `${label} ↕` : label);
        name.addEventListener("click", () => this.actions.channels(key));
        return element("li", { class: `trace-${colour + 1}` }, name);
      }),
    );
    this.root.style.setProperty("--lanes", String(rows.length));
    this.root.classList.toggle("crowded", rows.length > 20);
    this.root.classList.toggle("packed", rows.length > 40);
  }

  /**
   * @param {number} perDivision
   * @param {string} unit
   * @param {number} lanes
   * @param {number} seconds
   * @param {"sweep" | "scroll"} motion
   */
  showScales(perDivision, unit, lanes, seconds, motion) {
    this.select.value = String(perDivision);
    setText(this.bar, text.division(perDivision, unit));
    this.traces.setAttribute("aria-label", text.pictureOf(this.topic, lanes, text.amplitudeOption(perDivision, unit), seconds));
    const marks = ticks(seconds, this.screen.clientWidth).map((second) => {
      const mark = element("span", {}, text.seconds(motion === "scroll" ? second - seconds : second));
      mark.style.left = `${(second / seconds) * 100}%`;
      return mark;
    });
    this.ticks.replaceChildren(...marks);
  }

  /** @param {boolean} removed */
  showDc(removed) {
    setText(this.dc, removed ? text.dcRemoved : text.dcShown);
    this.dc.setAttribute("aria-pressed", String(removed));
  }

  /** @param {number} mains_hz */
  showMains(mains_hz) {
    this.mains.value = String(mains_hz);
  }

  /**
   * @param {readonly string[]} topics  that could be behind
   * @param {string | null} chosen
   */
  showBehind(topics, chosen) {
    this.behindField.hidden = topics.length === 0;
    fillSelect(this.behind, [["", text.behindNone], ...topics.map((topic) => /** @type {[string, string]} */ ([topic, text.behindOption(topic)]))]);
    this.behind.value = chosen ?? "";
  }

  /** @param {string[]} tags */
  showTags(tags) {
    setText(this.tags, tags.join(" · "));
  }

  /** A canvas of its own under the traces, for the topic behind. @returns {HTMLCanvasElement} */
  addBehind() {
    const canvas = element("canvas", { class: "behind", "aria-hidden": "true" });
    this.traces.before(canvas);
    return canvas;
  }

  /**
   * Places the cursors and says what they read.
   * @param {number | null} cursor  share of the width; null for none
   * @param {number | null} anchor
   * @param {number} row  lane of the cursor
   * @param {string} words
   */
  showCursor(cursor, anchor, row, words) {
    for (const [line, x] of /** @type {const} */ ([[this.cursor, cursor], [this.anchor, anchor]])) {
      line.hidden = x === null;
      if (x !== null) line.style.left = `${x * 100}%`;
    }
    this.readout.hidden = cursor === null && anchor === null;
    this.measure.hidden = cursor === null;
    setText(this.reading, words);
    [...this.labels.children].forEach((label, i) => label.classList.toggle("read", cursor !== null && i === row));
  }
}
