// The dialog for another stage: its kind, its name, its parameters, and whether it comes between what is there.

import { button, element, field, select, setText, showDialog } from "../shell/dom.js";
import { text } from "../text/pipeline.js";
import { Form } from "./form.js";
import { pointer } from "./json_patch.js";

/** @typedef {import("./json_patch.js").Operation} Operation */

/**
 * @param {string} after  the stage that feeds the new one
 * @param {import("../shell/answers.js").Pipeline} pipeline
 * @param {ReadonlyMap<string, import("./catalogue.js").Kind>} kinds
 * @param {(id: string, patch: Operation[]) => Promise<string>} add  answers why not; empty when it was added
 */
export function showAddStage(after, pipeline, kinds, add) {
  const fitting = [...kinds.values()].filter(({ role, inputs }) => role !== "source" && inputs.min <= 1);
  const first = fitting[0];
  if (first === undefined) return;
  const idInput = element("input", { type: "text", spellcheck: "false", autocomplete: "off", required: "" });
  const between = element("input", { type: "checkbox" });
  const about = element("p", { class: "quiet" });
  const fields = element("div");
  const complaint = element("p", { class: "complaint", role: "alert" });
  let { params, form } = blank();
  const choose = select(text.kind, fitting.map(({ kind, role }) => [kind, text.kindOption(kind, role)]), show);

  function blank() {
    return { params: /** @type {Record<string, unknown>} */ ({}), form: new Form({}, {}, () => {}) };
  }

  /** @param {string} name */
  function show(name) {
    const kind = kinds.get(name) ?? first;
    if (kind === undefined) return;
    params = { ...kind.example };
    form = new Form(kind.schema, params, (key, value) => {
      if (value === undefined) delete params[key];
      else params[key] = value;
    });
    fields.replaceChildren(form.root);
    setText(about, typeof kind.schema.description === "string" ? kind.schema.description : "");
    idInput.value = freeId(name, pipeline.stages);
    between.checked = kind.role === "transform" && feeds(after, pipeline).length > 0;
    between.disabled = kind.role !== "transform" || feeds(after, pipeline).length === 0;
    setText(complaint, "");
  }

  show(first.kind);
  const formElement = element(
    "form",
    { method: "dialog" },
    element("h2", {}, text.addTitle(after)),
    field(text.kind, choose),
    about,
    field(text.id, idInput, text.idHint),
    element("label", { class: "check", title: text.betweenHint }, between, element("span", {}, text.between(after))),
    fields,
    complaint,
    element("div", { class: "controls" }, element("button", { class: "primary" }, text.add), button(text.cancel, text.cancel, () => dialog.close())),
  );
  const dialog = element("dialog", { class: "add-stage", "aria-label": text.addTitle(after) }, formElement);
  formElement.addEventListener("submit", (event) => {
    event.preventDefault();
    if (!form.valid) return;
    const id = idInput.value.trim();
    const patch = additionOf(id, choose.value, params, after, between.checked, pipeline);
    void add(id, patch).then((why) => {
      if (why === "") dialog.close();
      else setText(complaint, why);
    });
  });
  showDialog(dialog);
}

/**
 * @param {string} id
 * @param {string} kind
 * @param {Record<string, unknown>} params
 * @param {string} after
 * @param {boolean} between  it takes the place of `after` for all that `after` feeds
 * @param {import("../shell/answers.js").Pipeline} pipeline
 * @returns {Operation[]}
 */
export function additionOf(id, kind, params, after, between, pipeline) {
  /** @type {Operation[]} */
  const patch = [{ op: "add", path: pointer("stages", id), value: { kind, inputs: [after], params } }];
  if (!between) return patch;
  for (const [fed, { inputs }] of feeds(after, pipeline)) {
    patch.push({ op: "replace", path: pointer("stages", fed, "inputs"), value: inputs.map((input) => (input === after ? id : input)) });
  }
  return patch;
}

/** @param {string} id @param {import("../shell/answers.js").Pipeline} pipeline */
function feeds(id, { stages }) {
  return [...stages].filter(([, { inputs }]) => inputs.includes(id));
}

/** @param {string} kind @param {ReadonlyMap<string, unknown>} stages */
export function freeId(kind, stages) {
  let id = kind;
  for (let n = 2; stages.has(id); n++) id = `${kind}_${n}`;
  return id;
}
