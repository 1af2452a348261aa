// The page against a real daemon on its demo, as `eegd` without arguments plays it.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch, open, pixelsOf } from "./support/browser.js";
import { LiveDaemon } from "./support/daemon.js";

const TOPICS = /** @type {const} */ (["eeg_raw", "eeg_filtered"]);

/** @type {import("playwright-core").Browser} */
let browser;
const daemon = new LiveDaemon();
/** @type {string} */
let url;
before(async () => {
  browser = await launch();
  url = await daemon.start();
});
after(async () => {
  await browser?.close();
  await daemon.stop();
  const { words } = daemon;
  await daemon.remove();
  assert.ok(!/lost|failed/.test(words), words);
});

/** Waits until both topics have come. @param {import("playwright-core").Page} page */
async function untilLive(page) {
  for (const topic of TOPICS) {
    await page.waitForFunction(
      (name) => Number(document.querySelector(`[data-topic="${name}"] [data-figure="packets"]`)?.textContent?.replaceAll(",", "")) > 20,
      topic,
    );
  }
}

/** @param {import("playwright-core").Page} page @param {string} topic @param {string} figure */
async function figureOf(page, topic, figure) {
  const shown = await page.locator(`[data-topic="${topic}"] [data-figure="${figure}"]`).textContent();
  return Number(shown?.replaceAll(",", "").replace(" Hz", ""));
}

test("both topics are drawn side by side, moving, complete, and differ", async () => {
  const { page, context, complaints } = await open(browser, url);
  await untilLive(page);
  const scopes = page.locator(".scope");
  assert.deepEqual(await scopes.locator("h2").allTextContents(), [...TOPICS]);
  const boxes = await Promise.all([scopes.nth(0).boundingBox(), scopes.nth(1).boundingBox()]);
  assert.ok(boxes[0] && boxes[1] && boxes[0].y === boxes[1].y && boxes[1].x >= boxes[0].x + boxes[0].width, "side by side");
  for (const i of [0, 1]) {
    const labels = await scopes.nth(i).locator(".labels li").allTextContents();
    assert.equal(labels.length, 8);
    assert.ok(labels.every((label) => label.trim() !== ""), labels.join());
  }

  // Past the choice of the amplitude, which draws everything anew.
  await page.waitForTimeout(6000);
  const before = await Promise.all(TOPICS.map((topic) => pixelsOf(page, topic)));
  await page.waitForTimeout(1000);
  const later = await Promise.all(TOPICS.map((topic) => pixelsOf(page, topic)));
  for (const i of [0, 1]) {
    const [one, other] = [before[i], later[i]];
    assert.ok(one !== undefined && other !== undefined);
    assert.ok(other.ink > 2000, `${TOPICS[i]}: ${other.ink} pixels of ink`);
    assert.ok(one.difference(other) > 500, `${TOPICS[i]} stands still`);
  }
  const [raw, filtered] = later;
  assert.ok(raw !== undefined && filtered !== undefined);
  assert.deepEqual([raw.width, raw.height], [filtered.width, filtered.height]);
  assert.ok(raw.difference(filtered) > 2000, "raw and filtered look the same");

  for (const topic of TOPICS) {
    assert.equal(await figureOf(page, topic, "lost"), 0, `${topic}: samples lost`);
    assert.equal(await figureOf(page, topic, "lagged"), 0, `${topic}: packets lagged`);
    assert.ok((await figureOf(page, topic, "rate")) > 0);
  }
  assert.match((await page.locator(".sentence").textContent()) ?? "", /^Live\. Every sample/);
  assert.match((await page.locator(".states").textContent()) ?? "", /running.*Connected/);
  assert.ok(await page.getByRole("button", { name: "DC removed for display" }).first().isVisible());

  // At one moment, one scale and without offsets what is left to differ is the signal: mains in the raw one.
  await page.keyboard.press("Space");
  for (const topic of TOPICS) {
    await page.getByLabel(`Amplitude of ${topic}`).selectOption("500");
    const offset = scopes.filter({ has: page.getByRole("heading", { name: topic }) }).getByRole("button", { name: /^DC/ });
    if ((await offset.textContent())?.includes("shown")) await offset.click();
  }
  await page.waitForTimeout(300);
  const [hum, clean] = await Promise.all(TOPICS.map((topic) => pixelsOf(page, topic)));
  assert.ok(hum && clean && clean.ink > 2000 && hum.ink > 3 * clean.ink, `ink: raw ${hum?.ink}, filtered ${clean?.ink}`);
  assert.deepEqual(complaints, []);
  await context.close();
});

