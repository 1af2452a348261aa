// Takes the pictures of the README, of a real daemon on its demo: EEGD_BIN=... node screenshots.js FOLDER

import { join } from "node:path";
import { launch, open } from "./support/browser.js";
import { LiveDaemon } from "./support/daemon.js";

const folder = process.argv[2];
if (folder === undefined) throw new Error("say where the pictures shall go: node screenshots.js FOLDER");
const wide = { viewport: { width: 1440, height: 900 } };

const daemon = new LiveDaemon();
const base = await daemon.start();
const browser = await launch();
try {
  const { page } = await open(browser, `${base}/#spectra`, { ...wide, colorScheme: "dark" });
  const shoot = (/** @type {string} */ name) => page.screenshot({ path: join(folder, `${name}.png`) });
  await page.getByRole("button", { name: /^Add spectra/ }).click();
  await page.goto(`${base}/#signal`);
  await page.getByRole("button", { name: /^Add quality/ }).click();
  const phone = await open(browser, base, { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, colorScheme: "light" });
  await page.goto(`${base}/#scope`);
  await page.waitForTimeout(9000);
  await daemon.ask("/markers", { method: "POST", body: { text: "eyes closed" } });
  await page.waitForTimeout(4000);
  await shoot("viewer");
  await phone.page.screenshot({ path: join(folder, "viewer-phone.png") });
  await page.waitForTimeout(20_000);
  for (const view of ["spectra", "signal"]) {
    await page.goto(`${base}/#${view}`);
    await page.waitForTimeout(2500);
    await shoot(`viewer-${view}`);
  }
  await page.emulateMedia({ colorScheme: "light" });
  await page.goto(`${base}/#pipeline`);
  await page.locator('[data-stage="notch"]').click();
  await page.waitForTimeout(3500);
  await shoot("viewer-pipeline");
} finally {
  await browser.close();
  await daemon.remove();
}
