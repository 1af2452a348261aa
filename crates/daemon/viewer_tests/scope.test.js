// The traces' controls, each used as a user does, on known signals from a stand-in daemon: what is drawn, read and saved.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { launch, open, pixelsOf } from "./support/browser.js";
import { FakeDaemon } from "./support/fake_daemon.js";

const START_S = 1_764_000_000;
const RATE_HZ = 250;
const LABELS = ["flat", "square", "ramp"];

/** @type {import("playwright-core").Browser} */
let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

/** uV of a channel at a sample. @param {number} channel @param {number} sample */
const valueOf = (channel, sample) => (channel === 0 ? 0 : channel === 1 ? (Math.floor(sample / RATE_HZ) % 2) * 100 : sample % 100);

/** Eight seconds of two topics on the page, at 200 uV a division. @param {import("node:test").TestContext} t */
async function opened(t) {
  const form = { rate_hz: RATE_HZ, unit: "uV", dtype: /** @type {const} */ ("f32"), channels: LABELS.map((label) => ({ label, unit: "uV" })) };
  const fake = new FakeDaemon({ eeg: form, other: form });
  t.after(() => fake.stop());
  fake.onClient = (asked) => {
    for (let first = 0; first < 8 * RATE_HZ; first += 50) {
      const values = Float32Array.from({ length: 150 }, (_, i) => valueOf(i % 3, first + Math.floor(i / 3)));
      for (const topic of asked) if (topic in fake.topics) fake.sendFrame(topic, 5000 + first, values, { start_s: START_S, time_s: START_S + first / RATE_HZ });
    }
    fake.sendText({ type: "event", event: "marker", time_ns: (START_S + 3) * 1e9, text: "eyes closed" });
  };
  const { page, complaints } = await open(browser, await fake.start(), { colorScheme: "dark" });
  t.after(() => page.context().close());
  await page.getByText("ramp").first().waitFor();
  await page.getByLabel("Amplitude of eeg, per division").selectOption("200");
  await settled(page);
  return { page, complaints, fake };
}

/** @param {import("playwright-core").Page} page */
async function settled(page) {
  let before = -1;
  for (let still = 0; still < 3; ) {
    await page.waitForTimeout(120);
    const { ink } = await pixelsOf(page, "eeg");
    still = ink > 0 && ink === before ? still + 1 : 0;
    before = ink;
  }
}

/** @param {import("playwright-core").Page} page */
const scopeOf = (page) => page.locator(".scope").first();

/** Height of a trace's ink in a column. @param {import("./support/browser.js").Pixels} pixels @param {number} seconds @param {number} lane @param {number} lanes */
function middleAt(pixels, seconds, lane, lanes) {
  const [top, bottom] = [Math.floor((lane / lanes) * pixels.height), Math.floor(((lane + 1) / lanes) * pixels.height)];
  const rows = pixels.inked(Math.round((seconds / 10) * pixels.width), top - 20 < 0 ? 0 : top - 20, bottom);
  return ((rows[0] ?? NaN) + (rows[rows.length - 1] ?? NaN) + 1) / 2;
}

