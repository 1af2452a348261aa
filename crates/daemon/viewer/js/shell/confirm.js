// Asks before something is done that cannot be taken back.

import { text } from "../text/shell.js";
import { button, element, showDialog } from "./dom.js";

/**
 * @param {string} question
 * @param {string} yes  what is done
 * @returns {Promise<boolean>}
 */
export function confirmed(question, yes) {
  return new Promise((answer) => {
    let said = false;
    const agree = element("button", { type: "button", class: "primary" }, yes);
    const dialog = element(
      "dialog",
      { class: "confirm", "aria-label": question },
      element("p", {}, question),
      element("div", { class: "controls" }, agree, button(text.cancel, text.cancel, () => dialog.close())),
    );
    agree.addEventListener("click", () => {
      said = true;
      dialog.close();
    });
    dialog.addEventListener("close", () => answer(said));
    showDialog(dialog);
  });
}
