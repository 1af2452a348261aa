// One stage in detail: figures, why it is locked, its form, and what can be done with it.

import { button, element, field, fillSelect, select, setText } from "../shell/dom.js";
import { text } from "../text/pipeline.js";
import { Form } from "./form.js";
import { ResponsePlot } from "./response.js";

const POLICIES = ["fatal", "drain_then_stop", "skip_packet"];

/**
 * @typedef {object} StageActions
 * @property {(path: (string | number)[], value: unknown) => void} change  below the stage; `undefined` to leave it out
 * @property {() => void} add  another stage after this one
 * @property {() => void} remove
 * @property {() => void} restart
 */

export class StagePanel {
  /**
   * @param {string} id
   * @param {import("../shell/answers.js").StageDoc} stage
   * @param {import("./catalogue.js").Kind | undefined} kind
   * @param {StageActions} actions
   */
  constructor(id, stage, kind, actions) {
    this.id = id;
    this.kind = stage.kind;
    this.figures = element("dl", { class: "figures" });
    this.lock = element("p", { class: "lock", hidden: "" });
    this.applied = element("p", { class: "applied", role: "status" });
    this.response = new ResponsePlot();
    this.form = new Form(kind?.schema ?? {}, stage.params, (name, value) => actions.change(["params", name], value));
    this.inputs = select(text.inputs, [], (input) => actions.change(["inputs"], [input]));
    this.manyInputs = element("input", { type: "text", spellcheck: "false" });
    this.manyInputs.addEventListener("change", () => {
      actions.change(["inputs"], this.manyInputs.value.split(",").map((input) => input.trim()).filter((input) => input !== ""));
    });
    this.group = element("input", { type: "text", spellcheck: "false" });
    this.group.addEventListener("change", () => actions.change(["group"], this.group.value.trim() || undefined));
    this.policy = select(text.onError, POLICIES.map((policy) => [policy, text.policies[policy] ?? policy]), (policy) => actions.change(["on_error"], policy));
    this.most = kind?.inputs.max ?? 1;
    const about = kind?.schema.description;
    this.root = element(
      "section",
      { class: "stage-panel panel", "aria-label": text.stage(id) },
      element("h2", { title: id }, id),
      element("p", { class: "quiet" }, [stage.kind, typeof about === "string" ? about : ""].filter((part) => part !== "").join(": ")),
      this.lock,
      this.response.root,
      this.form.root,
      this.figures,
      element(
        "details",
        { class: "wiring" },
        element("summary", {}, text.wiring),
        ...(this.most === 0 ? [] : [field(text.inputs, this.most === 1 ? this.inputs : this.manyInputs, text.inputsHint)]),
        field(text.group, this.group, text.groupHint),
        field(text.onError, this.policy, text.onErrorHint),
      ),
      this.applied,
      element(
        "div",
        { class: "controls" },
        button(text.addAfter, text.addAfterHint(id), actions.add),
        button(text.remove, text.removeHint(id), actions.remove),
        button(text.restartStage, text.restartStageHint(id), actions.restart),
      ),
    );
  }

  /**
   * @param {import("../shell/answers.js").Pipeline} pipeline
   * @param {number} rate  packets a second
   * @param {string} lock  why it must not be disturbed; empty when it may be
   */
  show(pipeline, rate, lock) {
    const stage = pipeline.stages.get(this.id);
    if (stage === undefined) return;
    const status = pipeline.status.get(this.id);
    this.form.show(stage.params);
    const others = [...pipeline.stages].filter(([id]) => id !== this.id && pipeline.status.get(id)?.role !== "sink").map(([id]) => id);
    fillSelect(this.inputs, others.map((id) => [id, id]));
    if (this.inputs !== document.activeElement) this.inputs.value = stage.inputs[0] ?? "";
    if (this.manyInputs !== document.activeElement) this.manyInputs.value = stage.inputs.join(", ");
    if (this.group !== document.activeElement) this.group.value = stage.group || (status?.group ?? "");
    if (this.policy !== document.activeElement) this.policy.value = stage.onError;
    this.lock.hidden = lock === "";
    setText(this.lock, lock === "" ? "" : text.locked(lock));
    const lines = status === undefined ? [] : text.statusLines(status, rate);
    if (this.figures.children.length !== lines.length) {
      this.figures.replaceChildren(...lines.map(() => element("div", {}, element("dt"), element("dd"))));
    }
    lines.forEach(([name, value], i) => {
      const [dt, dd] = this.figures.children[i]?.children ?? [];
      if (dt === undefined || dd === undefined) return;
      setText(dt, name);
      setText(dd, value);
    });
  }

  /** @param {string} words */
  showApplied(words) {
    setText(this.applied, words);
  }
}
