// A form for a stage's parameters, generated from its JSON Schema. What is changed is handed on at once, checked for its range.

import { element, fillSelect, select, setText } from "../shell/dom.js";
import { text } from "../text/pipeline.js";
import { FieldError, parse, print } from "./field_text.js";
import { fieldsOf } from "./schema.js";

let serial = 0;

export class Form {
  /**
   * @param {import("./schema.js").Schema} schema
   * @param {Record<string, unknown>} params  what they are now
   * @param {(name: string, value: unknown) => void} changed  `undefined` when a parameter is to be left out
   */
  constructor(schema, params, changed) {
    this.changed = changed;
    this.params = params;
    /** @type {Map<string, Control>} */
    this.controls = new Map(fieldsOf(schema).map((field) => [field.name, new Control(field, params[field.name], (value) => this.take(field.name, value))]));
    const rows = [...this.controls.values()].map(({ root }) => root);
    this.root = element("div", { class: "form-fields" }, ...(rows.length > 0 ? rows : [element("p", { class: "quiet" }, text.noParameters)]));
  }

  /** @param {string} name @param {unknown} value */
  take(name, value) {
    const { [name]: before, ...rest } = this.params;
    this.params = value === undefined ? rest : { ...rest, [name]: value };
    this.changed(name, value);
  }

  /** Whether everything typed so far is a value. */
  get valid() {
    return [...this.controls.values()].every((control) => control.valid);
  }

  /**
   * Shows other values; what is being typed is left alone.
   * @param {Record<string, unknown>} params
   */
  show(params) {
    this.params = params;
    for (const [name, control] of this.controls) control.show(params[name]);
  }

  /**
   * The daemon has something to say of one parameter.
   * @param {string} name
   * @param {string} complaint
   * @returns {boolean} whether there is such a field
   */
  complain(name, complaint) {
    const control = this.controls.get(name);
    control?.complain(complaint);
    return control !== undefined;
  }
}

class Control {
  /**
   * @param {import("./schema.js").Field} field
   * @param {unknown} value
   * @param {(value: unknown) => void} changed
   */
  constructor(field, value, changed) {
    this.field = field;
    this.value = value;
    this.changed = changed;
    const id = `field-${(serial += 1)}`;
    this.input = this.make();
    this.input.id = id;
    this.input.setAttribute("aria-describedby", `${id}-about ${id}-complaint`);
    this.complaint = element("p", { class: "complaint", id: `${id}-complaint`, role: "alert" });
    const range = text.range(field.min, field.max, field.unit);
    const about = [field.description, range].filter((part) => part !== "").join(" ");
    this.root = element(
      "div",
      { class: "form-field", title: about },
      element("label", { for: id }, field.name),
      element("div", { class: "with-unit" }, this.input, ...(field.unit === "" ? [] : [element("span", { class: "unit" }, field.unit)])),
      element("p", { class: "about", id: `${id}-about` }, about),
      this.complaint,
    );
    this.show(value);
  }

  /** @returns {HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement} */
  make() {
    const { field } = this;
    switch (field.type) {
      case "boolean": {
        const input = element("input", { type: "checkbox" });
        input.addEventListener("change", () => this.set(input.checked));
        return input;
      }
      case "choice": {
        const made = select(field.name, [], (typed) => this.set(typed === "" ? undefined : field.choices[Number(typed)]?.value));
        const none = field.required ? [] : [/** @type {[string, string]} */ (["", text.standard(field.standard)])];
        fillSelect(made, [...none, ...field.choices.map(({ value }, i) => /** @type {[string, string]} */ ([String(i), String(value)]))]);
        made.removeAttribute("aria-label");
        return made;
      }
      case "number":
      case "integer": {
        const input = element("input", { type: "number", step: field.type === "integer" ? "1" : "any", inputmode: "decimal" });
        if (field.min !== null) input.min = String(field.min);
        if (field.max !== null) input.max = String(field.max);
        input.addEventListener("change", () => this.take(input.validity.badInput ? "?" : input.value));
        return this.withStandard(input);
      }
      case "map":
      case "json": {
        const area = element("textarea", { rows: "4", spellcheck: "false" });
        area.addEventListener("change", () => this.take(area.value));
        return this.withStandard(area);
      }
      default: {
        const input = element("input", { type: "text", spellcheck: "false", autocomplete: "off" });
        input.addEventListener("change", () => this.take(input.value));
        return this.withStandard(input);
      }
    }
  }

  /**
   * @template {HTMLInputElement | HTMLTextAreaElement} Input
   * @param {Input} input
   * @returns {Input}
   */
  withStandard(input) {
    const { standard, required } = this.field;
    if (!required) input.placeholder = text.standard(standard === undefined ? undefined : print(this.field, standard));
    return input;
  }

  /** @param {string} typed */
  take(typed) {
    try {
      this.set(parse(this.field, typed, this.value));
    } catch (error) {
      if (!(error instanceof FieldError)) throw error;
      this.complain(error.message);
    }
  }

  /** @param {unknown} value */
  set(value) {
    this.complain("");
    this.value = value;
    this.changed(value);
  }

  get valid() {
    return this.complaint.textContent === "";
  }

  /** @param {unknown} value */
  show(value) {
    if (this.input === document.activeElement && this.input.isConnected) return;
    if (!this.valid && JSON.stringify(value) === JSON.stringify(this.value)) return;
    this.value = value;
    this.complain("");
    const { field, input } = this;
    if (input instanceof HTMLInputElement && input.type === "checkbox") input.checked = value === undefined ? field.standard === true : value === true;
    else if (input instanceof HTMLSelectElement) input.value = indexOf(field, value);
    else input.value = print(field, value);
  }

  /** @param {string} complaint  empty for none */
  complain(complaint) {
    setText(this.complaint, complaint);
    if (complaint === "") this.input.removeAttribute("aria-invalid");
    else this.input.setAttribute("aria-invalid", "true");
  }
}

/** @param {import("./schema.js").Field} field @param {unknown} value */
function indexOf({ choices }, value) {
  const index = choices.findIndex((choice) => choice.value === value);
  return index < 0 ? "" : String(index);
}
