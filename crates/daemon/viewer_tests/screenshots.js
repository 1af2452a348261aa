// Takes the pictures of the README, of a real daemon on its demo: EEGD_BIN=... node screenshots.js FOLDER

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { launch, open } from "./support/browser.js";
import { LiveDaemon } from "./support/daemon.js";
import { palettePng } from "./support/png.js";

/** A README is read on the road too. */
const MOST_BYTES = 150_000;

const folder = process.argv[2];
if (folder === undefined) throw new Error("say where the pictures shall go: node screenshots.js FOLDER");

const daemon = new LiveDaemon();
const base = await daemon.start();
const browser = await launch();

/** Runs in a page. @param {string} address */
async function pixels(address) {
  const image = new Image();
  image.src = address;
  await image.decode();
  const { width, height } = image;
  const pen = new OffscreenCanvas(width, height).getContext("2d");
  if (pen === null) throw new Error("no 2D canvas");
  pen.drawImage(image, 0, 0);
  const { data } = pen.getImageData(0, 0, width, height);
  let bytes = "";
  for (let i = 0; i < data.length; i += 8192) bytes += String.fromCharCode(...data.subarray(i, i + 8192));
  return { width, height, rgba: btoa(bytes) };
}

/** @param {import("playwright-core").Page} page @param {string} name */
async function shoot(page, name) {
  const taken = `data:image/png;base64,${(await page.screenshot()).toString("base64")}`;
  const { width, height, rgba } = await page.context().newPage().then(async (blank) => {
    const read = await blank.evaluate(pixels, taken);
    await blank.close();
    return read;
  });
  const png = palettePng(width, height, new Uint8Array(Buffer.from(rgba, "base64")));
  console.log(`${name}.png: ${(png.length / 1000).toFixed(0)} kB`);
  if (png.length > MOST_BYTES) throw new Error(`${name}.png would have ${png.length} bytes, more than ${MOST_BYTES}`);
  writeFileSync(join(folder, `${name}.png`), png);
}

try {
  const { page } = await open(browser, `${base}/#spectra`, { viewport: { width: 1120, height: 760 }, colorScheme: "dark" });
  await page.getByRole("button", { name: /^Add spectra/ }).click();
  await page.goto(`${base}/#signal`);
  await page.getByRole("button", { name: /^Add quality/ }).click();
  const phone = await open(browser, base, { viewport: { width: 390, height: 760 }, colorScheme: "light" });
  const form = { participant: "P001", task: "rest", notes: "Eyes open, then closed." };
  for (const task of ["oddball", "eyesclosed"]) {
    await daemon.ask("/studies", { method: "POST", body: { ...form, task } });
    await page.waitForTimeout(2000);
    await daemon.ask("/studies/current/stop", { method: "POST" });
  }
  await daemon.ask("/studies", { method: "POST", body: form });
  // The filtered topic alone, sweeping past the blinks and jaw clenches of the demo.
  await page.goto(`${base}/?topics=eeg_filtered#scope`);
  await page.waitForTimeout(7000);
  await daemon.ask("/markers", { method: "POST", body: { text: "eyes closed" } });
  await page.waitForTimeout(2500);
  await shoot(page, "viewer");
  await shoot(phone.page, "viewer-phone");
  await phone.context.close();
  await page.setViewportSize({ width: 1120, height: 940 });
  // A spectrogram needs its time.
  await page.goto(`${base}/#spectra`);
  await page.getByLabel("Mains", { exact: true }).selectOption("60");
  await page.waitForTimeout(45_000);
  await shoot(page, "viewer-spectra");
  await page.goto(`${base}/#signal`);
  await page.waitForTimeout(2500);
  await shoot(page, "viewer-signal");
  await page.emulateMedia({ colorScheme: "light" });
  await page.goto(`${base}/#pipeline`);
  await page.locator('[data-stage="notch"]').click();
  await page.waitForTimeout(3500);
  await shoot(page, "viewer-pipeline");
  await page.goto(`${base}/#studies`);
  await daemon.ask("/markers", { method: "POST", body: { text: "eyes open" } });
  await page.waitForTimeout(2000);
  await shoot(page, "viewer-recordings");
} finally {
  await browser.close();
  await daemon.remove();
}
