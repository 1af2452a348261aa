// Asks for the token of a daemon that listens on the network.

import { text } from "../text/shell.js";
import { element, field, showDialog } from "./dom.js";
import { token } from "./http.js";

/** @param {() => void} given  called once a token was entered */
export function askToken(given) {
  if (document.querySelector("dialog[data-asks]") !== null) return;
  const input = element("input", { type: "password", autocomplete: "current-password", required: "" });
  const form = element(
    "form",
    { method: "dialog" },
    element("h2", {}, text.tokenTitle),
    element("p", {}, token.value === null ? text.tokenHint : text.tokenWrong),
    field(text.tokenLabel, input),
    element("button", { class: "primary" }, text.tokenSend),
  );
  const dialog = element("dialog", { class: "token", "data-asks": "token", "aria-label": text.tokenTitle }, form);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    token.set(input.value.trim());
    dialog.close();
    given();
  });
  showDialog(dialog);
  input.focus();
}
