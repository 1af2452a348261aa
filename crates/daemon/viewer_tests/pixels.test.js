// Pixel truth: known signals from a stand-in daemon, found again at the right place and height in the canvas.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch, open, pixelsOf } from "./support/browser.js";
import { EegSignal, eightChannels } from "./support/eeg.js";
import { FakeDaemon } from "./support/fake_daemon.js";

/** @type {import("playwright-core").Browser} */
let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

const START_S = 1_764_000_000;
const UV_PER_DIVISION = 200;

/** The dark theme's colours of the first four traces. */
const TRACES = /** @type {const} */ ([[0x6c, 0xc0, 0xf0], [0xe8, 0xb0, 0x4b], [0x35, 0xc7, 0x9a], [0xef, 0xe4, 0x77]]);

/** Samples are in the picture once the edge has reached the last of them. @param {import("playwright-core").Page} page */
async function untilDrawn(page) {
  let before = -1;
  for (let still = 0; still < 4; ) {
    await page.waitForTimeout(100);
    const { ink } = await pixelsOf(page, "eeg");
    still = ink > 0 && ink === before ? still + 1 : 0;
    before = ink;
  }
}

/** The amplitude is set as a user does, with the keyboard's own way to choose. @param {import("playwright-core").Page} page */
const setAmplitude = (page) => page.getByLabel("Amplitude of eeg").selectOption(String(UV_PER_DIVISION));

/**
 * Serves eight seconds of four channels at a rate, opens the page on them and gives what it drew.
 * Channel 0: flat. Channel 1: square wave of 0 and 100 uV, 1 s each. Channel 2: NaN but for one sample of 0. Channel 3: one
 * sample of 300 uV. From 6.0 s to 6.5 s nothing was received.
 * @param {import("node:test").TestContext} t
 * @param {number} rate_hz
 * @param {import("playwright-core").BrowserContextOptions} [options]
 * @param {(() => void) | null} [before]  run in the page before any of its own code
 */
async function drawn(t, rate_hz, options = {}, before = null) {
  const channels = ["flat", "square", "lonely", "spike"].map((label) => ({ label, unit: "uV" }));
  const fake = new FakeDaemon({ eeg: { rate_hz, unit: "uV", dtype: "f32", channels } });
  t.after(() => fake.stop());
  const spike = Math.round(3.3 * rate_hz) + 1;
  const lonely = Math.round(5.2 * rate_hz);
  const packet = rate_hz / 50;
  fake.onClient = () => {
    for (let first = 0; first < 8 * rate_hz; first += packet) {
      if (first >= 6 * rate_hz && first < 6.5 * rate_hz) continue;
      const values = Float32Array.from({ length: packet * 4 }, (_, i) => {
        const sample = first + (i >> 2);
        if (i % 4 === 1) return Math.floor(sample / rate_hz) % 2 === 0 ? 0 : 100;
        if (i % 4 === 2) return sample === lonely ? 0 : NaN;
        return i % 4 === 3 && sample === spike ? 300 : 0;
      });
      // The first sample's index is not 0: a page joins a stream that runs.
      fake.sendFrame("eeg", 7777 + first, values, { start_s: START_S });
    }
  };
  const { page, complaints } = await open(browser, await fake.start(), { colorScheme: "dark", ...options }, before);
  t.after(() => page.context().close());
  await page.getByText("lonely").waitFor();
  await setAmplitude(page);
  await untilDrawn(page);
  const pixels = await pixelsOf(page, "eeg");
  const lost = await page.locator('[data-figure="lost"]').textContent();
  return { pixels, lost, complaints, workers: page.workers().length, spike_s: spike / rate_hz, lonely_s: lonely / rate_hz };
}

/** A browser whose workers cannot draw. */
const withoutOffscreen = () => {
  Reflect.deleteProperty(window, "OffscreenCanvas");
  Reflect.deleteProperty(HTMLCanvasElement.prototype, "transferControlToOffscreen");
};

