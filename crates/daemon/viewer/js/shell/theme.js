// The colours of the canvases, read from the style sheet, where dark and light are decided.

const TRACES = 8;

/** @returns {import("../engine/ink.js").Ink} */
export function readInk() {
  const style = getComputedStyle(document.documentElement);
  const colour = (/** @type {string} */ name) => style.getPropertyValue(`--${name}`).trim();
  return {
    traces: Array.from({ length: TRACES }, (_, i) => colour(`trace-${i + 1}`)),
    ghost: colour("ghost"),
    gapLine: colour("gap-line"),
    gapGround: colour("gap-ground"),
    breakLine: colour("break"),
    edge: colour("accent"),
    mark: colour("mark"),
    markText: colour("ink"),
    paper: colour("panel"),
    font: style.fontFamily,
  };
}

/** A colour of the style sheet by its name. @param {string} name */
export function colourOf(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

/**
 * Calls `changed` at every change between dark and light.
 * @param {() => void} changed
 */
export function followTheme(changed) {
  for (const query of ["(prefers-color-scheme: dark)", "(prefers-contrast: more)"]) {
    matchMedia(query).addEventListener("change", changed);
  }
}
