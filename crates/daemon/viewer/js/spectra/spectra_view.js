// The view of the spectra: density, spectrogram, band power and its trend, from the daemon's own stages.

import { element, fillSelect, numberSelect, select, setText } from "../shell/dom.js";
import { text } from "../text/spectra.js";
import { Figures } from "./figures.js";
import { offer } from "./offer.js";
import { drawDensity, drawSpectrogram, drawTrend } from "./plots.js";

export class SpectraView {
  /** @param {import("../shell/daemon.js").Daemon} daemon */
  constructor(daemon) {
    this.daemon = daemon;
    /** @type {Map<string, Figures>} */
    this.figures = new Map();
    this.shown = false;
    this.dirty = true;
    this.keys = {};
    /** @type {[string, string][]} */
    this.keyList = [];
    this.topic = select(text.topic, [], () => this.draw());
    this.channel = select(text.channel, [], () => this.draw());
    this.mains = numberSelect(text.mains, [50, 60], text.mainsOption, () => this.draw());
    this.density = canvas();
    this.spectrogram = canvas();
    this.trend = canvas();
    this.summary = element("p", { class: "summary" });
    this.bands = element("table", { class: "bands" });
    this.offer = offer(daemon, text, [{ kind: "psd", topic: "psd", params: { high_hz: 65 } }, { kind: "band_power", topic: "band_power" }], "last");
    this.plots = element(
      "div",
      { class: "plots" },
      panel(text.psd, `${text.psd}, ${text.density}`, this.density, this.summary),
      panel(text.spectrogram, text.spectrogram, this.spectrogram),
      panel(text.bands, text.bands, element("div", { class: "scrolled", tabindex: "0", role: "group", "aria-label": text.bands }, this.bands)),
      panel(text.trend, text.trend, this.trend),
    );
    this.root = element("div", { class: "view spectra-view" }, element("div", { class: "controls bar" }, this.topic, this.channel, this.mains), this.offer, this.plots);
    daemon.streams.forEach((told) => this.take(told));
    daemon.on("stream", (told) => this.take(told));
    daemon.on("values", ({ topic, values, frames }) => {
      this.figures.get(topic)?.append(values, frames);
      this.dirty = true;
    });
    setInterval(() => {
      if (this.shown && this.dirty && !document.hidden) this.draw();
    }, 200);
    new ResizeObserver(() => this.draw()).observe(this.plots);
  }

  /** @param {import("../engine/engine.js").FromEngine & {type: "stream"}} told */
  take({ stream, kind }) {
    this.figures.delete(stream.topic);
    if (kind !== "traces") this.figures.set(stream.topic, new Figures(stream));
    this.dirty = true;
  }

  /** @param {boolean} shown */
  setShown(shown) {
    this.shown = shown;
    if (shown) this.draw();
  }

  draw() {
    this.dirty = false;
    const wanted = this.daemon.topics;
    const all = [...this.figures.values()].filter(({ topic }) => wanted.includes(topic));
    const spectra = all.filter(({ hz }) => hz.every(Number.isFinite));
    const bands = all.find(isBandPower);
    this.offer.hidden = spectra.length > 0 || bands !== undefined;
    this.plots.hidden = !this.offer.hidden;
    for (const control of [this.topic, this.channel]) control.hidden = this.plots.hidden;
    fillSelect(this.topic, spectra.map(({ topic }) => [topic, topic]));
    const spectrum = spectra.find(({ topic }) => topic === this.topic.value) ?? spectra[0];
    const electrodes = (spectrum ?? bands)?.electrodes ?? [];
    fillSelect(this.channel, [["", text.all], ...electrodes.map((name, i) => /** @type {[string, string]} */ ([String(i), name]))]);
    const chosen = this.channel.value === "" ? null : Number(this.channel.value);
    const name = electrodes[chosen ?? 0] ?? "";
    if (spectrum !== undefined) {
      drawDensity(this.density, spectrum, chosen, Number(this.mains.value));
      drawSpectrogram(this.spectrogram, spectrum, chosen ?? 0);
      setText(this.summary, spectrum.kept === 0 ? text.waiting : this.summaryOf(spectrum, chosen ?? 0));
    }
    this.density.setAttribute("aria-label", text.picture(text.psd, chosen === null ? text.all : name));
    this.spectrogram.setAttribute("aria-label", text.picture(text.spectrogram, name));
    this.trend.setAttribute("aria-label", text.picture(text.trend, name));
    if (bands !== undefined) {
      this.fillBands(bands);
      drawTrend(this.trend, bands, chosen ?? 0);
    }
  }

  /** @param {Figures} spectrum @param {number} electrode */
  summaryOf(spectrum, electrode) {
    const { hz } = spectrum;
    const mains_hz = Number(this.mains.value);
    const peak = hz.reduce((best, f, part) => (f >= 7 && f <= 14 && !(spectrum.decibels(electrode, part) <= spectrum.decibels(electrode, best)) ? part : best), hz.findIndex((f) => f >= 7));
    const around = hz.map((f, part) => ({ part, away: Math.abs(f - mains_hz) }));
    const mean = (/** @type {{part: number}[]} */ some) => some.reduce((sum, { part }) => sum + spectrum.decibels(electrode, part), 0) / some.length;
    const mains = mean(around.filter(({ away }) => away < 0.6)) - mean(around.filter(({ away }) => away > 3 && away < 6));
    return text.summary(spectrum.electrodes[electrode] ?? "", hz[peak] ?? NaN, mains_hz, mains);
  }

  /** @param {Figures} bands */
  fillBands(bands) {
    const { electrodes, parts, unit } = bands;
    const highest = Math.max(...electrodes.flatMap((_, e) => parts.map((_, p) => bands.at(e, p))).filter(Number.isFinite));
    const form = JSON.stringify([electrodes, parts]);
    if (this.bands.dataset.form !== form) {
      this.bands.dataset.form = form;
      const heads = parts.map((part, i) => element("th", { scope: "col", class: `trace-${(i % 8) + 1}` }, part));
      const rows = electrodes.map((electrode) =>
        element("tr", {}, element("th", { scope: "row", title: electrode }, electrode), ...parts.map(() => element("td", {}, element("span"), element("meter", { min: "0", max: "1", "aria-hidden": "true" })))),
      );
      this.bands.replaceChildren(element("thead", {}, element("tr", {}, element("td"), ...heads)), element("tbody", {}, ...rows));
    }
    electrodes.forEach((_, e) => {
      parts.forEach((_, p) => {
        const [words, bar] = this.bands.tBodies[0]?.rows[e]?.cells[p + 1]?.children ?? [];
        const value = bands.at(e, p);
        if (words !== undefined) setText(words, text.value(value, unit));
        if (bar instanceof HTMLMeterElement) bar.value = Number.isFinite(value) ? value / highest : 0;
      });
    });
  }
}

/** Quality's figures are parts of a whole as well, but not of power. @param {Figures} figures */
function isBandPower({ unit, hz, parts }) {
  return !hz.every(Number.isFinite) && (unit === "1" || unit.endsWith("^2")) && !parts.includes("railed");
}

/** @returns {HTMLCanvasElement} */
const canvas = () => element("canvas", { role: "img", "aria-label": text.waiting });

/**
 * @param {string} name
 * @param {string} title
 * @param {...HTMLElement} children
 */
function panel(name, title, ...children) {
  return element("section", { class: "panel", "aria-label": name }, element("h2", {}, title), ...children);
}
