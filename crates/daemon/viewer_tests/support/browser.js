// Starts the browser for a test, and notes everything that it complains of.

import { accessSync, constants } from "node:fs";
import { chromium } from "playwright-core";
import { noteControls } from "./controls.js";

const PATH = process.env.CHROMIUM ?? "/usr/bin/chromium";
const ARGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

export async function launch() {
  try {
    accessSync(PATH, constants.X_OK);
  } catch {
    throw new Error(
      `There is no Chromium at ${PATH}. Install it (Debian: apt-get install chromium) or set CHROMIUM to its path.`,
    );
  }
  return chromium.launch({ executablePath: PATH, headless: true, args: ARGS });
}

/**
 * Opens a page of its own context. `complaints` fills with console errors, exceptions and policy violations.
 * @param {import("playwright-core").Browser} browser
 * @param {string} url
 * @param {import("playwright-core").BrowserContextOptions} [options]
 * @param {(() => void) | null} [before]  run in the page before any of its own code
 */
export async function open(browser, url, options = {}, before = null) {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, ...options });
  await noteControls(context);
  const page = await context.newPage();
  /** @type {string[]} */
  const complaints = [];
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(String(error)));
  await page.addInitScript(() => {
    addEventListener("securitypolicyviolation", (event) => {
      console.error(`policy violated: ${event.violatedDirective} ${event.blockedURI}`);
    });
  });
  if (before !== null) await page.addInitScript(before);
  await page.goto(url);
  return { page, context, complaints };
}

/**
 * The pixels of a topic's traces, and where its canvas stands.
 * @param {import("playwright-core").Page} page
 * @param {string} topic
 */
export async function pixelsOf(page, topic) {
  const read = await page.evaluate((name) => {
    const scopes = [...document.querySelectorAll(".scope")];
    const scope = scopes.find((candidate) => candidate.querySelector("h2")?.textContent === name);
    const canvas = /** @type {HTMLCanvasElement | null} */ (scope?.querySelector("canvas.traces") ?? null);
    if (!canvas) throw new Error(`no scope of ${name}`);
    // Read from a copy: a canvas that is read from is drawn in another way from then on.
    const copy = document.createElement("canvas");
    copy.width = canvas.width;
    copy.height = canvas.height;
    const context = copy.getContext("2d", { willReadFrequently: true });
    if (!context) throw new Error("no 2D canvas");
    context.drawImage(canvas, 0, 0);
    const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
    let bytes = "";
    for (let i = 0; i < data.length; i += 8192) bytes += String.fromCharCode(...data.subarray(i, i + 8192));
    return { width: canvas.width, height: canvas.height, base64: btoa(bytes) };
  }, topic);
  return new Pixels(read.width, read.height, new Uint8Array(Buffer.from(read.base64, "base64")));
}

export class Pixels {
  /** @param {number} width @param {number} height @param {Uint8Array} rgba */
  constructor(width, height, rgba) {
    this.width = width;
    this.height = height;
    this.rgba = rgba;
  }

  /** @param {number} x @param {number} y */
  alpha(x, y) {
    return /** @type {number} */ (this.rgba[(y * this.width + x) * 4 + 3]);
  }

  /** @param {number} x @param {number} y @returns {[number, number, number]} */
  colour(x, y) {
    const at = (y * this.width + x) * 4;
    const [r, g, b] = this.rgba.subarray(at, at + 3);
    return [r ?? 0, g ?? 0, b ?? 0];
  }

  /** Rows of a column that are inked at least half. @param {number} x @param {number} [top] @param {number} [bottom] */
  inked(x, top = 0, bottom = this.height) {
    /** @type {number[]} */
    const rows = [];
    for (let y = top; y < bottom; y++) if (this.alpha(x, y) >= 128) rows.push(y);
    return rows;
  }

  /** @returns {number} pixels that are inked at least half: the line at the edge is fainter */
  get ink() {
    let inked = 0;
    for (let i = 3; i < this.rgba.length; i += 4) if ((this.rgba[i] ?? 0) >= 128) inked += 1;
    return inked;
  }

  /** @param {Pixels} other @param {number} [tolerance] of one colour, in 255 @returns {number} pixels that differ */
  difference(other, tolerance = 0) {
    let differing = 0;
    for (let i = 0; i < this.rgba.length; i += 4) {
      const alpha = Math.abs(/** @type {number} */ (this.rgba[i + 3]) - /** @type {number} */ (other.rgba[i + 3]));
      const same = alpha <= tolerance && [0, 1, 2].every((k) => this.rgba[i + k] === other.rgba[i + k] || tolerance > 0);
      if (!same) differing += 1;
    }
    return differing;
  }
}
