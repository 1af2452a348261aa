// The view of the signal's quality: a head with its electrodes, and a table with figures.

import { drawing, element, setText } from "../shell/dom.js";
import { Figures } from "../spectra/figures.js";
import { offer } from "../spectra/offer.js";
import { text } from "../text/signal.js";
import { judge } from "./judge.js";
import { positionOf } from "./positions.js";

const PARTS = /** @type {const} */ (["railed", "flat", "off", "mains"]);
const SIGNS = { good: "✓", note: "!", bad: "✕", unknown: "?" };

export class SignalView {
  /** @param {import("../shell/daemon.js").Daemon} daemon */
  constructor(daemon) {
    this.daemon = daemon;
    /** @type {Map<string, Figures>} */
    this.figures = new Map();
    this.shown = false;
    this.keys = {};
    /** @type {[string, string][]} */
    this.keyList = [];
    this.summary = element("p", { class: "summary", role: "status" });
    this.head = drawing("svg", { class: "head", viewBox: "-1.3 -1.3 2.6 2.6", role: "img" });
    this.table = element("tbody");
    const heads = [text.electrode, text.state, text.impedance, text.railed, text.flat, text.off, text.mains];
    this.offer = offer(daemon, text, [{ kind: "quality", topic: "quality" }], "first");
    this.body = element(
      "div",
      { class: "signal-body" },
      element("section", { class: "panel", "aria-label": text.head }, element("h2", {}, text.head), this.summary, this.head),
      element(
        "section",
        { class: "panel", "aria-label": text.table },
        element("h2", {}, text.table),
        element(
          "div",
          { class: "scrolled", tabindex: "0", role: "group", "aria-label": text.table },
          element("table", {}, element("thead", {}, element("tr", {}, ...heads.map((name) => element("th", { scope: "col" }, name)))), this.table),
        ),
      ),
    );
    this.root = element("div", { class: "view signal-view" }, this.offer, this.body);
    daemon.streams.forEach((told) => this.take(told));
    daemon.on("stream", (told) => this.take(told));
    daemon.on("values", ({ topic, values, frames }) => {
      this.figures.get(topic)?.append(values, frames);
      this.show();
    });
    daemon.on("topics", () => this.show());
  }

  /** @param {import("../engine/engine.js").FromEngine & {type: "stream"}} told */
  take({ stream, kind }) {
    const isOurs = kind === "parts" && stream.channels.every(({ label, unit }) => /\.(railed|flat|off|mains)$/.test(label) || /ohm$|Ω$/i.test(unit));
    if (isOurs) this.figures.set(stream.topic, new Figures(stream));
    else this.figures.delete(stream.topic);
    this.show();
  }

  /** @param {boolean} shown */
  setShown(shown) {
    this.shown = shown;
    this.show();
  }

  show() {
    const all = [...this.figures.values()].filter(({ topic }) => this.daemon.topics.includes(topic));
    const electrodes = [...new Set(all.flatMap((figures) => figures.electrodes))];
    const rows = electrodes.map((electrode) => {
      const measured = measure(all, electrode);
      return { electrode, measured, ...judge(measured) };
    });
    const good = rows.filter(({ state }) => state === "good").length;
    const waiting = all.every(({ kept }) => kept === 0);
    // The truth bar says so on every view.
    this.daemon.tell("electrodes", waiting ? [] : rows.map(({ electrode, state }) => ({ electrode, good: state === "good" })));
    if (!this.shown) return;
    this.offer.hidden = all.length > 0;
    this.body.hidden = all.length === 0;
    setText(this.summary, waiting ? text.waiting : text.summary(good, rows.length));
    this.head.setAttribute("aria-label", text.picture(text.summary(good, rows.length)));
    this.drawHead(rows);
    this.table.replaceChildren(
      ...rows.map(({ electrode, measured, state, why }) =>
        element(
          "tr",
          {},
          element("th", { scope: "row", title: electrode }, electrode),
          element("td", { class: `state-${state}` }, `${SIGNS[state]} ${why === null ? text.states[state] : text.whys[why]}`),
          element("td", {}, text.kohm(measured.kohm)),
          element("td", {}, text.percent(measured.railed)),
          element("td", {}, yes(measured.flat)),
          element("td", {}, yes(measured.off)),
          element("td", {}, text.percent(measured.mains)),
        ),
      ),
    );
  }

  /** @param {{electrode: string, state: "good" | "note" | "bad" | "unknown"}[]} rows */
  drawHead(rows) {
    const nowhere = rows.filter(({ electrode }) => positionOf(electrode) === null);
    const outline = [
      drawing("circle", { class: "outline", r: 1 }),
      drawing("path", { class: "outline", d: "M-0.12 -0.99 L0 -1.14 L0.12 -0.99" }),
    ];
    const marks = rows.map(({ electrode, state }) => {
      // Names that are not of the 10-20 system stand below the head; in rows on it when there are no others.
      const i = nowhere.findIndex((row) => row.electrode === electrode);
      const across = nowhere.length < rows.length ? nowhere.length : Math.ceil(Math.sqrt(nowhere.length));
      const apart = Math.min(0.3, (nowhere.length < rows.length ? 2.4 : 1.5) / across);
      const x = ((i % across) - (across - 1) / 2) * apart;
      const y = nowhere.length < rows.length ? 1.18 : (Math.floor(i / across) - (Math.ceil(nowhere.length / across) - 1) / 2) * apart;
      const place = positionOf(electrode) ?? { x, y: -y };
      const r = rows.length > 32 ? 0.07 : 0.1;
      const name = drawing("text", { y: -0.012, class: "name" }, electrode.slice(0, 5));
      const sign = drawing("text", { y: 0.06, class: "sign" }, SIGNS[state]);
      return drawing("g", { class: `electrode state-${state}`, transform: `translate(${place.x} ${-place.y})` }, drawing("circle", { r }), name, sign);
    });
    this.head.replaceChildren(...outline, ...marks);
  }
}

/** @param {Figures[]} all @param {string} electrode @returns {import("./judge.js").Measured} */
function measure(all, electrode) {
  const of = (/** @type {(figures: Figures) => number} */ partOf) => {
    for (const figures of all) {
      const [e, p] = [figures.electrodes.indexOf(electrode), partOf(figures)];
      if (e >= 0 && p >= 0) return figures.at(e, p);
    }
    return NaN;
  };
  const [railed = NaN, flat = NaN, off = NaN, mains = NaN] = PARTS.map((part) => of(({ parts }) => parts.indexOf(part)));
  return { railed, flat, off, mains, kohm: of(({ unit }) => (/ohm$|Ω$/i.test(unit) ? 0 : -1)) };
}

/** @param {number} value */
const yes = (value) => (Number.isFinite(value) ? (value >= 0.5 ? text.yes : text.no) : text.unknown);