test("the cursor reads time, sample and microvolts; two of them measure", async (t) => {
  const { page, complaints } = await opened(t);
  await page.keyboard.press("Space");
  const box = await scopeOf(page).locator(".screen").boundingBox();
  assert.ok(box);
  const at = (/** @type {number} */ seconds, /** @type {number} */ lane) => /** @type {const} */ ([box.x + (seconds / 10) * box.width, box.y + ((lane + 0.5) / 3) * box.height]);
  const reading = scopeOf(page).locator(".reading");
  await page.mouse.move(...at(1.5, 1));
  await reading.getByText(/^square 100 µV · \d\d:\d\d:01\.[45]\d\d · sample 5,37\d$/).waitFor();
  await page.mouse.click(...at(1.5, 1));
  await page.mouse.move(...at(2.5, 1));
  await reading.getByText(/^square 0 µV .*Δt (1|1\.00\d|0\.99\d) s \((1|1\.00|0\.99\d|0\.99\d) Hz\) · Δ −100 µV · peak to peak 100 µV · rms (50|49\.\d|50\.\d) µV$/).waitFor();
  await page.keyboard.press("Escape");
  await page.mouse.move(0, 0);
  await reading.waitFor({ state: "hidden" });

  // By keyboard alone: by a sample, by a stride, to another channel, from one to another.
  await scopeOf(page).focus();
  await page.keyboard.press("ArrowRight");
  const words = async () => (await reading.textContent()) ?? "";
  await reading.getByText(/^square/).waitFor();
  const first = Number(/sample ([\d,]+)/.exec(await words())?.[1]?.replace(",", ""));
  await page.keyboard.press("ArrowRight");
  await reading.getByText(`sample ${(first + 1).toLocaleString("en")}`).waitFor();
  await page.keyboard.press("ArrowDown");
  await reading.getByText(new RegExp(`^ramp ${(first + 1 - 5000) % 100} µV`)).waitFor();
  await page.keyboard.press("Enter");
  await page.keyboard.press("Shift+ArrowRight");
  await reading.getByText(/Δt 0\.2 s \(5 Hz\) · Δ [+−]50 µV/).waitFor();
  await page.getByRole("button", { name: /^Measure from here/ }).click();
  await reading.getByText(/Δt 0 s/).waitFor();
  await page.getByRole("button", { name: /^Clear/ }).click();
  await reading.waitFor({ state: "hidden" });
  assert.deepEqual(complaints, []);
});

test("a marker stands at its sample, in both motions", async (t) => {
  const { page } = await opened(t);
  const columnsOf = async () => {
    const pixels = await pixelsOf(page, "eeg");
    const columns = [...Array(pixels.width).keys()].filter((x) => {
      const [r, g, b] = pixels.colour(x, Math.floor(pixels.height * 0.95));
      return r === 0xc7 && g === 0x9b && b === 0xf5;
    });
    return { columns, width: pixels.width };
  };
  const { columns, width } = await columnsOf();
  assert.deepEqual(columns, [Math.floor((3 / 10) * width)]);
  await page.getByRole("button", { name: "Motion: Sweep" }).click();
  await page.getByRole("button", { name: "Motion: Scroll" }).waitFor();
  await page.waitForTimeout(500);
  const scrolled = await columnsOf();
  // The newest of eight seconds is at the right edge: the third stands five seconds, less one sample, before it.
  const expected = scrolled.width - (5 / 10) * scrolled.width;
  assert.ok(scrolled.columns.length === 1 && Math.abs((scrolled.columns[0] ?? NaN) - expected) <= 1, `${scrolled.columns} instead of ${expected}`);
  const pixels = await pixelsOf(page, "eeg");
  assert.ok(pixels.inked(pixels.width - 1).length > 0 && pixels.inked(Math.floor(0.1 * pixels.width)).length === 0, "the newest column is at the right edge");
});