test("the space bar freezes the picture, not the stream", async () => {
  const { page, context, complaints } = await open(browser, url);
  await untilLive(page);
  // The rate has been measured and takes up its room.
  await page.waitForTimeout(3500);
  await page.keyboard.press("Space");
  // The last picture may still be on its way to the screen.
  await page.waitForTimeout(600);
  const packets = await figureOf(page, "eeg_raw", "packets");
  const before = await Promise.all(TOPICS.map((topic) => pixelsOf(page, topic)));
  await page.waitForTimeout(1000);
  const later = await Promise.all(TOPICS.map((topic) => pixelsOf(page, topic)));
  for (const i of [0, 1]) assert.equal(before[i] && later[i]?.difference(before[i]), 0, `${TOPICS[i]} goes on`);
  assert.ok((await figureOf(page, "eeg_raw", "packets")) > packets);
  assert.match((await page.locator(".sentence").textContent()) ?? "", /^Frozen at/);
  await page.keyboard.press("Space");
  await page.waitForTimeout(500);
  const after = await pixelsOf(page, "eeg_raw");
  assert.ok(later[0] && after.difference(later[0]) > 500, "drawing goes on after the second press");
  assert.equal(await figureOf(page, "eeg_raw", "lost"), 0);
  assert.deepEqual(complaints, []);
  await context.close();
});

test("every control has a name and works by keyboard", async () => {
  const { page, context, complaints } = await open(browser, url);
  await untilLive(page);
  await page.waitForTimeout(1000);
  const raw = page.getByLabel("Amplitude of eeg_raw");
  const filtered = page.getByLabel("Amplitude of eeg_filtered");
  const seconds = page.getByLabel("Seconds per screen");
  await raw.selectOption("100");
  await filtered.selectOption("100");
  await page.evaluate(() => /** @type {HTMLElement} */ (document.activeElement)?.blur());
  await page.keyboard.press("+");
  assert.deepEqual([await raw.inputValue(), await filtered.inputValue()], ["50", "50"]);
  await page.locator(".scope").nth(1).focus();
  await page.keyboard.press("-");
  assert.deepEqual([await raw.inputValue(), await filtered.inputValue()], ["50", "100"]);
  await page.keyboard.press("]");
  assert.equal(await seconds.inputValue(), "20");
  await page.keyboard.press("[");
  await page.keyboard.press("[");
  assert.equal(await seconds.inputValue(), "5");
  assert.equal(await raw.locator("option").count(), 8);

  // By Tab once round the page: every control is a stop, is named, and is seen to have the focus.
  const controls = await page.locator("a:visible, summary:visible, button:visible:not([tabindex='-1']), select:visible, .scope:visible").count();
  const stops = new Set();
  for (let i = 0; i <= controls; i++) {
    await page.keyboard.press("Tab");
    const stop = await page.evaluate(() => {
      const focused = /** @type {HTMLElement} */ (document.activeElement);
      const by = document.getElementById(focused.getAttribute("aria-labelledby") ?? "");
      const name = focused.getAttribute("aria-label") ?? by?.textContent ?? focused.textContent;
      const { x, y } = focused.getBoundingClientRect();
      return { tag: focused.tagName, name, at: `${x} ${y}`, outline: getComputedStyle(focused).outlineStyle };
    });
    // Between the last control and the first the focus leaves the page.
    if (stop.tag === "BODY") continue;
    assert.ok(stop.name && stop.outline !== "none", `stop ${i}: ${JSON.stringify(stop)}`);
    stops.add(`${stop.tag} ${stop.name} ${stop.at}`);
  }
  assert.equal(stops.size, controls, [...stops].join("\n"));
  assert.deepEqual(complaints, []);
  await context.close();
});

