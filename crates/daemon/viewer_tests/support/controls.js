// Which controls of the page tests have seen, and which of them they have used: EEGD_CONTROLS names the folder for the notes.
// `node controls_used.js FOLDER` compares the two once all tests have run.

import { writeFileSync } from "node:fs";
import { join } from "node:path";

const FOLDER = process.env.EEGD_CONTROLS;

/** @type {{seen: Set<string>, used: Set<string>}} */
const notes = { seen: new Set(), used: new Set() };
if (FOLDER !== undefined) {
  process.on("exit", () => {
    const { seen, used } = notes;
    writeFileSync(join(FOLDER, `${process.pid}.json`), JSON.stringify({ seen: [...seen], used: [...used] }));
  });
}

/** Has every page of a context note its controls. @param {import("playwright-core").BrowserContext} context */
export async function noteControls(context) {
  if (FOLDER === undefined) return;
  await context.exposeBinding("noteControl", (_, /** @type {"seen" | "used"} */ what, /** @type {string} */ name) => void notes[what].add(name));
  await context.addInitScript(watch);
}

/** Runs in the page. */
function watch() {
  const CONTROLS = "button, select, input, textarea, summary, a[href], section.scope";
  const noted = new Set();
  const note = (/** @type {string} */ what, /** @type {string} */ name) => {
    if (noted.has(what + name)) return;
    noted.add(what + name);
    /** @type {any} */ (window).noteControl(what, name);
  };
  const wordsOf = (/** @type {Element} */ control) => {
    const by = document.getElementById(control.getAttribute("aria-labelledby") ?? "");
    const label = /** @type {HTMLInputElement} */ (control).labels?.[0];
    const name = control.getAttribute("aria-label") ?? by?.textContent ?? label?.textContent ?? control.textContent ?? "";
    return name.trim().split(/[\s:]+/).map((word) => word.replace(/^\d+$/, "N"));
  };
  /** A control by its place and what it does; the names of stages, channels and files that are in its name are left out. */
  const nameOf = (/** @type {Element} */ control) => {
    const dialog = control.closest("dialog");
    const around = control.closest(".scope, .view, header.top, footer, main")?.className.replace(/^view /, "").split(" ")[0];
    const place = dialog !== null ? `dialog "${wordsOf(dialog).slice(0, 2).join(" ")}"` : around || "page";
    if (control.matches(".scope")) return "a scope, by keyboard";
    const kind = `${control.tagName.toLowerCase()}${control instanceof HTMLInputElement ? `[${control.type}]` : ""}`;
    if (control.closest(".form-field") !== null) return `${place.split(" ")[0]}: a stage's parameter, ${kind}`;
    if (control.matches(".stage, .labels button, .files a, fieldset input, .choices label:not(.field) input")) return `${place}: ${kind}, one of many`;
    const words = wordsOf(control);
    const last = words[words.length - 1] ?? "";
    return `${place}: ${kind} ${words[0]}${/^(up|down)$/.test(last) ? ` ${last}` : ""}`;
  };
  const look = () => {
    for (const control of document.querySelectorAll(CONTROLS)) {
      const isThere = control.checkVisibility({ visibilityProperty: true }) && !(/** @type {HTMLButtonElement} */ (control).disabled);
      if (isThere) note("seen", nameOf(control));
    }
  };
  setInterval(look, 200);
  for (const event of ["click", "change", "input", "keydown"]) {
    addEventListener(
      event,
      ({ target }) => {
        const control = target instanceof Element ? target.closest(CONTROLS) : null;
        // A key on a button may be one of the page's own; pressed by key it is clicked as well.
        if (control === null || (event === "keydown" && !control.matches(".scope, input, textarea"))) return;
        if (control.matches(".scope") && event !== "keydown") return;
        note("seen", nameOf(control));
        note("used", nameOf(control));
      },
      true,
    );
  }
}
