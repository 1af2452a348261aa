// The view of the pipeline: graph, one stage in detail, the raw document; every change goes over `/ws/control`.

import { confirmed } from "../shell/confirm.js";
import { element, setText } from "../shell/dom.js";
import { ask, Problem, sentenceOf } from "../shell/http.js";
import { text } from "../text/pipeline.js";
import { showAddStage } from "./add_stage.js";
import { fetchKinds, fetchPresets } from "./catalogue.js";
import { ControlSocket } from "./control_socket.js";
import { DocumentPanel } from "./document_panel.js";
import { Graph } from "./graph.js";
import { pointer, wayBack } from "./json_patch.js";
import { Rates } from "./rates.js";
import { fetchFilters, fetchResponse } from "./response.js";
import { StagePanel } from "./stage_panel.js";
import { StartBar } from "./start_bar.js";

const LOOK_EVERY_MS = 1000;
const MOST_UNDO = 50;

/** @typedef {import("./json_patch.js").Operation} Operation */

export class PipelineView {
  /** @param {import("../shell/daemon.js").Daemon} daemon */
  constructor(daemon) {
    this.daemon = daemon;
    this.control = new ControlSocket(() => void this.look());
    this.bar = new StartBar({
      start: (query, body, type) => void this.start(query, body, type),
      stop: () => void this.stop(),
      undo: () => void this.undo(),
      document: (shown) => this.showDocument(shown),
    });
    this.message = element("p", { class: "message", role: "alert" });
    this.graph = new Graph((id) => this.select(id));
    this.side = element("div", { class: "side" }, element("p", { class: "empty" }, text.choose));
    this.document = new DocumentPanel((document) => void this.change(text.wholeDocument, [{ op: "replace", path: "", value: document }]));
    this.document.root.hidden = true;
    this.body = element("div", { class: "pipeline-body" }, this.graph.root, this.side, this.document.root);
    this.root = element("div", { class: "view pipeline-view" }, this.bar.root, this.message, this.body);
    this.rates = new Rates();
    /** @type {Map<string, import("./catalogue.js").Kind>} */
    this.kinds = new Map();
    /** @type {string | null} */
    this.selected = null;
    /** @type {StagePanel | null} */
    this.panel = null;
    /** Why a stage refused to be disturbed, as it was last heard. @type {Map<string, string>} */
    this.locks = new Map();
    /** What can be undone, the newest last. @type {{what: string, patch: Operation[]}[]} */
    this.done = [];
    /** The stage and the revision whose response is drawn. */
    this.drawn = "";
    this.shown = false;
    this.keyList = text.keyList;
    daemon.on("pipeline", () => this.show());
    setInterval(() => {
      if (this.shown && !document.hidden) void this.look();
    }, LOOK_EVERY_MS);
  }

  /** Loads what the view needs beside the pipeline. */
  async load() {
    this.kinds = await fetchKinds();
    this.control.open();
    return this;
  }

  get keys() {
    return { U: () => void this.undo() };
  }

  /** @param {boolean} shown */
  setShown(shown) {
    this.shown = shown;
    if (!shown) return;
    void this.look();
    fetchPresets().then((presets) => this.bar.list(presets), (error) => this.say(sentenceOf(error)));
  }

  /** Asks how things are. */
  async look() {
    try {
      await this.daemon.askPipeline();
    } catch {
      // The truth bar tells of a connection that is lost.
    }
  }

  /** @returns {void} */
  show() {
    const { pipeline } = this.daemon;
    if (pipeline === null || !this.shown) return;
    this.rates.note(pipeline);
    // A recorder that has ended locks nothing any more.
    for (const id of this.locks.keys()) if (pipeline.status.get(id)?.state !== "running") this.locks.delete(id);
    if (this.selected !== null && !pipeline.stages.has(this.selected)) this.select(null);
    this.graph.show(pipeline, this.rates.perSecond, this.locks, this.selected);
    this.bar.show(pipeline, this.done[this.done.length - 1]?.what ?? "");
    this.document.show(pipeline.config);
    const { selected, panel } = this;
    if (selected === null) return;
    const stage = pipeline.stages.get(selected);
    if (stage !== undefined && panel?.kind !== stage.kind) return this.select(selected);
    panel?.show(pipeline, this.rates.perSecond.get(selected) ?? NaN, this.lockOf(selected));
    void this.showResponse();
  }

  /** Draws what the chosen stage does to each frequency, if it is a filter, once for every revision. */
  async showResponse() {
    const { panel, selected } = this;
    const { revision, stages } = this.daemon.pipeline ?? { revision: 0, stages: new Map() };
    const wanted = JSON.stringify([selected, revision]);
    if (panel === null || selected === null || wanted === this.drawn) return;
    this.drawn = wanted;
    try {
      const rate_hz = (await fetchFilters()).get(selected);
      panel.response.show(rate_hz === undefined ? null : await fetchResponse(selected, rate_hz, stages.get(selected)?.params ?? {}));
    } catch {
      // Asked again when there is something new; the truth bar tells of a connection that is lost.
      this.drawn = "";
    }
  }

  /** @param {string} id */
  lockOf(id) {
    return this.locks.get(id) ?? this.daemon.pipeline?.status.get(id)?.locked ?? "";
  }

