// Markers: nine that keys set, one with free text, and what has happened lately.

import { element, field, setText } from "../shell/dom.js";
import { sentenceOf } from "../shell/http.js";
import { text } from "../text/studies.js";
import { setMarker, wordsOf } from "./studies.js";

const QUICK = 9;
const LATEST = 30;

export class Markers {
  /**
   * @param {import("../shell/daemon.js").Daemon} daemon
   * @param {import("../shell/settings.js").Settings} settings
   */
  constructor(daemon, settings) {
    this.settings = settings;
    this.said = element("p", { role: "status", class: "said" });
    this.free = element("input", { type: "text", maxlength: "250", autocomplete: "off" });
    const form = element("form", { class: "free" }, field(text.free, this.free), element("button", {}, text.set));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.mark(this.free.value.trim()).then((done) => {
        if (done) this.free.value = "";
      });
    });
    this.events = element("ol", { class: "events", "aria-label": text.latest });
    this.root = element(
      "section",
      { class: "panel markers", "aria-label": text.markers },
      element("h2", {}, text.markers),
      element("p", { class: "quiet" }, text.markersHint),
      form,
      element("div", { class: "quick" }, ...Array.from({ length: QUICK }, (_, i) => this.quick(i))),
      this.said,
      this.events,
    );
    daemon.on("event", ({ event }) => {
      if (Number.isNaN(event.time_s)) return;
      this.events.prepend(element("li", {}, text.event(event.time_s, event.kind, event.text)));
      while (this.events.children.length > LATEST) this.events.lastElementChild?.remove();
    });
  }

  /** @param {number} i */
  wordsOf(i) {
    return wordsOf(this.settings, i);
  }

  /** One of the nine: what it says, and a button. @param {number} i */
  quick(i) {
    const input = element("input", { type: "text", maxlength: "250", "aria-label": text.markerText(i + 1), placeholder: text.plainMarker(i + 1) });
    input.value = this.settings.markers[i] ?? "";
    const press = element("button", { type: "button" });
    const name = () => {
      setText(press, String(i + 1));
      press.setAttribute("aria-label", text.setMarker(i + 1, this.wordsOf(i)));
    };
    input.addEventListener("change", () => {
      const markers = Array.from({ length: QUICK }, (_, k) => this.settings.markers[k] ?? "");
      markers[i] = input.value.trim();
      this.settings.set({ markers });
      name();
    });
    press.addEventListener("click", () => void this.mark(this.wordsOf(i)));
    name();
    return element("div", { class: "group" }, press, input);
  }

  /** @param {string} words @returns {Promise<boolean>} whether it was set */
  async mark(words) {
    if (words === "") return false;
    try {
      setText(this.said, text.marked(words, await setMarker(words)));
      return true;
    } catch (error) {
      setText(this.said, sentenceOf(error));
      return false;
    }
  }
}
