// The view of the traces: a scope for each topic, and what holds for all of them together.

import { SECONDS } from "../engine/amplitude.js";
import { element, numberSelect, setText, stepThrough } from "../shell/dom.js";
import { text } from "../text/scope.js";
import { Scope } from "./scope.js";
import { TopicsMenu } from "./topics_menu.js";

export class ScopesView {
  /**
   * @param {import("../shell/daemon.js").Daemon} daemon
   * @param {import("../shell/settings.js").Settings} settings
   */
  constructor(daemon, settings) {
    this.daemon = daemon;
    this.settings = settings;
    /** @type {Map<string, Scope>} */
    this.scopes = new Map();
    this.keyList = text.keyList;
    this.seconds = numberSelect(text.secondsPerScreen, SECONDS, text.secondsOption, (seconds) => this.setSeconds(seconds));
    this.motion = element("button", { type: "button", title: text.motionHint });
    this.motion.addEventListener("click", () => this.toggleMotion());
    this.freeze = element("button", { type: "button", title: text.freezeHint, "aria-pressed": "false" }, text.freeze);
    this.freeze.addEventListener("click", () => this.toggleFreeze());
    this.menu = new TopicsMenu(daemon, settings);
    this.empty = element("p", { class: "empty" }, text.noTraces);
    this.list = element("div", { class: "scopes" });
    this.root = element(
      "div",
      { class: "view" },
      element("div", { class: "controls bar", role: "group", "aria-label": text.toolbar }, this.menu.root, this.seconds, this.motion, this.freeze),
      this.list,
    );
    this.showDisplay();
    daemon.on("topics", () => this.arrange());
    daemon.on("pipeline", () => this.arrange());
    daemon.on("stream", ({ stream }) => {
      this.arrange();
      this.scopes.get(stream.topic)?.hear();
      // It may be what another one shall have behind it.
      for (const scope of this.scopes.values()) if (scope.topic !== stream.topic) scope.update();
    });
    daemon.on("amplitude", ({ layer, perDivision }) => this.byLayer(layer)?.amplitudeChosen(perDivision));
    daemon.on("probed", (answer) => this.byLayer(answer.layer)?.cursor.hear(answer));
    daemon.on("account", ({ topics }) => topics.forEach((account) => this.scopes.get(account.name)?.tell(account)));
    daemon.on("frozen", (frozen) => this.showFrozen(frozen));
  }

  /** @param {number} layer */
  byLayer(layer) {
    return [...this.scopes.values()].find((scope) => scope.layer === layer);
  }

  /** A scope for each topic with traces, in the daemon's order. What is shown already goes on. */
  arrange() {
    const names = this.daemon.traceTopics();
    if (names.length === this.scopes.size && names.every((name) => this.scopes.has(name))) return;
    for (const [name, scope] of this.scopes) {
      if (names.includes(name)) continue;
      scope.remove();
      this.scopes.delete(name);
    }
    const before = this.scopes;
    this.scopes = new Map(names.map((name) => [name, before.get(name) ?? new Scope(name, this.daemon, this.settings)]));
    const roots = [...this.scopes.values()].map((scope) => scope.view.root);
    this.list.replaceChildren(...(roots.length > 0 ? roots : [this.empty]));
    for (const scope of this.scopes.values()) scope.update();
  }

  /** @param {boolean} shown */
  setShown(shown) {
    if (!shown && this.daemon.frozen) this.toggleFreeze();
  }

  /** @param {number} seconds  per screen */
  setSeconds(seconds) {
    this.settings.set({ seconds });
    this.showDisplay();
  }

  toggleMotion() {
    this.settings.set({ motion: this.settings.motion === "sweep" ? "scroll" : "sweep" });
    this.showDisplay();
  }

  showDisplay() {
    const { seconds, motion } = this.settings;
    this.seconds.value = String(seconds);
    setText(this.motion, motion === "sweep" ? text.sweep : text.scroll);
    this.motion.setAttribute("aria-label", `${text.motion}: ${motion === "sweep" ? text.sweep : text.scroll}`);
    this.daemon.engine.send({ type: "display", seconds, motion });
    for (const scope of this.scopes.values()) {
      scope.drawScales();
      scope.cursor.show();
    }
  }

  /** The colours are others. */
  redraw() {
    for (const scope of this.scopes.values()) scope.drawScales();
  }

  toggleFreeze() {
    this.daemon.setFrozen(!this.daemon.frozen);
  }

  /** @param {boolean} frozen */
  showFrozen(frozen) {
    setText(this.freeze, frozen ? text.unfreeze : text.freeze);
    this.freeze.setAttribute("aria-pressed", String(frozen));
    for (const scope of this.scopes.values()) scope.showFrozen(frozen);
  }

  /** A key means the scope that has the focus; all of them when none has. */
  get keys() {
    const scopes = [...this.scopes.values()];
    const focused = scopes.filter((scope) => scope.view.root.contains(document.activeElement));
    const meant = focused.length > 0 ? focused : scopes;
    const larger = () => meant.forEach((scope) => scope.stepAmplitude(-1));
    const smaller = () => meant.forEach((scope) => scope.stepAmplitude(1));
    return {
      " ": () => this.toggleFreeze(),
      "+": larger,
      "=": larger,
      "-": smaller,
      "_": smaller,
      "[": () => this.setSeconds(stepThrough(SECONDS, this.settings.seconds, -1)),
      "]": () => this.setSeconds(stepThrough(SECONDS, this.settings.seconds, 1)),
      A: () => meant.forEach((scope) => scope.autoAmplitude()),
      S: () => this.toggleMotion(),
      ESCAPE: () => meant.forEach((scope) => scope.cursor.clear()),
    };
  }
}
