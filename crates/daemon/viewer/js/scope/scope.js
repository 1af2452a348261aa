// One topic on the screen: its elements, its choices, its place on the engine's side.

import { amplitudesOf } from "../engine/amplitude.js";
import { stepThrough } from "../shell/dom.js";
import { text } from "../text/scope.js";
import { Cursor } from "./cursor.js";
import { drawGrid } from "./grid.js";
import { lanesBehind, lanesOf, rowsOf } from "./montage.js";
import { ScopeView } from "./scope_view.js";

/** @typedef {import("../engine/messages.js").Stream} Stream */

export class Scope {
  /**
   * @param {string} topic
   * @param {import("../shell/daemon.js").Daemon} daemon
   * @param {import("../shell/settings.js").Settings} settings
   */
  constructor(topic, daemon, settings) {
    this.topic = topic;
    this.daemon = daemon;
    this.settings = settings;
    this.view = new ScopeView(topic, {
      amplitude: (perDivision) => this.setAmplitude(perDivision),
      stepAmplitude: (step) => this.stepAmplitude(step),
      auto: () => this.autoAmplitude(),
      toggleDc: () => this.choose({ removeDc: !this.removeDc }),
      mains: (mains_hz) => this.choose({ mains_hz }),
      behind: (behind) => this.choose({ behind }),
      // Loaded when they are first asked for.
      channels: (key) => void import("./channels.js").then(({ showChannels }) => showChannels(this, key)),
      picture: () => void import("./picture.js").then(({ savePicture }) => savePicture(this)),
      measure: () => this.cursor.measure(),
      clear: () => this.cursor.clear(),
    });
    this.layer = daemon.engine.attach(topic, this.view.traces, null);
    this.cursor = new Cursor(this);
    /** The topic behind: its layer, and its name. @type {{layer: number, topic: string} | null} */
    this.behind = null;
    /** @type {Stream | null} */
    this.stream = null;
    this.unit = "";
    this.perDivision = 100;
    /** @type {import("./montage.js").Row[]} */
    this.rows = [];
    this.size = { width: 0, height: 0 };
    this.observer = this.watchSize();
    this.hear();
  }

  /** Takes up what the daemon has said of the topic, if it has. */
  hear() {
    const told = this.daemon.streams.get(this.topic);
    if (told === undefined || told.stream === this.stream) return;
    this.stream = told.stream;
    this.unit = told.unit;
    const amplitudes = amplitudesOf(told.unit);
    if (!amplitudes.includes(this.perDivision)) this.perDivision = /** @type {number} */ (amplitudes[3]);
    this.view.showForm(told.stream, told.unit, amplitudes);
    this.update();
  }

  /** Rows that are drawn. */
  get shownRows() {
    return this.rows.filter(({ settings }) => !settings.hidden);
  }

  get removeDc() {
    return this.settings.scope(this.topic).removeDc ?? (this.stream?.dtype === "i32" || /raw/i.test(this.topic));
  }

  /** Shows everything as it is chosen now. */
  update() {
    const { stream, view, settings, topic, daemon } = this;
    if (stream === null) return;
    const chosen = settings.scope(topic);
    this.perDivision = amplitudesOf(this.unit).find((amplitude) => amplitude === chosen.perDivision) ?? this.perDivision;
    this.rows = rowsOf(stream.channels.map(({ label }) => label), chosen);
    view.showLanes(this.shownRows);
    view.showDc(this.removeDc);
    view.showMains(chosen.mains_hz);
    const others = daemon.traceTopics().filter((other) => other !== topic);
    const behind = chosen.behind !== null && others.includes(chosen.behind) ? chosen.behind : null;
    view.showBehind(others, behind);
    daemon.engine.send({ type: "mains", topic, mains_hz: chosen.mains_hz });
    this.sendLook();
    this.setBehind(behind);
    this.cursor.show();
    this.drawScales();
  }

  sendLook() {
    const perDivision = this.settings.scope(this.topic).perDivision === null ? null : this.perDivision;
    const look = { perDivision, removeDc: this.removeDc, lanes: lanesOf(this.rows), ghost: false };
    this.daemon.engine.send({ type: "look", layer: this.layer, look });
  }

