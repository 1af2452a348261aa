// One topic on the screen: keeps its picture up to date, and its amplitude, DC and freezing as chosen.

import { amplitudesOf, chooseAmplitude } from "./amplitude.js";
import { stepThrough } from "./dom.js";
import { drawGrid } from "./grid.js";
import { Pace } from "./pace.js";
import { Painter } from "./painter.js";
import { ScopeView } from "./scope_view.js";
import { Sweep } from "./sweep.js";
import { text } from "./text.js";

/** The amplitude is chosen once there is so much to judge by, and again when drifts at the start have settled. */
const AUTO_AFTER_S = /** @type {const} */ ([1, 5]);
/** The amplitude is chosen from the newest samples, so many seconds of them. */
const AUTO_FROM_S = 2;
const LINE_CSS_PX = 1.4;
const ERASE_CSS_PX = 14;

/**
 * The page's first moment: all scopes sweep from it, so that the same time stands at the same place in each.
 * @typedef {{origin_s: number}} PageClock
 */

export class Scope {
  /**
   * @param {import("./topic.js").Topic} topic
   * @param {import("./settings.js").Settings} settings
   * @param {PageClock} clock
   * @param {import("./theme.js").Theme} theme
   */
  constructor(topic, settings, clock, theme) {
    this.topic = topic;
    this.settings = settings;
    this.clock = clock;
    this.theme = theme;
    this.view = new ScopeView(topic.name, {
      amplitude: (perDivision) => this.setAmplitude(perDivision),
      stepAmplitude: (step) => this.stepAmplitude(step),
      auto: () => this.autoAmplitude(),
      toggleDc: () => this.setRemoveDc(!this.removeDc),
    });
    this.painter = new Painter(this.view.traces);
    this.form = 0;
    this.perDivision = 100;
    this.removeDc = false;
    /** How often the amplitude has been chosen since the start; the user's own choice ends it. */
    this.autoChoices = 0;
    this.pace = new Pace(1);
    /** @type {Sweep | null} */
    this.sweep = null;
    /** @type {{ring: import("./ring.js").SampleRing, baseline: import("./baseline.js").Baseline, head: number} | null} */
    this.still = null;
    this.watchSize();
  }

  /**
   * Draws what is new.
   * @param {number} elapsed_s  since the last frame of the screen
   */
  frame(elapsed_s) {
    const { topic, view, theme } = this;
    const { stream } = topic;
    if (topic.form !== this.form) this.reform();
    if (topic.form !== this.form) return;
    if (stream === null || topic.ring === null || topic.baseline === null || view.traces.width === 0) return;
    if (topic.ring.end >= (AUTO_AFTER_S[this.autoChoices] ?? Infinity) * stream.rate_hz) this.settle();
    const sweep = (this.sweep ??= this.makeSweep(stream.rate_hz));
    const { ring, baseline } = this.still ?? { ring: topic.ring, baseline: topic.baseline };
    const known = this.removeDc ? Math.min(ring.end, baseline.end) : ring.end;
    const head = this.still?.head ?? this.pace.advance(known, elapsed_s);
    if (this.still !== null && !Number.isNaN(this.painter.lastColumn)) return;
    const density = view.traces.width / view.screen.clientWidth;
    this.painter.draw({
      ring,
      baseline: this.removeDc ? baseline : null,
      sweep,
      head,
      perDivision: this.perDivision,
      theme,
      lineWidth: LINE_CSS_PX * density,
      eraseWidth: Math.round(ERASE_CSS_PX * density),
    });
    if (head > 0) {
      const column = sweep.columnOf(head - 1);
      view.showEdge((column - sweep.sweepOf(column) * sweep.width + 1) / density);
    }
  }

  /** @param {number} rate_hz */
  makeSweep(rate_hz) {
    if (Number.isNaN(this.clock.origin_s)) this.clock.origin_s = this.topic.origin_s;
    const phase = Math.round((this.topic.origin_s - this.clock.origin_s) * rate_hz);
    return new Sweep(this.view.traces.width, this.settings.seconds * rate_hz, Number.isFinite(phase) ? phase : 0);
  }

  /** The topic has another form, or its first. */
  reform() {
    const { topic, view } = this;
    // The form is announced before the first packet; only with that is the origin known.
    if (topic.stream === null || topic.ring === null || topic.ring.end === 0) return;
    this.form = topic.form;
    const chosen = this.settings.scope(topic.name);
    const amplitudes = amplitudesOf(topic.unit);
    const kept = amplitudes.find((amplitude) => amplitude === chosen.perDivision);
    this.autoChoices = 0;
    this.perDivision = kept ?? /** @type {number} */ (amplitudes[3]);
    this.removeDc = chosen.removeDc ?? (topic.stream.dtype === "i32" || /raw/i.test(topic.name));
    this.still = null;
    this.pace = new Pace(topic.stream.rate_hz);
    view.showForm(topic.stream, topic.unit, amplitudes);
    view.showDc(this.removeDc);
    this.redraw();
  }

