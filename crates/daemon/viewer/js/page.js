// The whole page: topics and their scopes, what comes in over the connection, what the user does.

import { SECONDS } from "./amplitude.js";
import { stepThrough, element } from "./dom.js";
import { decodeFrame, FrameError } from "./frame.js";
import { handleKey } from "./keys.js";
import { MessageError, parseMessage } from "./messages.js";
import { Scope } from "./scope.js";
import { text } from "./text.js";
import { followTheme, Theme } from "./theme.js";
import { Toolbar } from "./toolbar.js";
import { Topic } from "./topic.js";
import { TruthBar } from "./truth.js";

export class Page {
  /** @param {import("./settings.js").Settings} settings */
  constructor(settings) {
    this.settings = settings;
    /** @type {Map<string, {topic: Topic, scope: Scope}>} */
    this.topics = new Map();
    /** Topics by stream number; null for one that is not shown. @type {Map<number, Topic | null>} */
    this.streams = new Map();
    this.clock = { origin_s: NaN };
    this.rejected = 0;
    this.rejectedWhy = "";
    this.lastRejected_ms = NaN;
    /** @type {number | null} */
    this.frozenSince_ms = null;
    this.toolbar = new Toolbar({
      seconds: (seconds) => this.setSeconds(seconds),
      freeze: () => this.toggleFreeze(),
    });
    this.truth = new TruthBar();
    this.main = element("main", { class: "scopes" });
    /** @type {Theme} */
    this.theme = new Theme(document.documentElement);
    this.toolbar.showSeconds(settings.seconds);
    document.body.replaceChildren(this.toolbar.root, this.main, this.truth.root);
    followTheme((theme) => {
      this.theme = theme;
      for (const scope of this.scopes()) scope.setTheme(theme);
    });
    this.listenToKeys();
    this.draw();
  }

  /** Draws at the screen's rate; a hidden page is not drawn, and catches up when it is seen again. */
  draw() {
    let before_ms = performance.now();
    const frame = (/** @type {number} */ now_ms) => {
      const elapsed_s = Math.max(0, (now_ms - before_ms) / 1000);
      before_ms = now_ms;
      for (const scope of this.scopes()) scope.frame(elapsed_s);
      requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
  }

  /** @returns {Scope[]} */
  scopes() {
    return [...this.topics.values()].map(({ scope }) => scope);
  }

  /**
   * Shows these topics, in this order. What is shown already goes on.
   * @param {string[]} names
   */
  show(names) {
    if (names.length === this.topics.size && names.every((name) => this.topics.has(name))) return;
    const before = this.topics;
    this.topics = new Map(
      names.map((name) => {
        const topic = new Topic(name, this.settings.seconds);
        const made = () => ({ topic, scope: new Scope(topic, this.settings, this.clock, this.theme) });
        return [name, before.get(name) ?? made()];
      }),
    );
    const scopes = this.scopes();
    if (this.frozenSince_ms !== null) this.toggleFreeze();
    this.main.replaceChildren(...scopes.map((scope) => scope.view.root));
    this.truth.listTopics(scopes.map((scope) => scope.topic));
  }

  /** @param {string} message */
  onText(message) {
    this.guard(() => {
      const parsed = parseMessage(message);
      if (parsed?.type === "stream") {
        const topic = this.topics.get(parsed.topic)?.topic;
        topic?.describe(parsed);
        this.streams.set(parsed.stream, topic ?? null);
      } else if (parsed?.type === "lagged") {
        this.topics.get(parsed.topic)?.topic.lag(parsed.packets);
      }
    });
  }

  /** @param {ArrayBuffer} message */
  onFrame(message) {
    this.guard(() => {
      const frame = decodeFrame(message);
      const topic = this.streams.get(frame.stream);
      if (topic === undefined) throw new FrameError(text.frameUnannounced(frame.stream));
      topic?.accept(frame, Date.now());
    });
  }

  /** Stream numbers hold for one connection. */
  onNewConnection() {
    this.streams.clear();
  }

  /**
   * A message that cannot be read is counted and spoken of; the others go on.
   * @param {() => void} read
   */
  guard(read) {
    try {
      read();
    } catch (error) {
      if (!(error instanceof FrameError) && !(error instanceof MessageError)) throw error;
      this.rejected += 1;
      this.rejectedWhy = error.message;
      this.lastRejected_ms = Date.now();
    }
  }

  /** @param {number} seconds  per screen */
  setSeconds(seconds) {
    this.settings.setSeconds(seconds);
    this.toolbar.showSeconds(seconds);
    for (const { topic, scope } of this.topics.values()) {
      topic.setSeconds(seconds);
      scope.redraw();
    }
  }

  toggleFreeze() {
    this.frozenSince_ms = this.frozenSince_ms === null ? Date.now() : null;
    const frozen = this.frozenSince_ms !== null;
    this.toolbar.showFrozen(frozen);
    for (const scope of this.scopes()) scope.setFrozen(frozen);
  }

  /** A key means the scope that has the focus; all of them when none has. */
  listenToKeys() {
    const meant = () => {
      const scopes = this.scopes();
      const focused = scopes.filter((scope) => scope.view.root.contains(document.activeElement));
      return focused.length > 0 ? focused : scopes;
    };
    const actions = {
      freeze: () => this.toggleFreeze(),
      amplitude: (/** @type {number} */ step) => meant().forEach((scope) => scope.stepAmplitude(step)),
      timeBase: (/** @type {number} */ step) => this.setSeconds(stepThrough(SECONDS, this.settings.seconds, step)),
      auto: () => meant().forEach((scope) => scope.autoAmplitude()),
    };
    addEventListener("keydown", (event) => {
      const focused = (/** @type {string} */ selector) => document.activeElement?.matches(selector) ?? false;
      if (handleKey(event, focused, actions)) event.preventDefault();
    });
  }
}