test("spectra are added with one press and drawn; a marker by key, by button and in the dialog", async () => {
  const { page, context, complaints } = await open(browser, `${url}/#spectra`);
  await page.getByRole("button", { name: /^Add spectra/ }).click();
  await page.getByText(/^Fp1: highest between 7 and 14 Hz/).waitFor();
  await page.getByLabel("Channel", { exact: true }).selectOption({ label: "C3" });
  await page.getByText(/^C3: highest between 7 and 14 Hz/).waitFor();
  await page.getByLabel("Mains", { exact: true }).selectOption("60");
  await page.getByText(/60 Hz stands [\d.]+ dB above its neighbours/).waitFor();
  await page.locator(".bands td", { hasText: /µV²/ }).first().waitFor();
  assert.deepEqual(await page.locator(".bands thead th").allTextContents(), ["delta", "theta", "alpha", "beta", "gamma"]);
  for (const name of ["Power spectral density of C3", "Spectrogram of C3", "Trend of the last minutes of C3"]) {
    // A trend needs two values, half a second apart.
    let colours = 0;
    for (let i = 0; i < 60 && colours <= 5; i++) {
      await page.waitForTimeout(250);
      colours = await page.getByRole("img", { name }).evaluate((element) => {
        const canvas = /** @type {HTMLCanvasElement} */ (element);
        const data = canvas.getContext("2d")?.getImageData(0, 0, canvas.width, canvas.height).data ?? new Uint8ClampedArray();
        return new Set(new Uint32Array(data.buffer)).size;
      });
    }
    assert.ok(colours > 5, `${name}: ${colours} colours`);
  }

  // A second spectrum is a choice; the quality of the electrodes is added as easily.
  await page.locator('nav a[href="#signal"]').click();
  await page.getByRole("button", { name: /^Add quality/ }).click();
  await page.getByText(/^\d of 8 electrodes are good\.$/).waitFor();
  await page.locator('nav a[href="#spectra"]').click();
  const spectra = page.getByLabel("Spectra", { exact: true });
  await spectra.selectOption(await spectra.inputValue());
  await page.evaluate(() => /** @type {HTMLElement} */ (document.activeElement)?.blur());
  await page.keyboard.press("3");
  await page.getByText(/^"marker 3" at/).waitFor();
  await page.keyboard.press("m");
  await page.getByRole("dialog").getByLabel("Free text").fill("<b>eyes closed</b>");
  await page.keyboard.press("Enter");
  await page.getByText(/^"<b>eyes closed<\/b>" at/).waitFor();
  await page.getByRole("link", { name: "Recordings" }).click();
  await page.getByLabel("Text of marker 2").fill("start of task");
  await page.getByRole("textbox", { name: "Free text" }).focus();
  await page.getByRole("button", { name: "2: start of task" }).click();
  await page.getByRole("list", { name: "Latest events" }).getByText(/marker · start of task$/).waitFor();
  assert.deepEqual(complaints, []);
  await context.close();
});

test("a narrow screen stacks the scopes and does not scroll sideways; the address picks topics", async () => {
  const { page, context, complaints } = await open(browser, url, { viewport: { width: 360, height: 780 } });
  await untilLive(page);
  const boxes = await Promise.all([0, 1].map((i) => page.locator(".scope").nth(i).boundingBox()));
  assert.ok(boxes[0] && boxes[1] && boxes[1].y >= boxes[0].y + boxes[0].height, "stacked");
  const wide = await page.evaluate(() => document.documentElement.scrollWidth);
  assert.ok(wide <= 360, `the page is ${wide} px wide`);
  await page.goto(`${url}/?topics=eeg_filtered`);
  await page.locator('[data-topic="eeg_filtered"]').waitFor();
  assert.deepEqual(await page.locator(".scope h2").allTextContents(), ["eeg_filtered"]);
  assert.deepEqual(complaints, []);
  await context.close();
});