for (const [rate_hz, density, where] of /** @type {const} */ ([
  [250, 1, "worker"],
  [250, 2, "worker"],
  [500, 1.25, "worker"],
  [4000, 1, "worker"],
  [16000, 2, "worker"],
  [250, 1, "page"],
  [4000, 2, "page"],
])) {
  test(`square wave, spike and gap at ${rate_hz} Hz, ${density} pixels a CSS pixel, drawn by the ${where}`, async (t) => {
    const before = where === "page" ? withoutOffscreen : null;
    const { pixels, spike_s, lonely_s, lost, workers, complaints } = await drawn(t, rate_hz, { deviceScaleFactor: density }, before);
    assert.equal(workers, where === "page" ? 0 : 1);
    const lane = pixels.height / 4;
    const x = (/** @type {number} */ seconds) => (seconds / 10) * pixels.width;
    const columns = [...Array(pixels.width).keys()];
    /** Rows of a column that are inked in a channel's colour. */
    const rowsOf = (/** @type {number} */ column, /** @type {number} */ channel) =>
      pixels.inked(column).filter((row) => sameHue(pixels.colour(column, row), TRACES[channel] ?? []));
    const middle = (/** @type {number} */ column, /** @type {number} */ channel) => {
      const rows = rowsOf(Math.round(column), channel);
      return ((rows[0] ?? NaN) + (rows[rows.length - 1] ?? NaN) + 1) / 2;
    };
    const near = (/** @type {number} */ got, /** @type {number} */ want, /** @type {number} */ by, /** @type {string} */ what) =>
      assert.ok(Math.abs(got - want) <= by, `${what}: ${got} instead of ${want} within ${by}`);
    const sampleWidth = x(1 / rate_hz);

    // Heights of the square wave: 0 on its zero line, 100 uV half a division above it.
    for (const [seconds, uv] of /** @type {const} */ ([[0.5, 0], [1.5, 100], [2.5, 0], [3.5, 100], [4.5, 0], [5.5, 100], [7.5, 100]])) {
      near(middle(x(seconds), 1), (1.5 - uv / UV_PER_DIVISION) * lane, 1, `square wave at ${seconds} s`);
    }
    // Its edges: where the ink of two columns together spans the whole step, and nowhere else.
    const tall = columns.filter((column) => new Set([...rowsOf(column, 1), ...rowsOf(column + 1, 1)]).size >= 0.45 * lane);
    for (const edge of [1, 2, 3, 4, 5]) {
      near(Math.min(...tall.map((column) => Math.abs(column + 1 - x(edge)))), 0, 1.5 + sampleWidth, `edge at ${edge} s`);
    }
    // 6.5 s begins the last second's first half: 0 uV until 7 s.
    for (const column of tall) {
      const away = Math.min(...[1, 2, 3, 4, 5, 7].map((edge) => Math.abs(column + 1 - x(edge))));
      near(away, 0, 2 + 2 * density + sampleWidth, "a tall column");
    }
    // The spike: one sample, 1.5 divisions high, at its column and nowhere else.
    const tops = columns.map((column) => rowsOf(column, 3)[0] ?? Infinity);
    const highest = Math.min(...tops);
    near(highest, 2 * lane, 2 * density, "top of the spike");
    near(tops.indexOf(highest), x(spike_s), 1.5, "place of the spike");
    const spiky = tops.filter((row) => row < 3.4 * lane).length;
    assert.ok(spiky >= 1 && spiky <= Math.ceil(2 * sampleWidth) + 3 * density, `the spike is ${spiky} columns wide`);
    // The gap: no trace in its true width, but hatching; traces on both sides of it.
    const silent = columns.filter((column) => column > x(1) && column < x(7.8) && rowsOf(column, 0).length === 0);
    near(silent.length, x(0.5), 3 * density + sampleWidth, "width of the gap");
    near(silent[0] ?? NaN, x(6), 2 * density + sampleWidth, "begin of the gap");
    const hatched = columns.filter((column) => pixels.inked(column).length > 0.9 * pixels.height);
    near(hatched.length, x(0.5), 1.5, "width of the hatching");
    near(hatched[0] ?? NaN, x(6) - sampleWidth / 2, 1.5, "begin of the hatching");
    // A sample alone among NaN is a dot.
    near(middle(x(lonely_s), 2), 2.5 * lane, 1.5, "the lonely sample");
    // Beyond the last sample nothing is drawn.
    assert.equal(pixels.inked(Math.round(x(8.3))).length, 0);
    assert.equal(lost, (rate_hz / 2).toLocaleString("en"));
    assert.deepEqual(complaints, []);
  });
}

/** @param {readonly number[]} a @param {readonly number[]} b */
function sameHue(a, b) {
  return a.every((v, i) => Math.abs(v - (b[i] ?? NaN)) < 40);
}

