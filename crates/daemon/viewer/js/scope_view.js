// The elements of one scope: header with its controls, labels, plot, scales. No data pass through here.

import { element, fillNumberSelect, numberSelect, setText } from "./dom.js";
import { ticks } from "./grid.js";
import { text } from "./text.js";

/**
 * @typedef {object} ScopeActions
 * @property {(perDivision: number) => void} amplitude
 * @property {(step: number) => void} stepAmplitude
 * @property {() => void} auto
 * @property {() => void} toggleDc
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
    this.form = element("p", { class: "form" }, text.waitingForData);
    this.tags = element("p", { class: "tags" });
    this.select = numberSelect(text.amplitude(topic), [], String, actions.amplitude);
    const smaller = button("−", text.smaller, () => actions.stepAmplitude(1));
    const larger = button("+", text.larger, () => actions.stepAmplitude(-1));
    smaller.classList.add("step");
    larger.classList.add("step");
    this.auto = button(text.auto, text.autoHint, actions.auto);
    this.auto.setAttribute("aria-label", `${text.auto}: ${text.autoHint}`);
    this.dc = button("", text.dcHint, actions.toggleDc);
    this.dc.removeAttribute("aria-label");
    this.dc.classList.add("dc");
    this.labels = element("ol", { class: "labels", "aria-label": text.channelsOf(topic) });
    this.grid = element("canvas", { class: "grid", "aria-hidden": "true" });
    this.traces = element("canvas", { class: "traces", role: "img" });
    this.edge = element("div", { class: "edge", hidden: "" });
    this.frozen = element("p", { class: "frozen", hidden: "" }, text.frozenTag);
    this.screen = element("div", { class: "screen" }, this.grid, this.traces, this.edge, this.frozen);
    this.bar = element("span");
    this.division = element("div", { class: "division", title: text.divisionHint }, element("div", {}, this.bar));
    this.ticks = element("div", { class: "ticks", "aria-hidden": "true" });
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
          element("div", { class: "group" }, smaller, this.select, larger, this.auto),
        ),
      ),
      element("div", { class: "plot" }, this.labels, this.screen, this.division, this.ticks),
    );
  }

  /**
   * @param {import("./messages.js").Stream} stream
   * @param {string} unit
   * @param {readonly number[]} amplitudes
   */
  showForm(stream, unit, amplitudes) {
    const n = stream.channels.length;
    setText(this.form, text.form(n, stream.rate_hz, unit));
    this.labels.replaceChildren(
      ...stream.channels.map((channel, i) =>
        element(
          "li",
          { title: channel.label, class: `trace-${(i % 8) + 1}` },
          element("span", {}, channel.label),
        ),
      ),
    );
    this.root.style.setProperty("--lanes", String(n));
    this.root.classList.toggle("crowded", n > 20);
    fillNumberSelect(this.select, amplitudes, (value) => text.amplitudeOption(value, unit));
  }

  /**
   * @param {number} perDivision
   * @param {string} unit
   * @param {number} channels
   * @param {number} seconds
   */
  showScales(perDivision, unit, channels, seconds) {
    this.select.value = String(perDivision);
    setText(this.bar, text.division(perDivision, unit));
    this.traces.setAttribute(
      "aria-label",
      text.picture(this.topic, channels, text.amplitudeOption(perDivision, unit), seconds),
    );
    const marks = ticks(seconds, this.screen.clientWidth).map((second) => {
      const mark = element("span", {}, text.seconds(second));
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

  /** @param {string[]} tags */
  showTags(tags) {
    setText(this.tags, tags.join(" · "));
  }

  /**
   * Moves the line at the drawing edge.
   * @param {number} x  CSS pixels
   */
  showEdge(x) {
    this.edge.hidden = false;
    this.edge.style.transform = `translateX(${x}px)`;
  }
}

/**
 * @param {string} label
 * @param {string} hint
 * @param {() => void} pressed
 */
function button(label, hint, pressed) {
  const made = element("button", { type: "button", title: hint, "aria-label": hint }, label);
  made.addEventListener("click", pressed);
  return made;
}
