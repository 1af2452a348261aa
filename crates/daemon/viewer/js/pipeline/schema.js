// From a stage's JSON Schema to the fields of its form: kind of control, range, unit, words.

/**
 * @typedef {object} Field
 * @property {string} name
 * @property {"number" | "integer" | "string" | "boolean" | "choice" | "numbers" | "strings" | "map" | "json"} type
 * @property {string} unit  as it is written; empty for none
 * @property {string} description
 * @property {boolean} required
 * @property {number | null} min
 * @property {number | null} max
 * @property {{value: unknown, description: string}[]} choices
 * @property {unknown} standard  what it is when it is left out; undefined for nothing
 *
 * @typedef {Record<string, any>} Schema
 */

/** Endings of names, and the unit they stand for. @type {[RegExp, string][]} */
const UNITS = [
  [/(^|_)hz$/, "Hz"],
  [/^sps$/, "samples/s"],
  [/_ms$/, "ms"],
  [/_us$/, "µs"],
  [/_ns$/, "ns"],
  [/_s$/, "s"],
  [/_uv$/, "µV"],
  [/_mv$/, "mV"],
  [/_db$/, "dB"],
  [/_ppm$/, "ppm"],
  [/_samples$|_frames$/, "samples"],
  [/_(k?)ohm$/, "Ω"],
  [/_bytes$/, "bytes"],
  [/_(percent|pct)$/, "%"],
];

/**
 * @param {Schema} schema  of an object
 * @returns {Field[]} in the schema's order
 */
export function fieldsOf(schema) {
  const required = Array.isArray(schema.required) ? schema.required : [];
  return Object.entries(schema.properties ?? {}).map(([name, given]) => {
    const property = resolve(schema, given);
    const { type, choices } = typeOf(schema, property);
    return {
      name,
      type,
      choices,
      unit: /^(number|integer|numbers)$/.test(type) ? unitOf(name) : "",
      description: text(given.description) || text(property.description),
      required: required.includes(name),
      min: bound(property.minimum, property.exclusiveMinimum),
      max: bound(property.maximum, property.exclusiveMaximum),
      standard: given.default ?? property.default,
    };
  });
}

/** @param {string} name */
export function unitOf(name) {
  return UNITS.find(([ending]) => ending.test(name))?.[1] ?? "";
}

/**
 * Follows references, and takes `null` out of a choice between something and nothing.
 * @param {Schema} root
 * @param {Schema} schema
 * @returns {Schema}
 */
function resolve(root, schema) {
  const { $ref, anyOf, allOf } = schema;
  if (typeof $ref === "string") {
    const named = root.$defs?.[$ref.replace("#/$defs/", "")] ?? {};
    return { ...resolve(root, named), ...omit(schema, "$ref") };
  }
  if (Array.isArray(anyOf)) {
    const some = anyOf.filter((/** @type {Schema} */ option) => option.type !== "null");
    if (some.length === 1) return { ...resolve(root, some[0]), ...omit(schema, "anyOf") };
  }
  if (Array.isArray(allOf) && allOf.length === 1) return { ...resolve(root, allOf[0]), ...omit(schema, "allOf") };
  return schema;
}

/**
 * @param {Schema} root
 * @param {Schema} property
 * @returns {{type: Field["type"], choices: Field["choices"]}}
 */
function typeOf(root, property) {
  const choices = choicesOf(property);
  if (choices.length > 0) return { type: "choice", choices };
  const types = [property.type].flat().filter((type) => type !== "null");
  const items = resolve(root, property.items ?? {});
  const values = resolve(root, isObject(property.additionalProperties) ? property.additionalProperties : {});
  const simple = (/** @type {Schema} */ { type }) => type === "number" || type === "integer";
  switch (types.length === 1 ? types[0] : "") {
    case "number":
    case "integer":
    case "string":
    case "boolean":
      return { type: types[0], choices };
    case "array":
      if (simple(items)) return { type: "numbers", choices };
      return { type: items.type === "string" && choicesOf(items).length === 0 ? "strings" : "json", choices };
    case "object": {
      const list = values.type === "array" && simple(resolve(root, values.items ?? {}));
      return { type: list || simple(values) || values.type === "string" ? "map" : "json", choices };
    }
    default:
      return { type: "json", choices };
  }
}

/** @param {Schema} property @returns {Field["choices"]} */
function choicesOf({ oneOf, enum: values }) {
  if (Array.isArray(values)) return values.filter((value) => value !== null).map((value) => ({ value, description: "" }));
  if (!Array.isArray(oneOf)) return [];
  /** @type {Field["choices"]} */
  const choices = [];
  for (const option of oneOf) {
    const values = "const" in option ? [option.const] : Array.isArray(option.enum) ? option.enum : null;
    // One that is no plain value: not a choice among values.
    if (values === null) return [];
    for (const value of values) choices.push({ value, description: text(option.description) });
  }
  return choices;
}

/** @param {unknown} inclusive @param {unknown} exclusive */
function bound(inclusive, exclusive) {
  const found = [inclusive, exclusive].find((value) => typeof value === "number");
  return typeof found === "number" ? found : null;
}

/** @param {Schema} schema @param {string} key @returns {Schema} */
const omit = (schema, key) => Object.fromEntries(Object.entries(schema).filter(([name]) => name !== key));
/** @param {unknown} value */
const text = (value) => (typeof value === "string" ? value : "");
/** @param {unknown} value @returns {value is Schema} */
const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);