  /** There is enough to choose the amplitude from, unless the user has chosen. */
  settle() {
    this.autoChoices += 1;
    if (this.settings.scope(this.topic.name).perDivision === null) this.chooseAmplitude();
  }

  /** The user asks for the amplitude to be chosen, now and at the next start. */
  autoAmplitude() {
    this.settings.setScope(this.topic.name, { perDivision: null });
    this.chooseAmplitude();
  }

  chooseAmplitude() {
    const { stream, unit } = this.topic;
    const ring = this.still?.ring ?? this.topic.ring;
    const baseline = this.still?.baseline ?? this.topic.baseline;
    if (stream === null || ring === null || baseline === null) return;
    const to = this.still?.head ?? (this.removeDc ? Math.min(ring.end, baseline.end) : ring.end);
    const from = Math.max(ring.start, to - Math.round(AUTO_FROM_S * stream.rate_hz));
    const choice = chooseAmplitude(ring, this.removeDc ? baseline : null, from, to, amplitudesOf(unit));
    if (choice !== null) this.showAmplitude(choice);
  }

  /** @param {number} perDivision  display units */
  setAmplitude(perDivision) {
    this.settings.setScope(this.topic.name, { perDivision });
    this.showAmplitude(perDivision);
  }

  /** @param {number} step  1 for the next larger value, which makes traces smaller */
  stepAmplitude(step) {
    this.setAmplitude(stepThrough(amplitudesOf(this.topic.unit), this.perDivision, step));
  }

  /** @param {number} perDivision  display units */
  showAmplitude(perDivision) {
    this.perDivision = perDivision;
    this.redraw();
  }

  /** @param {boolean} removeDc */
  setRemoveDc(removeDc) {
    this.removeDc = removeDc;
    this.settings.setScope(this.topic.name, { removeDc });
    this.view.showDc(removeDc);
    this.redraw();
  }

  /** @param {boolean} frozen */
  setFrozen(frozen) {
    const { ring, baseline } = this.topic;
    this.view.frozen.hidden = !frozen;
    this.view.root.classList.toggle("still", frozen);
    if (!frozen) {
      this.still = null;
      this.redraw();
    } else if (ring !== null && baseline !== null) {
      const head = Math.max(0, Math.floor(this.pace.head));
      this.still = { ring: ring.copy(), baseline: baseline.copy(), head };
    }
  }

  /** @param {import("./theme.js").Theme} theme */
  setTheme(theme) {
    this.theme = theme;
    this.redraw();
  }

  /** Keeps one pixel of the canvases on one pixel of the screen, also where a CSS pixel is no whole number of them. */
  watchSize() {
    const observer = new ResizeObserver((entries) => {
      const { clientWidth, clientHeight } = this.view.screen;
      const exact = entries[entries.length - 1]?.devicePixelContentBoxSize?.[0];
      this.resize(
        exact?.inlineSize ?? Math.round(clientWidth * devicePixelRatio),
        exact?.blockSize ?? Math.round(clientHeight * devicePixelRatio),
      );
    });
    try {
      observer.observe(this.view.screen, { box: "device-pixel-content-box" });
    } catch {
      // Not every browser knows this box.
      observer.observe(this.view.screen);
    }
  }

  /**
   * @param {number} width  device pixels
   * @param {number} height  device pixels
   */
  resize(width, height) {
    const { grid, traces } = this.view;
    if (traces.width === width && traces.height === height) return;
    for (const canvas of [grid, traces]) {
      canvas.width = width;
      canvas.height = height;
    }
    this.redraw();
  }

  /** Everything is drawn anew at the next frame of the screen; scales and grid at once. */
  redraw() {
    this.sweep = null;
    this.painter.forget();
    const { stream, unit } = this.topic;
    if (stream === null || this.form === 0) return;
    const { seconds } = this.settings;
    drawGrid(this.view.grid, stream.channels.length, seconds, this.theme);
    this.view.showScales(this.perDivision, unit, stream.channels.length, seconds);
  }

  /** What is to be said of the newest packet. */
  showTags() {
    const { settling, railed } = this.topic;
    this.view.showTags([...(settling ? [text.settling] : []), ...(railed ? [text.railed] : [])]);
  }
}
