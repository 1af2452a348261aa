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

/**
 * Writes only what differs, so that a screen reader and the layout are left alone otherwise.
 * @param {Node} node
 * @param {string} content
 */
export function setText(node, content) {
  if (node.textContent !== content) node.textContent = content;
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
  const select = element("select", { "aria-label": name });
  fillNumberSelect(select, values, label);
  select.addEventListener("change", () => chosen(Number(select.value)));
  return select;
}

/**
 * @param {HTMLSelectElement} select
 * @param {readonly number[]} values
 * @param {(value: number) => string} label
 */
export function fillNumberSelect(select, values, label) {
  select.replaceChildren(...values.map((value) => element("option", { value: String(value) }, label(value))));
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
