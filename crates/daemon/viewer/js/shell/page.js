// The whole page: head, the view that is chosen, the truth bar. Views beside the traces are loaded when they are first seen.

import { ScopesView } from "../scope/scopes_view.js";
import { text } from "../text/shell.js";
import { Daemon } from "./daemon.js";
import { button, element, loadStyle, setText, showDialog } from "./dom.js";
import { handleKey } from "./keys.js";
import { recordButton } from "./record_button.js";
import { followTheme, readInk } from "./theme.js";
import { TruthBar } from "./truth.js";

/**
 * @typedef {object} View
 * @property {HTMLElement} root
 * @property {(shown: boolean) => void} setShown
 * @property {import("./keys.js").KeyActions} keys  while it is shown
 * @property {[string, string][]} keyList  the same, in words
 *
 * @typedef {keyof typeof text.viewNames} ViewName
 */

/** How long something said in passing can be read. */
const NOTICE_MS = 6000;

/** @type {Partial<Record<ViewName, (page: Page) => Promise<View>>>} */
const LATER = {
  async spectra({ daemon }) {
    const [{ SpectraView }] = await Promise.all([import("../spectra/spectra_view.js"), loadStyle("/css/figures.css")]);
    return new SpectraView(daemon);
  },
  async signal({ daemon }) {
    const [{ SignalView }] = await Promise.all([import("../signal/signal_view.js"), loadStyle("/css/figures.css")]);
    return new SignalView(daemon);
  },
  async pipeline({ daemon }) {
    const [{ PipelineView }] = await Promise.all([import("../pipeline/pipeline_view.js"), loadStyle("/css/pipeline.css")]);
    return new PipelineView(daemon).load();
  },
  async studies({ daemon, settings }) {
    const [{ StudiesView }] = await Promise.all([import("../studies/studies_view.js"), loadStyle("/css/studies.css")]);
    return new StudiesView(daemon, settings);
  },
};

export class Page {
  /**
   * @param {Daemon} daemon
   * @param {import("./settings.js").Settings} settings
   */
  constructor(daemon, settings) {
    this.daemon = daemon;
    this.settings = settings;
    this.scopes = new ScopesView(daemon, settings);
    /** @type {Map<ViewName, View>} */
    this.views = new Map([["scope", this.scopes]]);
    /** @type {Map<ViewName, Promise<void>>} */
    this.loading = new Map();
    /** @type {ViewName} */
    this.shown = "scope";
    this.pipeline = element("p", { class: "pipeline" });
    this.links = new Map(this.names.map((name) => [name, this.link(name)]));
    this.notice = element("p", { class: "notice", role: "status" });
    const marker = button(text.marker, text.markerHint, () => void this.askMarker());
    const record = recordButton(daemon, () => void this.record());
    const help = button("?", text.helpHint, () => this.help());
    const nav = element("nav", { "aria-label": text.views }, ...this.links.values());
    this.main = element("main", {}, this.scopes.root);
    this.truth = new TruthBar(daemon);
    this.head = element(
      "header",
      { class: "top" },
      element("div", { class: "brand" }, element("h1", {}, text.product), this.pipeline),
      nav,
      element("div", { class: "controls" }, this.notice, record, marker, help),
    );
    document.body.replaceChildren(this.head, this.main, this.truth.root);

    const ink = () => daemon.engine.send({ type: "ink", ink: readInk() });
    followTheme(() => {
      ink();
      this.scopes.redraw();
    });
    ink();
    daemon.hide(settings.hidden);
    daemon.on("pipeline", ({ name }) => this.showName(name));
    daemon.on("token", () => void import("./token_dialog.js").then(({ askToken }) => askToken(() => daemon.tokenGiven())));
    // Whether every electrode is good is to be seen on every view.
    daemon.on("stream", ({ stream }) => {
      if (stream.channels.some(({ label }) => label.endsWith(".railed"))) this.load("signal").catch(() => {});
    });
    addEventListener("hashchange", () => void this.follow());
    addEventListener("keydown", (event) => this.key(event));
    void this.follow();
  }

  /** Views there are. */
  get names() {
    return /** @type {ViewName[]} */ (["scope", ...Object.keys(LATER)]);
  }

