// Controls that unfold below a button: open until Escape, or a press elsewhere.

import { element } from "./dom.js";

/**
 * @param {string} label
 * @param {string} hint
 * @param {...Node} children
 * @returns {HTMLDetailsElement}
 */
export function menu(label, hint, ...children) {
  const root = element("details", { class: "menu" }, element("summary", { title: hint, "aria-label": `${label}: ${hint}` }, label), element("div", { class: "choices" }, ...children));
  addEventListener("pointerdown", (event) => {
    if (root.open && !root.contains(/** @type {Node} */ (event.target))) root.open = false;
  });
  root.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !root.open) return;
    event.stopPropagation();
    root.open = false;
    root.querySelector("summary")?.focus();
  });
  return root;
}
