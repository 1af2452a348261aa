// The page as a whole: nothing for axe to find, little to load, nothing executed of what others name, and back by itself after a crash.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";
import { launch, open, pixelsOf } from "./support/browser.js";
import { LiveDaemon } from "./support/daemon.js";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const LIVE = "Live. Every sample that was sent has arrived.";
const PIPELINE = `
name: <b>bench</b>
stages:
  - synthetic: { sps: 250, channels: 4, seed: 1 }
  - to_voltage: {}
  - rename: { labels: { "ch1": "<img src=x onerror=alert(1)>\\u202e🧠" } }
  - websocket_sink: { topic: eeg }
  - psd: { inputs: [rename], high_hz: 45 }
  - websocket_sink: { id: out, topic: spectra }
  - band_power: { inputs: [rename] }
  - websocket_sink: { id: bands, topic: bands }
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
});
after(async () => {
  await browser?.close();
  await daemon?.remove();
});

/** @param {import("playwright-core").Page} page */
async function findings(page) {
  await page.evaluate(AXE);
  const found = await page.evaluate(() => /** @type {any} */ (window).axe.run(document, { resultTypes: ["violations"] }));
  return found.violations.map((/** @type {any} */ { id, nodes }) => `${id}: ${nodes.map((/** @type {any} */ node) => node.html.slice(0, 120)).join(" | ")}`);
}

for (const colorScheme of /** @type {const} */ (["dark", "light"])) {
  test(`axe finds nothing in any view, ${colorScheme}`, async (t) => {
    const { page, complaints } = await open(browser, base, { colorScheme });
    t.after(() => page.context().close());
    await page.getByText(LIVE).waitFor();
    assert.deepEqual(await findings(page), [], "traces");
    await page.getByText("More").first().click();
    await page.getByRole("button", { name: /^Channels:/ }).click();
    assert.deepEqual(await findings(page), [], "channels");
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: "All keys (?)" }).click();
    assert.deepEqual(await findings(page), [], "keys");
    await page.keyboard.press("Escape");
    const links = await page.locator("nav a").evaluateAll((all) => all.map((link) => link.getAttribute("href")));
    for (const link of links.slice(1)) {
      await page.locator(`nav a[href="${link}"]`).click();
      await page.waitForTimeout(1500);
      assert.deepEqual(await findings(page), [], String(link));
    }
    await page.locator('nav a[href="#pipeline"]').click();
    await page.locator('[data-stage="psd"]').click();
    assert.deepEqual(await findings(page), [], "one stage");
    await page.getByRole("button", { name: /^Add after/ }).click();
    assert.deepEqual(await findings(page), [], "another stage");
    assert.deepEqual(complaints, []);
  });
}

test("until the first picture less than 100 kB are sent, all of them from the daemon, under a strict policy", async (t) => {
  const { page, complaints } = await open(browser, base);
  t.after(() => page.context().close());
  await page.getByText(LIVE).waitFor();
  const loaded = await page.evaluate(() =>
    [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")].map((entry) => {
      const { name, transferSize } = /** @type {PerformanceResourceTiming} */ (entry);
      return { name, transferSize };
    }),
  );
  assert.ok(loaded.every(({ name }) => name.startsWith(base)), JSON.stringify(loaded));
  // The worker's files are in the list; what the daemon is asked for is not part of the page.
  const files = loaded.filter(({ name }) => /\/$|\.(js|css|svg)$/.test(name));
  const total = files.reduce((sum, { transferSize }) => sum + transferSize, 0);
  t.diagnostic(`${files.length} files, ${(total / 1000).toFixed(1)} kB`);
  assert.ok(files.some(({ name }) => name.endsWith("/engine/painter.js")), JSON.stringify(files));
  assert.ok(total > 10_000 && total < 100_000, `${total} bytes`);
  const policy = (await page.context().request.get(base)).headers()["content-security-policy"] ?? "";
  assert.match(policy, /default-src 'none'/);
  assert.ok(!/unsafe/.test(policy), policy);
  assert.deepEqual(complaints, []);
});

test("a daemon that asks for a token is given it once, and everything works with it", async (t) => {
  const token = "correct-horse-battery-staple";
  const guarded = new LiveDaemon({ pipeline: PIPELINE, files: { token: token }, args: ["--token-file", "token"] });
  t.after(() => guarded.remove());
  const { page, complaints } = await open(browser, await guarded.start());
  t.after(() => page.context().close());
  const dialog = page.getByRole("dialog", { name: "Token" });
  await dialog.getByText("is started with").or(dialog.getByText("--token-file")).first().waitFor();
  assert.deepEqual(await findings(page), []);
  await dialog.getByLabel("Token").fill("not-the-token-at-all");
  await dialog.getByRole("button", { name: "Connect" }).click();
  await dialog.getByText("That was not the token.").waitFor();
  await dialog.getByLabel("Token").fill(token);
  await page.keyboard.press("Enter");
  await page.getByText(LIVE).waitFor();
  await page.reload();
  await page.getByText(LIVE).waitFor();
  assert.equal(await dialog.count(), 0);
  // Over both WebSockets and HTTP: a stage retuned, a study recorded, its file downloaded.
  await page.locator('nav a[href="#pipeline"]').click();
  await page.locator('[data-stage="psd"]').click();
  const high = page.locator(".stage-panel").getByLabel("high_hz", { exact: true });
  await high.fill("40");
  await high.press("Enter");
  await page.getByText(/^psd high_hz 40: done/).first().waitFor();
  await page.locator('nav a[href="#studies"]').click();
  await page.getByLabel("Participant").fill("P1");
  await page.getByLabel("Task").fill("rest");
  await page.locator(".studies-view").getByRole("button", { name: "Record", exact: true }).click();
  await page.locator(".record-button", { hasText: "■" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Stop recording" }).click();
  const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: "Download session_meta.json" }).click()]);
  assert.match(readFileSync(await download.path(), "utf8"), /"participant": "P1"/);
  assert.deepEqual(complaints.filter((words) => !/401|WebSocket connection/.test(words)), []);
});

test("markup, other directions and 10 kB in whatever the daemon takes are shown as they are, and break nothing", async (t) => {
  const evil = '<img src=x onerror="window.hit=1">\u202eעברית 🧠<script>window.hit=1</script>';
  const long = `${evil}${"x".repeat(10_000)}`;
  const id = "W".repeat(64);
  const pipeline = JSON.stringify({
    name: long,
    groups: { [evil]: {} },
    stages: [
      { synthetic: { sps: 250, channels: 2, seed: 1 } },
      { to_voltage: { id, group: evil } },
      { rename: { labels: { ch1: long } } },
      { websocket_sink: { topic: id } },
      { notch: { hz: 50, inputs: [id] } },
      { websocket_sink: { id: "second", topic: "eeg" } },
    ],
  });
  const preset = `# ${evil}\nstages: [{ synthetic: { sps: 250, channels: 1 } }, { websocket_sink: { topic: eeg } }]\n`;
  const hostile = new LiveDaemon({ pipeline, args: ["--presets", "."], files: { [`${evil.slice(0, 34)}.yaml`]: preset } });
  t.after(() => hostile.remove());
  const { page, complaints } = await open(browser, await hostile.start(), { viewport: { width: 360, height: 780 } });
  t.after(() => page.context().close());
  page.on("dialog", () => assert.fail("something was executed"));
  await page.getByText(LIVE).waitFor();
  await hostile.ask("/studies", { method: "POST", body: { participant: "P1", task: "x", notes: long } });
  for (const text of [evil, "\u202eright to left 🧠", "x".repeat(1000)]) await hostile.ask("/markers", { method: "POST", body: { text } });
  const check = async (/** @type {string} */ where) => {
    await page.waitForTimeout(700);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth);
    const culprits = await page.evaluate(() => [...document.querySelectorAll("body *")].filter((e) => e.getBoundingClientRect().right > 360).slice(0, 4).map((e) => `${e.tagName}.${e.className}`));
    assert.ok(wide <= 360, `${where} is ${wide} px wide: ${culprits}`);
    assert.equal(await page.evaluate(() => /** @type {any} */ (window).hit), undefined, where);
    assert.equal(await page.locator("img, body script").count(), 0, where);
  };
  assert.ok(((await page.locator(".pipeline").textContent()) ?? "").startsWith(evil));
  assert.ok((await page.locator(".labels").first().textContent())?.startsWith(evil));
  for (const link of await page.locator("nav a").all()) {
    await link.click();
    await check(String(await link.getAttribute("href")));
  }
  assert.equal(await page.locator(".studies-view .notes").first().textContent(), long);
  await hostile.ask("/studies/current/stop", { method: "POST" });
  await page.locator(".studies .notes").waitFor();
  await check("a past study");
  await page.locator('nav a[href="#pipeline"]').click();
  await page.getByLabel("Presets").selectOption(evil.slice(0, 34));
  await page.locator(".about-preset", { hasText: "onerror" }).waitFor();
  await page.locator(`[data-stage="${id}"]`).click();
  await page.locator(".legend li", { hasText: "onerror" }).waitFor();
  await check("a stage");
  // What the daemon does not take comes back in its own words.
  await page.getByRole("button", { name: /^Add after/ }).click();
  await page.getByRole("dialog").getByLabel("Id").fill(evil);
  await page.getByRole("dialog").getByRole("button", { name: "Add", exact: true }).click();
  await page.getByRole("dialog").locator(".complaint", { hasText: "onerror" }).first().waitFor();
  await check("a refusal");
  assert.deepEqual(complaints, []);
});

