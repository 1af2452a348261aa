// Which topics are shown: a check box for each, unfolded from one button. A topic that is not shown is not sent either.

import { element } from "../shell/dom.js";
import { menu } from "../shell/menu.js";
import { text } from "../text/scope.js";

export class TopicsMenu {
  /**
   * @param {import("../shell/daemon.js").Daemon} daemon
   * @param {import("../shell/settings.js").Settings} settings
   */
  constructor(daemon, settings) {
    this.daemon = daemon;
    this.settings = settings;
    this.list = element("div");
    this.root = menu(text.topics, text.topicsHint, this.list);
    /** @type {string[]} */
    this.listed = [];
    for (const kind of /** @type {const} */ (["topics", "pipeline"])) daemon.on(kind, () => this.show());
  }

  show() {
    const { daemon, settings } = this;
    const topics = daemon.allTopics;
    if (topics.length === this.listed.length && topics.every((topic, i) => topic === this.listed[i])) return;
    this.listed = topics;
    this.list.replaceChildren(
      ...topics.map((topic) => {
        const input = element("input", { type: "checkbox" });
        input.checked = !settings.hidden.has(topic);
        input.addEventListener("change", () => {
          const hidden = new Set(settings.hidden);
          if (input.checked) hidden.delete(topic);
          else hidden.add(topic);
          settings.set({ hidden });
          daemon.hide(hidden);
        });
        return element("label", {}, input, element("span", { title: topic }, topic));
      }),
    );
  }
}
