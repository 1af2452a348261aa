// The cursor of a scope: it follows the pointer or the arrow keys, reads what is drawn there, and measures from a second one.

import { text } from "../text/scope.js";

/** An arrow key with Shift moves by this share of the screen. */
const STRIDE = 50;

/** @typedef {import("../engine/probe.js").Reading} Reading */

export class Cursor {
  /** @param {import("./scope.js").Scope} scope */
  constructor(scope) {
    this.scope = scope;
    this.row = 0;
    /** Where it stands; null for nowhere. A sample is held on to, a place on the screen is not. @type {import("../engine/probe.js").Place | null} */
    this.place = null;
    /** Position of the sample that is measured from. @type {number | null} */
    this.from = null;
    /** @type {Reading | null} */
    this.reading = null;
    /** Set by hand or key: it stays when the pointer leaves. */
    this.held = false;
    this.requests = 0;
    this.answered = 0;
    this.listen();
  }

  listen() {
    const { screen, root } = this.scope.view;
    screen.addEventListener("pointermove", (event) => {
      if (!this.held || event.buttons > 0) this.follow(event);
    });
    screen.addEventListener("pointerdown", (event) => {
      // A finger has no hovering: it sets the cursor, and drags it.
      if (event.pointerType !== "mouse") {
        this.held = true;
        this.follow(event);
      }
    });
    screen.addEventListener("click", (event) => {
      if (event instanceof PointerEvent && event.pointerType !== "mouse") return;
      this.held = false;
      this.follow(event);
      this.measureNext = true;
    });
    screen.addEventListener("pointerleave", () => {
      if (!this.held && this.from === null) this.clear();
    });
    root.addEventListener("keydown", (event) => {
      if (event.target === root && !event.ctrlKey && !event.metaKey && !event.altKey && this.key(event)) {
        event.preventDefault();
        event.stopPropagation();
      }
    });
  }

  /** @param {{clientX: number, clientY: number}} pointer */
  follow({ clientX, clientY }) {
    const { left, top, width, height } = this.scope.view.screen.getBoundingClientRect();
    const lanes = this.scope.shownRows.length;
    this.row = Math.min(lanes - 1, Math.max(0, Math.floor(((clientY - top) / height) * lanes)));
    this.place = { x: Math.min(1, Math.max(0, (clientX - left) / width)) };
    this.ask();
  }

  /** @param {KeyboardEvent} event @returns {boolean} whether the key was for the cursor */
  key({ key, shiftKey }) {
    const lanes = this.scope.shownRows.length;
    switch (key) {
      case "ArrowLeft":
        return this.step(-1, shiftKey);
      case "ArrowRight":
        return this.step(1, shiftKey);
      case "ArrowUp":
        this.row = Math.max(0, this.row - 1);
        break;
      case "ArrowDown":
        this.row = Math.min(lanes - 1, this.row + 1);
        break;
      case "Enter":
        this.measure();
        return true;
      case "Escape":
        this.clear();
        return true;
      default:
        return false;
    }
    this.place ??= { x: 0.5 };
    this.held = true;
    this.ask();
    return true;
  }

  /**
   * @param {number} sign
   * @param {boolean} far
   */
  step(sign, far) {
    const frames = Math.max(1, Math.round(((this.scope.stream?.rate_hz ?? 0) * this.scope.settings.seconds) / STRIDE));
    this.held = true;
    // From where it was sent last, which may not be answered yet: a step is never lost to a faster key.
    const from = this.place !== null && "position" in this.place ? this.place.position : this.reading?.position;
    this.place = from === undefined ? { x: 0.5 } : { position: from, step: sign * (far ? frames : 1) };
    this.ask();
    return true;
  }

  /** Measures from where the cursor is. */
  measure() {
    if (this.reading === null) return;
    this.from = this.reading.position;
    this.ask();
  }

  clear() {
    this.place = null;
    this.from = null;
    this.reading = null;
    this.held = false;
    this.measureNext = false;
    this.answered = this.requests;
    this.scope.view.showCursor(null, null, 0, "");
  }

  /** The picture has moved on under the cursor. */
  refresh() {
    if (this.place !== null && !this.scope.daemon.frozen) this.ask();
  }

  /** The picture is another. */
  show() {
    this.row = Math.min(this.row, Math.max(0, this.scope.shownRows.length - 1));
    if (this.place !== null) this.ask();
  }

  ask() {
    if (this.place === null) return;
    this.requests += 1;
    const { place: cursor, row, from: anchor, requests: request } = this;
    // Held on to from now on, not moved again.
    if ("position" in cursor) this.place = { position: cursor.position + cursor.step, step: 0 };
    this.scope.daemon.engine.send({ type: "probe", layer: this.scope.layer, request, row, cursor, anchor });
  }

  /** @param {import("../engine/engine.js").FromEngine & {type: "probed"}} answer */
  hear({ request, cursor, anchor, span }) {
    if (request <= this.answered) return;
    this.answered = request;
    this.reading = cursor;
    // An answer to an earlier question must not take back the step asked for since.
    const latest = request === this.requests;
    if (latest && cursor !== null && this.place !== null && "position" in this.place) this.place = { position: cursor.position, step: 0 };
    if (this.measureNext && cursor !== null) {
      this.measureNext = false;
      return this.measure();
    }
    const { shownRows, unit, view } = this.scope;
    const label = shownRows[this.row]?.label ?? "";
    const words = cursor === null ? "" : text.reading(label, cursor.value, unit, cursor.time_s, cursor.index);
    const measured = span === null ? "" : ` · ${text.span(span, unit)}`;
    view.showCursor(cursor?.x ?? null, anchor?.x ?? null, this.row, words + measured);
  }
}