test("killed and started again under the page: it says so, comes back by itself, keeps every setting and shows the gap", async (t) => {
  const { page } = await open(browser, base);
  t.after(() => page.context().close());
  await page.getByText(LIVE).waitFor();
  await page.getByLabel("Amplitude of eeg, per division").selectOption("200");
  await page.getByLabel("Seconds per screen").selectOption("20");
  await page.getByText("More").first().click();
  await page.getByLabel("Mains of eeg").selectOption("50");
  await page.keyboard.press("Escape");
  await page.waitForTimeout(1000);
  await daemon.stop("SIGKILL");
  await page.getByText(/^Connection lost/).waitFor();
  await page.waitForTimeout(1500);
  await daemon.start();
  await page.getByText(/the stream began anew at|^Live\./).first().waitFor();
  await page.waitForTimeout(2500);
  assert.equal(await page.getByLabel("Amplitude of eeg, per division").inputValue(), "200");
  assert.equal(await page.getByLabel("Seconds per screen").inputValue(), "20");
  await page.getByText("50 Hz removed for display").first().waitFor();
  const pixels = await pixelsOf(page, "eeg");
  // Hatching reaches over the whole height, the traces of this signal do not.
  let hatched = 0;
  for (let column = 0; column < pixels.width; column++) if (pixels.inked(column).length > 0.9 * pixels.height) hatched += 1;
  const least = (1.5 / 20) * pixels.width;
  assert.ok(hatched > least && hatched < 8 * least, `${hatched} columns hatched`);
});
