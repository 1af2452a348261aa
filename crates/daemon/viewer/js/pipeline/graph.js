// The graph drawn: a button for each stage with its figures, a line for each edge, a colour bar for each group.

import { entries } from "../shell/answers.js";
import { drawing, element, setText } from "../shell/dom.js";
import { text } from "../text/pipeline.js";
import { layoutOf } from "./layout.js";

/** CSS pixels. */
const WIDTH = 212;
const HEIGHT = 84;
const GAP_X = 18;
const GAP_Y = 30;

/** @typedef {import("../shell/answers.js").Pipeline} Pipeline */

export class Graph {
  /** @param {(id: string) => void} chosen */
  constructor(chosen) {
    this.chosen = chosen;
    this.lines = drawing("svg", { class: "edges", "aria-hidden": "true" });
    this.board = element("div", { class: "board" }, this.lines);
    this.legend = element("ul", { class: "legend", "aria-label": text.groups });
    this.root = element("div", { class: "graph panel", role: "group", "aria-label": text.graph }, this.legend, this.board);
    /** @type {Map<string, Node>} */
    this.nodes = new Map();
    this.form = "";
  }

  /**
   * @param {Pipeline} pipeline
   * @param {ReadonlyMap<string, number>} rates  packets a second of each stage
   * @param {ReadonlyMap<string, string>} locks  why a stage must not be disturbed
   * @param {string | null} selected
   */
  show(pipeline, rates, locks, selected) {
    const form = JSON.stringify([...pipeline.stages].map(([id, { kind, inputs }]) => [id, kind, inputs]));
    if (form !== this.form) this.arrange(pipeline);
    this.form = form;
    const groups = [...new Set([...pipeline.status.values()].map(({ group }) => group))];
    this.showGroups(groups, pipeline);
    for (const [id, node] of this.nodes) {
      const status = pipeline.status.get(id);
      node.show(status, rates.get(id) ?? NaN, locks.get(id) ?? status?.locked ?? "", groups.indexOf(status?.group ?? ""), id === selected);
    }
  }

  /**
   * Which colour is which group, the cores it is bound to, and the priority its threads have.
   * @param {string[]} groups
   * @param {Pipeline} pipeline
   */
  showGroups(groups, { config, threads }) {
    const settings = new Map(entries(config.groups));
    const words = groups.map((name) => {
      const cores = settings.get(name)?.cores;
      const own = threads.filter(({ group }) => group === name);
      return [
        text.groupCores(name, Array.isArray(cores) ? cores.filter((core) => typeof core === "number") : []),
        ...new Set(own.filter(({ priority }) => Number.isFinite(priority)).map(({ priority }) => text.priority(priority))),
        ...new Set(own.flatMap(({ refused }) => refused)),
      ].join(", ");
    });
    if (words.join("\n") === [...this.legend.children].map((child) => child.textContent).join("\n")) return;
    this.legend.replaceChildren(...words.map((word, i) => element("li", { "data-group": String(i % 4), title: word }, word)));
  }

  /** @param {Pipeline} pipeline */
  arrange({ stages }) {
    const { places, edges, levels, columns } = layoutOf(stages);
    const focused = [...this.nodes].find(([, { root }]) => root === document.activeElement)?.[0];
    const left = (/** @type {number} */ column) => column * (WIDTH + GAP_X);
    const top = (/** @type {number} */ level) => level * (HEIGHT + GAP_Y);
    const width = Math.max(0, columns * (WIDTH + GAP_X) - GAP_X);
    const height = Math.max(0, levels * (HEIGHT + GAP_Y) - GAP_Y);
    this.board.style.width = `${width}px`;
    this.board.style.height = `${height}px`;
    this.lines.setAttribute("viewBox", `0 0 ${width} ${height}`);
    const placeOf = new Map(places.map((place) => [place.id, place]));
    this.lines.replaceChildren(
      ...edges.map(({ from, to }) => {
        const [a, b] = [placeOf.get(from), placeOf.get(to)];
        const [x1, y1] = [left(a?.column ?? 0) + WIDTH / 2, top(a?.level ?? 0) + HEIGHT];
        const [x2, y2] = [left(b?.column ?? 0) + WIDTH / 2, top(b?.level ?? 0)];
        return drawing("path", { d: `M${x1} ${y1} C${x1} ${y1 + GAP_Y} ${x2} ${y2 - GAP_Y} ${x2} ${y2}` });
      }),
    );
    this.nodes = new Map(
      places.map(({ id, level, column }) => {
        const node = new Node(id, stages.get(id)?.kind ?? "", () => this.chosen(id));
        node.root.style.left = `${left(column)}px`;
        node.root.style.top = `${top(level)}px`;
        return [id, node];
      }),
    );
    this.board.replaceChildren(this.lines, ...[...this.nodes.values()].map(({ root }) => root));
    if (focused !== undefined) this.nodes.get(focused)?.root.focus();
  }
}

class Node {
  /**
   * @param {string} id
   * @param {string} kind
   * @param {() => void} pressed
   */
  constructor(id, kind, pressed) {
    this.form = element("span", { class: "quiet" });
    this.figures = element("span", { class: "figures", title: text.stageFiguresHint });
    this.trouble = element("span", { class: "trouble" });
    this.root = element(
      "button",
      { type: "button", class: "stage", "data-stage": id },
      element("span", { class: "id", title: id }, id),
      element("span", { class: "quiet", title: kind }, kind === id ? "" : kind),
      this.form,
      this.figures,
      this.trouble,
    );
    this.root.addEventListener("click", pressed);
  }

  /**
   * @param {import("../shell/answers.js").StageStatus | undefined} status
   * @param {number} rate  packets a second
   * @param {string} lock
   * @param {number} group
   * @param {boolean} selected
   */
  show(status, rate, lock, group, selected) {
    const { root } = this;
    root.dataset.state = status?.state ?? "idle";
    root.dataset.group = String(Math.max(0, group) % 4);
    root.setAttribute("aria-pressed", String(selected));
    setText(this.form, status === undefined ? text.notRunning : text.stageForm(status.group, status.rate_hz, status.channels));
    setText(this.figures, status === undefined ? "" : text.stageFigures(rate, (status.age ?? status.process)?.p50 ?? NaN, status.queue));
    const trouble = [
      ...(status?.state === "failed" ? [text.failed] : []),
      ...(status?.closedBy ? [text.closedBy(status.closedBy)] : []),
      ...(status !== undefined && status.lost > 0 ? [text.lostFrames(status.lost)] : []),
      ...(status !== undefined && status.errors > 0 ? [text.errors(status.errors)] : []),
      ...(lock === "" ? [] : [text.lockedTag]),
    ];
    setText(this.trouble, trouble.join(" · "));
  }
}
