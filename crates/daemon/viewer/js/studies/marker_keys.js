// Markers from any view: a key sets one, M asks for its text.

import { button, element, field, showDialog } from "../shell/dom.js";
import { sentenceOf } from "../shell/http.js";
import { text } from "../text/studies.js";
import { setMarker, wordsOf } from "./studies.js";

/**
 * @param {import("../shell/settings.js").Settings} settings
 * @param {number} i  from 0
 * @returns {Promise<string>} what came of it, in words
 */
export function markByKey(settings, i) {
  return mark(wordsOf(settings, i));
}

/** @param {(words: string) => void} said  told what came of it */
export function askMarker(said) {
  const input = element("input", { type: "text", maxlength: "250", required: "", autocomplete: "off" });
  const form = element(
    "form",
    { method: "dialog" },
    element("h2", {}, text.markerTitle),
    field(text.free, input),
    element("div", { class: "controls" }, element("button", { class: "primary" }, text.set), button(text.cancel, text.cancel, () => dialog.close())),
  );
  const dialog = element("dialog", { class: "token", "aria-label": text.markerTitle }, form);
  form.addEventListener("submit", () => void mark(input.value.trim()).then(said));
  showDialog(dialog);
  input.focus();
}

/** @param {string} words */
async function mark(words) {
  try {
    return text.marked(words, await setMarker(words));
  } catch (error) {
    return sentenceOf(error);
  }
}