test("drawn piece by piece as the packets come is the same as drawn at once", async (t) => {
  const form = { rate_hz: 250, unit: "uV", dtype: /** @type {const} */ ("f32"), channels: eightChannels("uV") };
  const fake = new FakeDaemon({ eeg: form });
  t.after(() => fake.stop());
  const base = await fake.start();
  const { page, complaints } = await open(browser, base);
  await page.getByText("Connected", { exact: true }).waitFor();
  const signal = new EegSignal(250);
  // More than one screen of 2 s, so that the sweep has begun anew and erases ahead of itself.
  await page.keyboard.press("[");
  await page.keyboard.press("[");
  const begun = Date.now();
  for (let index = 0; index < 800; index += 10) {
    const { filtered } = signal.next(index, 10);
    fake.sendFrame("eeg", index, filtered, { start_s: START_S });
    if (index === 300) await setAmplitude(page);
    await page.waitForTimeout(Math.max(0, begun + index * 4 - Date.now()));
  }
  await untilDrawn(page);
  const piecewise = await pixelsOf(page, "eeg");
  // The same choice again draws everything anew.
  await page.keyboard.press("-");
  await page.keyboard.press("+");
  await page.waitForTimeout(300);
  const whole = await pixelsOf(page, "eeg");
  assert.ok(whole.ink > 5000, `${whole.ink} pixels of ink`);
  // The browser smooths a long line and its pieces not quite alike; a joint that is missing or doubled shows far more.
  const differing = piecewise.difference(whole, 64);
  assert.ok(differing <= whole.ink / 500, `${differing} of ${whole.ink} pixels differ`);
  assert.deepEqual(complaints, []);
});

test("what is at a rail or off the scale runs along the edge of the picture, in its colour, and is spoken of", async (t) => {
  const channels = ["flat", "up", "down", "flat too"].map((label) => ({ label, unit: "uV" }));
  const fake = new FakeDaemon({ eeg: { rate_hz: 250, unit: "uV", dtype: "f32", channels } });
  t.after(() => fake.stop());
  // From the second second to the fourth the two in the middle are at the rails of an ADS1299 at gain 24.
  fake.onClient = () => {
    for (let first = 0; first < 2000; first += 10) {
      const railed = first >= 500 && first < 1000;
      const values = Float32Array.from({ length: 40 }, (_, i) => (railed ? [0, 187_500, -187_500, 0][i % 4] ?? 0 : 0));
      fake.sendFrame("eeg", first, values, { start_s: START_S, flags: railed || first >= 1990 ? 4 : 0 });
    }
  };
  const { page } = await open(browser, await fake.start(), { colorScheme: "dark" });
  t.after(() => page.context().close());
  await page.getByText("flat too").waitFor();
  await setAmplitude(page);
  await page.locator(".tags", { hasText: "At the rail" }).waitFor();
  await untilDrawn(page);
  const pixels = await pixelsOf(page, "eeg");
  const lane = pixels.height / 4;
  const rows = (/** @type {number} */ seconds, /** @type {number} */ channel) => {
    const x = Math.round((seconds / 10) * pixels.width);
    return pixels.inked(x).filter((row) => sameHue(pixels.colour(x, row), TRACES[channel] ?? []));
  };
  for (const seconds of [2.1, 3, 3.9]) {
    const [up, down] = [rows(seconds, 1), rows(seconds, 2)];
    assert.ok(up.length > 0 && up.every((row) => row < 4), `up at ${seconds} s: ${up}`);
    assert.ok(down.length > 0 && down.every((row) => row >= pixels.height - 4), `down at ${seconds} s: ${down}`);
  }
  for (const seconds of [1.5, 4.5]) {
    const [up, down] = [rows(seconds, 1), rows(seconds, 2)];
    assert.ok(Math.abs((up[0] ?? NaN) - 1.5 * lane) < 3 && Math.abs((down[0] ?? NaN) - 2.5 * lane) < 3, `at ${seconds} s: ${up}, ${down} of ${pixels.height}`);
  }
});

test("codes are drawn with the DC removed, and said to be", async (t) => {
  const channels = [{ label: "a", unit: "codes" }, { label: "b", unit: "codes" }];
  const fake = new FakeDaemon({ eeg: { rate_hz: 250, unit: "codes", dtype: "i32", channels } });
  t.after(() => fake.stop());
  fake.onClient = () => {
    for (let first = 0; first < 2000; first += 10) {
      const values = Int32Array.from({ length: 20 }, (_, i) => (i % 2 === 0 ? 3_000_000 + 90 * (first + (i >> 1)) : -8_388_608));
      fake.sendFrame("eeg", first, values, { start_s: START_S });
    }
  };
  const base = await fake.start();
  const { page } = await open(browser, base);
  await page.getByRole("button", { name: "DC removed for display" }).waitFor();
  await page.getByLabel("Amplitude of eeg").selectOption("20000");
  await untilDrawn(page);
  const pixels = await pixelsOf(page, "eeg");
  // A drift of 22,500 codes a second is more than a division a second; without it the trace is on its zero line.
  const rows = pixels.inked(Math.floor(pixels.width * 0.7), 0, Math.floor(pixels.height / 2));
  assert.ok(rows.length > 0 && rows.every((row) => Math.abs(row - pixels.height / 4) < 3), `${rows} of ${pixels.height}`);
  await page.getByRole("button", { name: "DC removed for display" }).click();
  await page.getByRole("button", { name: "DC shown" }).waitFor();
  await page.waitForTimeout(200);
  // With 3 million codes of DC the traces are far off the scale, upwards and downwards.
  const off = await pixelsOf(page, "eeg");
  const edges = off.inked(Math.floor(off.width * 0.7));
  assert.ok(edges.includes(0) && edges.includes(off.height - 1) && edges.every((row) => row < 4 || row >= off.height - 4), `${edges}`);
});