test("channels are hidden, inverted, moved, shifted and coloured, and stay so", async (t) => {
  const { page, complaints } = await opened(t);
  await scopeOf(page).getByText("More").click();
  await scopeOf(page).getByRole("button", { name: /^Channels:/ }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Show flat").uncheck();
  await dialog.getByLabel("Invert square").check();
  await dialog.getByLabel("Colour of square").selectOption("Red");
  await dialog.getByRole("button", { name: "Move ramp up" }).click();
  await dialog.getByRole("button", { name: "Move ramp up" }).click();
  await dialog.getByRole("button", { name: "Move ramp down" }).click();
  await dialog.getByRole("button", { name: "Move ramp up" }).click();
  await dialog.getByLabel("Offset of ramp").fill("-50");
  await dialog.getByRole("button", { name: "Done" }).click();
  const labels = scopeOf(page).locator(".labels li");
  const check = async () => {
    assert.deepEqual(await labels.allTextContents(), ["ramp", "square ↕"]);
    await settled(page);
    const pixels = await pixelsOf(page, "eeg");
    const lane = pixels.height / 2;
    const square = middleAt(pixels, 1.5, 1, 2);
    assert.ok(Math.abs(square - (1.5 + 100 / 200) * lane) < 3, `inverted: ${square} of ${pixels.height}`);
    assert.deepEqual(pixels.colour(Math.round(0.15 * pixels.width), Math.round(square - 0.5)), [0xff, 0x8a, 0x5c]);
    // A ramp of 0 to 99 less 50: around its own zero line.
    const ramp = pixels.inked(Math.round(0.05 * pixels.width), 0, Math.floor(lane));
    assert.ok(ramp.every((row) => Math.abs(row - lane / 2) < 0.3 * lane), `${ramp}`);
  };
  await check();
  await page.reload();
  await page.getByText("ramp").first().waitFor();
  await check();
  // A label leads to its own line.
  await labels.first().getByRole("button").click();
  await dialog.waitFor();
  assert.equal(await page.evaluate(() => document.activeElement?.getAttribute("aria-label")), "Show ramp");
  await dialog.getByRole("button", { name: "Hide all" }).click();
  await dialog.getByRole("button", { name: "Show all" }).click();
  await dialog.getByRole("button", { name: "Reset all" }).click();
  await page.keyboard.press("Escape");
  assert.deepEqual(await labels.allTextContents(), LABELS);
  assert.deepEqual(complaints, []);
});

test("another topic lies behind in grey; topics are hidden and shown; mains are removed and said so; a picture is saved", async (t) => {
  const { page, complaints, fake } = await opened(t);
  await scopeOf(page).getByText("More").click();
  await page.getByLabel("Topic drawn behind eeg").selectOption("other");
  await scopeOf(page).getByText("grey: other, DC removed").waitFor();
  assert.equal(await scopeOf(page).locator("canvas.behind").count(), 1);
  await page.waitForTimeout(500);
  const grey = await page.evaluate(() => {
    const canvas = /** @type {HTMLCanvasElement} */ (document.querySelector("canvas.behind"));
    const copy = new OffscreenCanvas(canvas.width, canvas.height);
    const pen = copy.getContext("2d");
    pen?.drawImage(canvas, 0, 0);
    return pen?.getImageData(0, 0, canvas.width, canvas.height).data.filter((v, i) => i % 4 === 3 && v > 0).length ?? 0;
  });
  assert.ok(grey > 1000, `${grey} pixels behind`);
  await page.getByLabel("Mains of eeg").selectOption("50");
  await scopeOf(page).locator(".tags", { hasText: "50 Hz removed for display" }).waitFor();
  const [download] = await Promise.all([page.waitForEvent("download"), scopeOf(page).getByRole("button", { name: /^PNG/ }).click()]);
  assert.match(download.suggestedFilename(), /^eeg_[\d-]+\.png$/);
  const bytes = readFileSync(await download.path());
  assert.deepEqual([...bytes.subarray(1, 4)], [...Buffer.from("PNG")]);
  assert.ok(bytes.readUInt32BE(16) > 500 && bytes.length > 5000, `${bytes.length} bytes`);
  await page.getByLabel("Topic drawn behind eeg").selectOption("");
  assert.equal(await scopeOf(page).locator("canvas.behind").count(), 0);
  await page.keyboard.press("Escape");

  await page.getByText("Topics", { exact: true }).click();
  await page.getByRole("checkbox", { name: "other" }).uncheck();
  await page.waitForFunction(() => document.querySelectorAll(".scope").length === 1);
  assert.ok(fake.heard.includes('{"unsubscribe":["other"]}'), fake.heard.join());
  await page.getByRole("checkbox", { name: "other" }).check();
  await page.waitForFunction(() => document.querySelectorAll(".scope").length === 2);
  await page.keyboard.press("Escape");
  assert.deepEqual(complaints, []);
});

test("all eight amplitudes and time bases can be had, by list and by key", async (t) => {
  const { page } = await opened(t);
  const seconds = page.getByLabel("Seconds per screen");
  assert.deepEqual(await seconds.locator("option").allTextContents(), ["0.5", "1", "2", "5", "10", "20", "30", "60"].map((s) => `${s} s / screen`));
  assert.equal(await page.getByLabel("Amplitude of eeg, per division").locator("option").count(), 8);
  await page.evaluate(() => /** @type {HTMLElement} */ (document.activeElement)?.blur());
  for (let i = 0; i < 8; i++) await page.keyboard.press("[");
  assert.equal(await seconds.inputValue(), "0.5");
  for (let i = 0; i < 8; i++) await page.keyboard.press("]");
  assert.equal(await seconds.inputValue(), "60");
  await page.keyboard.press("s");
  await page.getByRole("button", { name: "Motion: Scroll" }).waitFor();
  // The same by buttons.
  const amplitude = page.getByLabel("Amplitude of eeg, per division");
  await scopeOf(page).getByRole("button", { name: "Larger traces" }).click();
  assert.equal(await amplitude.inputValue(), "100");
  await scopeOf(page).getByRole("button", { name: "Smaller traces" }).click();
  assert.equal(await amplitude.inputValue(), "200");
  await scopeOf(page).getByRole("button", { name: "Auto" }).click();
  await page.waitForFunction(() => /** @type {HTMLSelectElement} */ (document.querySelector("select[aria-label^=Amplitude]")).value !== "200");
  await scopeOf(page).getByRole("button", { name: "DC shown" }).click();
  await scopeOf(page).getByRole("button", { name: "DC removed for display" }).click();
  await scopeOf(page).getByRole("button", { name: "DC shown" }).waitFor();
  // The sentence above may tell by now that the stand-in sends nothing any more.
  const frozen = scopeOf(page).getByText("Frozen", { exact: true });
  await page.getByRole("button", { name: "Freeze" }).click();
  await frozen.waitFor();
  await page.getByRole("button", { name: "Go on" }).click();
  await frozen.waitFor({ state: "hidden" });
  await page.keyboard.press("?");
  await page.getByRole("dialog").getByText("choose the amplitude").waitFor();
  await page.getByRole("button", { name: "Close" }).click();
});

test("the head shows which electrodes are good, by quality and impedance, in shape as well as in colour", async (t) => {
  const labels = ["Fp1", "Cz", "O2", "odd"];
  const part = (/** @type {string[]} */ names, /** @type {string} */ unit) => ({
    rate_hz: 1, unit, dtype: /** @type {const} */ ("f32"), channels: names.map((label) => ({ label, unit })),
  });
  const parts = ["railed", "flat", "off", "mains"];
  const fake = new FakeDaemon({ quality: part(labels.flatMap((label) => parts.map((name) => `${label}.${name}`)), "1"), impedance: part(labels, "kOhm") });
  t.after(() => fake.stop());
  fake.onClient = () => {
    const send = (/** @type {number} */ second) => {
      fake.sendFrame("quality", second, Float32Array.from([0, 0, 0, 0.05, 0, 1, 0, 0, 0.25, 0, 0, 0, 0, 0, 0, 0.8]), { start_s: START_S });
      fake.sendFrame("impedance", second, Float32Array.from([5, 6, 7, 150.4]), { start_s: START_S });
    };
    [0, 1, 2].forEach(send);
    setTimeout(() => send(3), 2500);
  };
  const url = await fake.start();
  const { page, complaints } = await open(browser, `${url}/#signal`, { colorScheme: "dark" });
  t.after(() => page.context().close());
  await page.getByText("1 of 4 electrodes are good.").waitFor();
  const rows = await page.locator(".signal-view tbody tr").evaluateAll((all) => all.map((row) => [...row.children].map((cell) => cell.textContent)));
  assert.deepEqual(rows, [
    ["Fp1", "✓ good", "5 kΩ", "0 %", "no", "no", "5 %"],
    ["Cz", "✕ flat", "6 kΩ", "0 %", "yes", "no", "0 %"],
    ["O2", "✕ at a rail", "7 kΩ", "25 %", "no", "no", "0 %"],
    ["odd", "✕ high impedance", "150 kΩ", "0 %", "no", "no", "80 %"],
  ]);
  const places = await page.locator(".electrode").evaluateAll((all) => all.map((mark) => [mark.getAttribute("class"), mark.getAttribute("transform"), mark.textContent]));
  assert.deepEqual(places.map(([state]) => state), ["good", "bad", "bad", "bad"].map((state) => `electrode state-${state}`));
  assert.deepEqual(places[1]?.slice(1), ["translate(0 0)", "Cz✕"]);
  assert.equal(await page.getByRole("img", { name: /^Head seen from above/ }).count(), 1);
  // On any view: how many are good, and which are not.
  const glance = page.locator('[data-state="electrodes"]').filter({ hasText: /^1 of 4 good: Cz, O2, odd$/ });
  await glance.waitFor();
  await page.goto(`${url}/#scope`);
  await page.reload();
  await glance.waitFor();
  assert.deepEqual(complaints, []);
});
