// The truth bar against a real daemon with a simulated board, whose clock is wrong by a known amount and which loses a known number
// of samples.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch, open } from "./support/browser.js";
import { LiveDaemon } from "./support/daemon.js";

const PPM = 3000;
const MISSED = 7;
const PIPELINE = `
name: bench
sensors:
  0:
    driver: simulated
    channels: 8
    oscillator: { ppm: ${PPM} }
    faults: [{ missed_edges: { at_s: 10, count: ${MISSED} } }]
stages:
  - acquire: { board: 0, sps: 500, gain: 24 }
  - csv_sink: { path: bench.csv }
  - to_voltage
  - websocket_sink: { topic: eeg }
`;

/** @type {import("playwright-core").Browser} */
let browser;
/** @type {LiveDaemon} */
let daemon;
/** @type {string} */
let base;
before(async () => {
  browser = await launch();
  daemon = new LiveDaemon({ pipeline: PIPELINE });
  base = await daemon.start();
  // The page is there before the board is powered, however slow the machine.
  await daemon.ask("/pipeline/shutdown", { method: "POST" });
});
after(async () => {
  await browser?.close();
  await daemon?.remove();
});

test("source, clock, ledger and latency are told as they are; a loss is told with its place and cause", async () => {
  const { page, context, complaints } = await open(browser, base);
  const state = (/** @type {string} */ name) => page.locator(`[data-state="${name}"]`);
  const words = async (/** @type {string} */ name) => (await state(name).textContent()) ?? "";
  await page.getByText("No pipeline is running.").waitFor();
  await daemon.ask("/pipeline/start", { method: "POST" });
  await page.getByText("Live. Every sample that was sent has arrived.").waitFor();
  assert.equal(await words("source"), "acquire");
  assert.equal(await words("pipeline"), "bench, running");
  assert.match(await words("recording"), /^● csv_sink \d\d:\d\d$/);
  // The loss comes with the tenth second; it is known where, how much and why.
  await page.locator(".sentence", { hasText: new RegExp(`^eeg: ${MISSED} samples lost, the last at|^${MISSED} samples lost in the daemon at acquire, conversions missed`) }).waitFor();
  await state("lostWhere").filter({ hasText: `acquire ${MISSED} (conversions missed)` }).waitFor();
  assert.equal(await page.locator('[data-topic="eeg"] [data-figure="lost"]').textContent(), String(MISSED));
  // The clock: fitted by now, and as wrong as it was made.
  await state("clock").filter({ hasText: /ppm$/ }).waitFor();
  const [, ppm = "", doubt = ""] = /^\+([\d,.]+) ± ([\d.]+) ppm$/.exec(await words("clock")) ?? [];
  assert.ok(Math.abs(Number(ppm.replaceAll(",", "")) - PPM) < 100 && Number(doubt) > 0, await words("clock"));
  await state("latency").filter({ hasText: /^\d+ ms$/ }).waitFor();
  await state("drawn").filter({ hasText: /^\d+ \/ s$/ }).waitFor();

  // Once nothing moves any more, the books have to balance: acquired = delivered + lost + under way.
  await daemon.ask("/pipeline/shutdown", { method: "POST" });
  await page.getByText("No pipeline is running.").waitFor();
  const ledger = await daemon.ask("/pipeline/ledger");
  const of = (/** @type {string} */ stage) => ledger.stages.find((/** @type {any} */ line) => line.stage === stage);
  // Conversions of a packet that was not full yet are under way for good.
  assert.equal(of("acquire").acquired, of("websocket_sink").taken + MISSED + of("acquire").under_way);
  const count = (/** @type {number} */ n) => n.toLocaleString("en");
  await state("acquired").filter({ hasText: count(of("acquire").acquired) }).waitFor();
  await page.locator('[data-topic="eeg"] [data-figure="delivered"]', { hasText: count(of("websocket_sink").taken) }).waitFor();
  assert.deepEqual(complaints, []);
  await context.close();
});

test("a page whose own thread is busy for seconds misses nothing", async () => {
  await daemon.ask("/pipeline/start", { method: "POST" });
  const { page, context } = await open(browser, base);
  await page.getByText("Live. Every sample that was sent has arrived.").waitFor();
  // What comes is taken in beside it.
  await page.evaluate(() => {
    const until = performance.now() + 3000;
    while (performance.now() < until);
  });
  await page.waitForTimeout(1500);
  assert.equal(await page.locator('[data-topic="eeg"] [data-figure="lagged"]').textContent(), "0");
  assert.equal((await daemon.ask("/topics")).status.eeg.lagged_packets, 0);
  await context.close();
});

test("threads that are not scheduled as they were asked to be are spoken of, and of which group they are", async () => {
  const short = new LiveDaemon({
    pipeline: `
groups: { dsp: { cores: [999] } }
stages: [{ synthetic: { sps: 250, channels: 2 } }, to_voltage, { websocket_sink: { topic: eeg } }]
`,
  });
  const { page, context } = await open(browser, await short.start());
  try {
    await page.getByText(/^Live, but group dsp does not run as it was asked to: .*999/).waitFor();
    await page.locator('[data-state="scheduling"]').filter({ hasText: "not as asked: dsp" }).waitFor();
    await page.locator('nav a[href="#pipeline"]').click();
    await page.locator(".legend li", { hasText: /^dsp: core 999, .*999/ }).waitFor();
  } finally {
    await context.close();
    await short.remove();
  }
});