test("the daemon goes away and comes back: told, reconnected, gap drawn, settings kept", async (t) => {
  const form = { rate_hz: 250, unit: "uV", dtype: /** @type {const} */ ("f32"), channels: [{ label: "Cz", unit: "uV" }] };
  const fake = new FakeDaemon({ eeg: form });
  t.after(() => fake.stop());
  const start_s = Date.now() / 1000;
  let index = 0;
  const timer = setInterval(() => {
    for (; index / 250 < Date.now() / 1000 - start_s; index += 10) fake.sendFrame("eeg", index, new Float32Array(10), { start_s });
  }, 20);
  const base = await fake.start();
  const { page } = await open(browser, base);
  await page.getByText("Live. Every sample that was sent has arrived.").waitFor();
  await setAmplitude(page);
  await page.keyboard.press("Escape");
  await page.getByLabel("Seconds per screen").selectOption("20");
  const port = fake.port;
  fake.dropClients();
  await fake.stop();
  await page.getByText(/Connection lost: trying again/).waitFor();
  await page.waitForTimeout(800);
  await fake.start(port);
  await page.getByText(/eeg: \d+ samples lost, the last at/).waitFor({ timeout: 15_000 });
  await page.waitForTimeout(500);
  const lost = Number(await page.locator('[data-figure="lost"]').textContent());
  const pixels = await pixelsOf(page, "eeg");
  // The height of 1/8 is far from the only trace: what is inked there is hatching.
  let hatched = 0;
  for (let column = 0; column < pixels.width; column++) {
    if (pixels.inked(column, 0, Math.floor(pixels.height / 4)).length > pixels.height / 8) hatched += 1;
  }
  const expected = (lost / 250 / 20) * pixels.width;
  assert.ok(lost > 150 && Math.abs(hatched - expected) <= 2, `${hatched} columns hatched for ${lost} samples, not ${expected}`);
  await page.reload();
  await page.getByText("Live.").waitFor();
  assert.equal(await page.getByLabel("Amplitude of eeg").inputValue(), String(UV_PER_DIVISION));
  assert.equal(await page.getByLabel("Seconds per screen").inputValue(), "20");
  clearInterval(timer);
});

test("hostile names are text, an unreadable frame is spoken of, a forbidden localStorage is no obstacle", async (t) => {
  const evil = `<img src=x onerror="window.hit=1">\u202e🧠${"x".repeat(10_000)}`;
  const form = { rate_hz: 250, unit: evil, dtype: /** @type {const} */ ("f32"), channels: [{ label: evil, unit: evil }] };
  const fake = new FakeDaemon({ [evil]: form });
  t.after(() => fake.stop());
  fake.pipeline.config.name = evil;
  // A request line has its bounds; the topic is asked for by a shorter name.
  fake.topics = { "<b>eeg</b>": form };
  fake.onClient = () => {
    fake.sendFrame("<b>eeg</b>", 0, new Float32Array(100), { start_s: START_S });
    fake.send(2, Buffer.from("not a frame of this protocol at all, but long enough"));
  };
  const base = await fake.start();
  const { page, complaints } = await open(browser, base, { viewport: { width: 360, height: 780 } }, () => {
    Object.defineProperty(window, "localStorage", { get: () => { throw new DOMException("forbidden", "SecurityError"); } });
  });
  await page.getByText(/1 message could not be read: a frame starts with 0x6f6e instead of 0xee61/).waitFor();
  await page.keyboard.press("+");
  assert.equal(await page.evaluate(() => /** @type {any} */ (window).hit), undefined);
  assert.equal(await page.locator("img").count(), 0);
  assert.equal(await page.locator(".scope h2").textContent(), "<b>eeg</b>");
  const wide = await page.evaluate(() =>
    [...document.querySelectorAll("*")]
      .filter((element) => document.documentElement.scrollWidth > 360 && element.getBoundingClientRect().right > 360)
      .map((element) => `${element.tagName}.${element.className} ${element.getBoundingClientRect().right}`),
  );
  assert.deepEqual(wide, [], "the page scrolls sideways");
  assert.deepEqual(complaints, []);
});
