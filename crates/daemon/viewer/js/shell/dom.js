// Makes elements. Whatever comes from outside goes in as text, never as markup.

/**
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Record<string, string>} [attributes]
 * @param {...(Node | string)} children  strings become text nodes
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

const SVG = "http://www.w3.org/2000/svg";

/**
 * @template {keyof SVGElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Record<string, string | number>} [attributes]
 * @param {...(Node | string)} children
 * @returns {SVGElementTagNameMap[Tag]}
 */
export function drawing(tag, attributes = {}, ...children) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, String(value));
  made.append(...children);
  return made;
}

/**
 * Writes only what differs, so that a screen reader and the layout are left alone otherwise.
 * @param {Node} node
 * @param {string} content
 */
export function setText(node, content) {
  if (node.textContent !== content) node.textContent = content;
}

/**
 * @param {string} label  what is seen
 * @param {string} name  the whole of it: for those who do not see it, and as a hint; it begins with the label
 * @param {() => void} pressed
 * @returns {HTMLButtonElement}
 */
export function button(label, name, pressed) {
  const made = element("button", { type: "button", title: name, "aria-label": name }, label);
  made.addEventListener("click", pressed);
  return made;
}

/**
 * A choice.
 * @param {string} name  for those who do not see it
 * @param {readonly (readonly [string, string])[]} options  value and what is seen
 * @param {(value: string) => void} chosen
 * @returns {HTMLSelectElement}
 */
export function select(name, options, chosen) {
  const made = element("select", { "aria-label": name });
  fillSelect(made, options);
  made.addEventListener("change", () => chosen(made.value));
  return made;
}

/**
 * @param {HTMLSelectElement} made
 * @param {readonly (readonly [string, string])[]} options
 */
export function fillSelect(made, options) {
  const same = made.options.length === options.length && options.every(([value, label], i) => made.options[i]?.value === value && made.options[i]?.text === label);
  if (same) return;
  made.replaceChildren(...options.map(([value, label]) => element("option", { value }, label)));
}

/**
 * A choice among numbers.
 * @param {string} name  for those who do not see it
 * @param {readonly number[]} values
 * @param {(value: number) => string} label
 * @param {(value: number) => void} chosen
 * @returns {HTMLSelectElement}
 */
export function numberSelect(name, values, label, chosen) {
  const made = select(name, [], (value) => chosen(Number(value)));
  fillNumberSelect(made, values, label);
  return made;
}

/**
 * @param {HTMLSelectElement} made
 * @param {readonly number[]} values
 * @param {(value: number) => string} label
 */
export function fillNumberSelect(made, values, label) {
  fillSelect(made, values.map((value) => [String(value), label(value)]));
}

/**
 * A label above its control.
 * @param {string} label
 * @param {HTMLElement} control
 * @param {string} [hint]
 */
export function field(label, control, hint = "") {
  const made = element("label", { class: "field" }, element("span", {}, label), control);
  if (hint !== "") made.title = hint;
  return made;
}

/**
 * The value `step` places from the one nearest to `current`; the first or last when it would leave the list.
 * @param {readonly number[]} values  in rising order
 * @param {number} current
 * @param {number} step
 * @returns {number}
 */
export function stepThrough(values, current, step) {
  let nearest = 0;
  values.forEach((value, i) => {
    if (Math.abs(value - current) < Math.abs(/** @type {number} */ (values[nearest]) - current)) nearest = i;
  });
  const index = Math.min(values.length - 1, Math.max(0, nearest + step));
  return /** @type {number} */ (values[index]);
}

/**
 * Shows a dialog that takes the page's place until it is closed; the focus returns to where it was.
 * @param {HTMLDialogElement} dialog
 */
export function showDialog(dialog) {
  document.body.append(dialog);
  dialog.addEventListener("close", () => dialog.remove());
  dialog.showModal();
}

/** @type {Map<string, Promise<void>>} */
const styles = new Map();

/**
 * Loads a style sheet, once.
 * @param {string} address
 * @returns {Promise<void>} when it holds
 */
export function loadStyle(address) {
  const loading = styles.get(address) ?? newStyle(address);
  styles.set(address, loading);
  // After a failure the next one tries again.
  loading.catch(() => styles.delete(address));
  return loading;
}

/** @param {string} address @returns {Promise<void>} */
function newStyle(address) {
  return new Promise((done, failed) => {
    const link = element("link", { rel: "stylesheet", href: address });
    link.addEventListener("load", () => done());
    link.addEventListener("error", failed);
    document.head.append(link);
  });
}