  /** @param {string | null} topic */
  setBehind(topic) {
    const { engine, streams } = this.daemon;
    if (this.behind !== null && this.behind.topic !== topic) {
      engine.send({ type: "detach", layer: this.behind.layer });
      this.view.root.querySelector("canvas.behind")?.remove();
      this.behind = null;
    }
    const stream = topic === null ? undefined : streams.get(topic)?.stream;
    if (topic === null || stream === undefined) return;
    if (this.behind === null) {
      this.behind = { topic, layer: engine.attach(topic, this.view.addBehind(), this.layer) };
      this.sendSize(this.behind.layer);
    }
    const lanes = lanesBehind(this.rows, stream.channels.map(({ label }) => label));
    engine.send({ type: "look", layer: this.behind.layer, look: { perDivision: null, removeDc: true, lanes, ghost: true } });
  }

  /**
   * The user chooses something for this topic.
   * @param {Partial<import("../shell/settings.js").ScopeSettings>} change
   */
  choose(change) {
    this.settings.setScope(this.topic, change);
    this.update();
  }

  /** @param {number} perDivision  display units */
  setAmplitude(perDivision) {
    this.perDivision = perDivision;
    this.choose({ perDivision });
  }

  /** @param {number} step  1 for the next larger value, which makes traces smaller */
  stepAmplitude(step) {
    this.setAmplitude(stepThrough(amplitudesOf(this.unit), this.perDivision, step));
  }

  /** The user asks for the amplitude to be chosen, now and at the next start. */
  autoAmplitude() {
    this.settings.setScope(this.topic, { perDivision: null });
    this.sendLook();
    this.daemon.engine.send({ type: "auto", layer: this.layer });
  }

  /** The engine has chosen; what the user chose while its word was on the way counts. @param {number} perDivision */
  amplitudeChosen(perDivision) {
    if (this.settings.scope(this.topic).perDivision !== null) return;
    this.perDivision = perDivision;
    this.drawScales();
  }

  /** @param {boolean} frozen */
  showFrozen(frozen) {
    this.view.frozen.hidden = !frozen;
    this.view.root.classList.toggle("still", frozen);
    this.cursor.show();
  }

  /** Keeps one pixel of the canvases on one pixel of the screen, also where a CSS pixel is no whole number of them. */
  watchSize() {
    const { screen, grid } = this.view;
    const observer = new ResizeObserver((entries) => {
      const exact = entries[entries.length - 1]?.devicePixelContentBoxSize?.[0];
      const width = exact?.inlineSize ?? Math.round(screen.clientWidth * devicePixelRatio);
      const height = exact?.blockSize ?? Math.round(screen.clientHeight * devicePixelRatio);
      this.size = { width, height };
      grid.width = width;
      grid.height = height;
      this.sendSize(this.layer);
      if (this.behind !== null) this.sendSize(this.behind.layer);
      this.drawScales();
    });
    try {
      observer.observe(screen, { box: "device-pixel-content-box" });
    } catch {
      // Not every browser knows this box.
      observer.observe(screen);
    }
    return observer;
  }

  /** @param {number} layer */
  sendSize(layer) {
    const { width, height } = this.size;
    const density = width / (this.view.screen.clientWidth || width || 1);
    this.daemon.engine.send({ type: "size", layer, width, height, density });
  }

  drawScales() {
    const { view, unit, perDivision, settings } = this;
    const lanes = this.shownRows.length;
    if (this.stream === null) return;
    drawGrid(view.grid, lanes, settings.seconds);
    view.showScales(perDivision, unit, lanes, settings.seconds, settings.motion);
  }

  /** What is to be said of the newest packet, four times a second. @param {import("../engine/engine.js").TopicAccount} account */
  tell({ settling, railed }) {
    const hidden = this.rows.length - this.shownRows.length;
    const { mains_hz } = this.settings.scope(this.topic);
    this.view.showTags([
      ...(mains_hz > 0 ? [text.mainsOption(mains_hz)] : []),
      ...(settling ? [text.settling] : []),
      ...(railed ? [text.railed] : []),
      ...(hidden > 0 ? [text.hiddenChannels(hidden)] : []),
      ...(this.behind === null ? [] : [text.behindTag(this.behind.topic)]),
    ]);
    this.cursor.refresh();
  }

  remove() {
    this.observer.disconnect();
    this.setBehind(null);
    this.daemon.engine.send({ type: "detach", layer: this.layer });
    this.view.root.remove();
  }
}