  /** @param {ViewName} name */
  link(name) {
    const [label = "", key = ""] = text.viewNames[name];
    return element("a", { href: `#${name}`, title: text.viewHint(label, key) }, label);
  }

  /** @param {string} name */
  showName(name) {
    setText(this.pipeline, name);
    if (document.title !== text.title(name)) document.title = text.title(name);
  }

  /** Shows the view that the address names. */
  async follow() {
    const wanted = this.names.find((name) => `#${name}` === location.hash) ?? "scope";
    this.shown = wanted;
    for (const [name, link] of this.links) {
      if (name === wanted) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
    if (!this.views.has(wanted)) {
      this.show(element("p", { class: "empty" }, text.loading));
      try {
        await this.load(wanted);
      } catch {
        return this.show(element("p", { class: "empty" }, text.notLoaded));
      }
    }
    // Meanwhile another one may have been chosen.
    if (this.shown !== wanted) return;
    const view = this.views.get(wanted);
    for (const other of this.views.values()) if (other !== view) other.setShown(false);
    if (view === undefined) return;
    this.show(view.root);
    view.setShown(true);
  }

  /** Loads a view that was not needed so far. @param {ViewName} name @returns {Promise<void>} */
  load(name) {
    const loading = this.loading.get(name) ?? LATER[name]?.(this).then((view) => void this.views.set(name, view)) ?? Promise.resolve();
    this.loading.set(name, loading);
    // After a failure the next one tries again.
    loading.catch(() => this.loading.delete(name));
    return loading;
  }

  /** @param {HTMLElement} root */
  show(root) {
    for (const child of this.main.children) /** @type {HTMLElement} */ (child).hidden = child !== root;
    root.hidden = false;
    // Scopes stay in the document: their canvases belong to the engine.
    if (root.parentElement !== this.main) this.main.append(root);
    for (const child of [...this.main.querySelectorAll(":scope > .empty")]) if (child !== root) child.remove();
  }

  /** @param {ViewName} name */
  go(name) {
    location.hash = name;
  }

  /** Keys of the whole page and of the view that is shown. @returns {import("./keys.js").KeyActions} */
  get keys() {
    const views = this.names.map((name) => [text.viewNames[name][1], () => this.go(name)]);
    const markers = Array.from({ length: 9 }, (_, i) => /** @type {const} */ ([String(i + 1), () => void this.mark(i)]));
    const own = this.views.get(this.shown)?.keys;
    return { ...Object.fromEntries([...views, ...markers]), M: () => void this.askMarker(), "?": () => this.help(), ...own };
  }

  /** @param {number} i  of a key's marker, from 0 */
  async mark(i) {
    const { markByKey } = await import("../studies/marker_keys.js");
    this.say(await markByKey(this.settings, i));
  }

  async askMarker() {
    const { askMarker } = await import("../studies/marker_keys.js");
    askMarker((words) => this.say(words));
  }

  async record() {
    const [{ pressed }] = await Promise.all([import("../studies/recorder.js"), loadStyle("/css/studies.css")]);
    await pressed(this.daemon, this.settings, (words) => this.say(words));
  }

  /** Says something in passing. @param {string} words */
  say(words) {
    setText(this.notice, words);
    clearTimeout(this.silence);
    this.silence = setTimeout(() => setText(this.notice, ""), NOTICE_MS);
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    if (document.querySelector("dialog[open]") !== null) return;
    const focused = (/** @type {string} */ selector) => document.activeElement?.matches(selector) ?? false;
    if (handleKey(event, focused, this.keys)) event.preventDefault();
  }

  /** All keys, in words. */
  help() {
    const views = this.names.map((name) => /** @type {[string, string]} */ ([text.viewNames[name][1], text.viewNames[name][0].toLowerCase()]));
    const list = [...views, ...text.keyList, ...(this.views.get(this.shown)?.keyList ?? [])];
    const keys = list.map(([key, what]) => element("div", {}, element("dt", {}, element("kbd", {}, key)), element("dd", {}, what)));
    const dialog = element("dialog", { class: "help", "aria-label": text.help }, element("h2", {}, text.help), element("dl", {}, ...keys));
    dialog.append(button(text.close, text.close, () => dialog.close()));
    showDialog(dialog);
  }
}
