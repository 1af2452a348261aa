// Saves what a scope shows as a PNG file: traces, scales, names, time.

import { element } from "../shell/dom.js";
import { colourOf } from "../shell/theme.js";
import { moment } from "../text/format.js";
import { text } from "../text/scope.js";
import { ticks } from "./grid.js";

/** CSS pixels. */
const HEAD = 34;
const FOOT = 26;
const SIDE = 70;

/** @param {import("./scope.js").Scope} scope */
export async function savePicture(scope) {
  const canvas = pictureOf(scope, new Date());
  const blob = await new Promise((done) => canvas.toBlob(done, "image/png"));
  if (!(blob instanceof Blob)) return;
  const address = URL.createObjectURL(blob);
  const name = text.pictureFile(scope.topic, new Date().toISOString().slice(0, 19));
  element("a", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

/**
 * @param {import("./scope.js").Scope} scope
 * @param {Date} now
 * @returns {HTMLCanvasElement}
 */
export function pictureOf({ view, topic, stream, unit, perDivision, settings, shownRows, removeDc }, now) {
  const { width, height } = view.traces.getBoundingClientRect();
  const density = devicePixelRatio;
  const canvas = element("canvas");
  canvas.width = Math.round((width + SIDE * 2) * density);
  canvas.height = Math.round((height + HEAD + FOOT) * density);
  const pen = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  pen.scale(density, density);
  pen.fillStyle = colourOf("panel");
  pen.fillRect(0, 0, width + SIDE * 2, height + HEAD + FOOT);
  const family = getComputedStyle(document.documentElement).fontFamily;
  const write = (/** @type {string} */ words, /** @type {number} */ x, /** @type {number} */ y, /** @type {CanvasTextAlign} */ align, colour = "ink", size = 14) => {
    pen.fillStyle = colourOf(colour);
    pen.font = `${size}px ${family}`;
    pen.textAlign = align;
    pen.textBaseline = "middle";
    pen.fillText(words, x, y);
  };
  const chosen = settings.scope(topic);
  const how = [
    text.amplitudeOption(perDivision, unit),
    text.form(shownRows.length, stream?.rate_hz ?? NaN, unit),
    ...(removeDc ? [text.dcRemoved] : []),
    ...(chosen.mains_hz > 0 ? [text.mainsOption(chosen.mains_hz)] : []),
  ];
  write(topic.slice(0, 60), 12, HEAD / 2, "left", "ink", 16);
  write(`${how.join(" · ")} · ${now.toLocaleDateString("en-CA")} ${moment(now.getTime() / 1000)}`, width + SIDE * 2 - 12, HEAD / 2, "right", "quiet");
  for (const layer of view.screen.querySelectorAll("canvas")) pen.drawImage(layer, SIDE, HEAD, width, height);
  const size = Math.min(14, (height / shownRows.length) * 0.9);
  shownRows.forEach(({ label, colour }, i) => {
    write(label.slice(0, 12), SIDE - 8, HEAD + ((i + 0.5) / shownRows.length) * height, "right", `trace-${colour + 1}`, size);
  });
  for (const second of ticks(settings.seconds, width)) {
    const shown = settings.motion === "scroll" ? second - settings.seconds : second;
    write(text.seconds(shown), SIDE + (second / settings.seconds) * width, HEAD + height + FOOT / 2, "center", "quiet", 12);
  }
  return canvas;
}