  /** @param {string | null} id @returns {void} */
  select(id) {
    const stage = id === null ? undefined : this.daemon.pipeline?.stages.get(id);
    this.selected = stage === undefined ? null : id;
    if (id === null || stage === undefined) {
      this.panel = null;
      this.side.replaceChildren(element("p", { class: "empty" }, text.choose));
      return this.show();
    }
    this.drawn = "";
    this.panel = new StagePanel(id, stage, this.kinds.get(stage.kind), {
      change: (path, value) => void this.changeStage(id, path, value),
      add: () => this.add(id),
      remove: () => void this.remove(id),
      restart: () => void this.order(id, { action: "restart" }, text.restarted(id)),
    });
    this.side.replaceChildren(this.panel.root);
    this.show();
  }

  /** @param {boolean} shown */
  showDocument(shown) {
    this.document.root.hidden = !shown;
    this.body.classList.toggle("with-document", shown);
  }

  /**
   * @param {string} id
   * @param {(string | number)[]} path  below the stage
   * @param {unknown} value
   */
  async changeStage(id, path, value) {
    const whole = pointer("stages", id, ...path);
    const what = text.changeOf(id, path.slice(-1).join(""), value);
    const why = await this.change(what, [value === undefined ? { op: "remove", path: whole } : { op: "add", path: whole, value }]);
    if (why !== "") this.panel?.form.complain(String(path[path.length - 1]), why);
  }

  /**
   * Sends a patch, says what came of it, and keeps the way back.
   * @param {string} what  in words
   * @param {Operation[]} patch
   * @param {boolean} [undoing]
   * @returns {Promise<string>} why not; empty when it was done
   */
  async change(what, patch, undoing = false) {
    const before = this.daemon.pipeline;
    this.say("");
    try {
      const { appliedAt, warnings } = await this.control.send(patch);
      await this.look();
      if (!undoing) this.keep(what, before);
      this.locks.clear();
      const words = text.applied(what, appliedAt);
      this.panel?.showApplied(words);
      this.say([words, ...warnings].join(" "), "good");
      this.show();
      return "";
    } catch (error) {
      return this.refused(error);
    }
  }

  /**
   * Keeps the way back, unless somebody else has changed something meanwhile: that is not ours to undo.
   * @param {string} what
   * @param {import("../shell/answers.js").Pipeline | null} before
   */
  keep(what, before) {
    const after = this.daemon.pipeline;
    if (before === null || after === null || after.revision !== before.revision + 1) return;
    const patch = wayBack(before.config, after.config);
    if (patch.length > 0) this.done.push({ what, patch });
    this.done.splice(0, this.done.length - MOST_UNDO);
  }

  /** @param {unknown} error @returns {string} */
  refused(error) {
    const why = sentenceOf(error);
    if (error instanceof Problem && error.stage !== "" && error.status === 423) {
      this.locks.set(error.stage, text.lockedSince(error.reason || why, error.since_ns));
    }
    const mistakes = error instanceof Problem ? error.mistakes : [];
    const list = mistakes.map(text.mistake);
    const whole = list.length > 0 ? list.join("\n") : why;
    this.say(whole);
    if (this.document.changed) this.document.complain(whole);
    this.show();
    return whole;
  }

  /** @param {string} words @param {"good" | "bad"} [level] */
  say(words, level = "bad") {
    setText(this.message, words);
    this.message.dataset.level = level;
    this.message.hidden = words === "";
  }

  async undo() {
    const last = this.done.pop();
    if (last === undefined) return;
    const why = await this.change(text.undoOf(last.what), last.patch, true);
    if (why !== "") this.show();
  }

  /** @param {string} id */
  add(id) {
    const { pipeline } = this.daemon;
    if (pipeline === null) return;
    showAddStage(id, pipeline, this.kinds, async (added, patch) => {
      const why = await this.change(text.added(added), patch);
      if (why === "") this.select(added);
      return why;
    });
  }

  /** @param {string} id */
  async remove(id) {
    if (await this.order(id, { action: "remove" }, text.removed(id))) this.select(null);
  }

  /**
   * An order for one stage; it is undone like a patch.
   * @param {string} id
   * @param {Record<string, unknown>} order
   * @param {string} what
   * @returns {Promise<boolean>} whether it was done
   */
  async order(id, order, what) {
    const before = this.daemon.pipeline;
    try {
      await ask(`/pipeline/stage/${encodeURIComponent(id)}`, { method: "POST", body: JSON.stringify(order), long: true });
      await this.look();
      this.keep(what, before);
      this.say(what, "good");
      this.show();
      return true;
    } catch (error) {
      this.refused(error);
      return false;
    }
  }

  /**
   * @param {string} query
   * @param {string} [body]
   * @param {string} [type]
   */
  async start(query, body, type) {
    const discards = (query !== "" || body !== undefined) && (this.daemon.pipeline?.changes ?? 0) > 0;
    if (discards && !(await confirmed(text.discard, text.discardYes))) return;
    await this.busy(async () => {
      const options = { method: "POST", long: true, ...(body === undefined ? {} : { body }), ...(type === undefined ? {} : { type }) };
      await ask(`/pipeline/start${query}`, options);
      this.done = [];
      return text.started;
    });
  }

  async stop() {
    await this.busy(async () => {
      await ask("/pipeline/shutdown", { method: "POST", long: true });
      return text.stopped;
    });
  }

  /** @param {() => Promise<string>} work  gives what is to be said when it is done */
  async busy(work) {
    this.bar.setBusy(true);
    this.say(text.working, "good");
    try {
      this.say(await work(), "good");
    } catch (error) {
      this.refused(error);
    } finally {
      this.bar.setBusy(false);
    }
    // Other topics, perhaps.
    await this.daemon.ask();
    this.show();
  }
}
