// The view of the pipeline against a real daemon: every control of it, and what the daemon then runs.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch, open } from "./support/browser.js";
import { BENCH, LiveDaemon } from "./support/daemon.js";

const PRESET = `
# A second bench, for the test.
name: second
stages:
  - synthetic: { sps: 500, channels: 2, seed: 2 }
  - to_voltage: {}
  - websocket_sink: { topic: eeg_second }
`;

/** @type {import("playwright-core").Browser} */
let browser;
/** @type {LiveDaemon} */
let daemon;
/** @type {string} */
let base;
before(async () => {
  browser = await launch();
  daemon = new LiveDaemon({ pipeline: BENCH, args: ["--presets", "."], files: { "second.yaml": PRESET.trimStart(), "broken.yaml": "stages: [{ notch: {} }]" } });
  base = await daemon.start();
});
after(async () => {
  await browser?.close();
  await daemon?.remove();
});

/** @param {import("playwright-core").Page} page @param {string} id */
const node = (page, id) => page.locator(`[data-stage="${id}"]`);

async function view() {
  const opened = await open(browser, `${base}/#pipeline`);
  await node(opened.page, "notch").waitFor();
  return opened;
}

test("the graph shows stages, groups, rates; a stage is retuned live, refused when wrong, and the change undone", async () => {
  const { page, context, complaints } = await view();
  assert.equal(await page.locator("[data-stage]").count(), 5);
  await page.getByText(/^dsp · 250 Hz · 4 ch$/).first().waitFor();
  await node(page, "raw").getByText(/^\d[\d.]*\/s · \S+ (ns|µs|ms) · queue \d+$/).waitFor();
  assert.equal(await page.locator(".edges path").count(), 4);

  await node(page, "notch").click();
  const panel = page.locator(".stage-panel");
  const hz = panel.getByLabel("hz", { exact: true });
  assert.equal(await hz.inputValue(), "50");
  // A notch of 50 Hz with q 30 is 50/30 Hz wide at -3 dB, and lets nothing pass at 50 Hz.
  await panel.getByText(/^3 dB below the passband at 49\.2, 50\.8 Hz\. Settles in [\d.]+ (s|ms)\.$/).waitFor();
  const deepest = await panel.locator(".response polyline").evaluate((line) => {
    const points = [.../** @type {SVGPolylineElement} */ (line).points].map(({ x, y }) => [x, y]);
    const [x] = points.reduce((low, point) => ((point[1] ?? 0) > (low[1] ?? 0) ? point : low));
    const ticks = [...document.querySelectorAll(".response text[text-anchor=middle]")].map((tick) => /** @type {const} */ ([tick.textContent, Number(tick.getAttribute("x"))]));
    return { x, ticks: Object.fromEntries(ticks) };
  });
  const [at10 = NaN, at100 = NaN] = [deepest.ticks["10 Hz"], deepest.ticks["100 Hz"]];
  assert.ok(Math.abs((deepest.x ?? 0) - (at10 + Math.log10(5) * (at100 - at10))) < 0.2, JSON.stringify(deepest));
  assert.match((await panel.locator(".form-field", { has: page.getByLabel("hz", { exact: true }) }).textContent()) ?? "", /Hz.*Centre frequency/);
  await hz.fill("60");
  await hz.press("Enter");
  await panel.getByText(/^notch hz 60: done, notch at sample [\d,]+\.$/).waitFor();
  assert.equal((await daemon.ask("/pipeline")).config.stages.notch.params.hz, 60);
  await panel.getByText(/^3 dB below the passband at 59, 61 Hz\./).waitFor();

  await hz.fill("500");
  await hz.press("Enter");
  await panel.locator(".complaint", { hasText: /half the rate|below|125/ }).first().waitFor();
  assert.equal((await daemon.ask("/pipeline")).config.stages.notch.params.hz, 60);
  await hz.fill("");
  await hz.press("Enter");
  await panel.getByText("This is needed.").waitFor();

  const init = panel.getByLabel("init", { exact: true });
  await init.selectOption({ label: "zero" });
  await panel.getByText(/^notch init "zero": done/).waitFor();
  await page.getByRole("button", { name: /^Undo: notch init/ }).click();
  await page.getByText(/Undo: notch init "zero": done/).first().waitFor();
  await page.evaluate(() => /** @type {HTMLElement} */ (document.activeElement)?.blur());
  await page.keyboard.press("u");
  await page.getByText(/Undo: notch hz 60: done/).first().waitFor();
  const { notch } = (await daemon.ask("/pipeline")).config.stages;
  assert.deepEqual([notch.params.hz, notch.params.init], [50, "step"]);
  await page.getByRole("button", { name: "Undo the last change (key U)" }).waitFor();

  await panel.getByText("Wiring and errors").click();
  await panel.getByLabel("When it fails").selectOption("skip_packet");
  await panel.getByText(/^notch on_error "skip_packet": done/).waitFor();
  await panel.getByLabel("Group").fill("sinks");
  await panel.getByLabel("Group").press("Enter");
  await panel.getByText(/^notch group "sinks": done/).waitFor();
  await node(page, "notch").getByText(/^sinks · 250 Hz · 4 ch$/).waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: /^Undo: notch group/ }).click();
  await node(page, "notch").getByText(/^dsp · 250 Hz · 4 ch$/).waitFor();
  await node(page, "filtered").click();
  await panel.getByText("Wiring and errors").click();
  await panel.getByLabel("Takes its samples from").selectOption("to_voltage");
  await panel.getByText(/^filtered inputs \["to_voltage"\]: done/).waitFor();
  await panel.getByLabel("Takes its samples from").selectOption("notch");
  await panel.getByText(/^filtered inputs \["notch"\]: done/).waitFor();
  assert.equal(await panel.locator(".response").isVisible(), false, "a sink is no filter");
  assert.deepEqual(complaints, []);
  await context.close();
});

test("a stage that must not be disturbed says why, on the graph and in its panel; groups say which cores they have", async () => {
  const locked = new LiveDaemon({
    pipeline: `
groups: { acquire: { cores: [0] }, dsp: { cores: [0, 1] } }
stages:
  - synthetic: { sps: 250, channels: 2, seed: 1 }
  - bdf_sink: { path: rec.bdf }
  - to_voltage: { inputs: [synthetic] }
  - websocket_sink: { topic: eeg }
`,
  });
  const { page, context, complaints } = await open(browser, `${await locked.start()}/#pipeline`);
  try {
    await page.getByText("acquire: core 0").waitFor();
    assert.deepEqual(await page.getByRole("list", { name: "Groups of threads" }).getByRole("listitem").allTextContents(), [
      "acquire: core 0",
      "sinks: any core",
      "dsp: cores 0, 1",
    ]);
    await node(page, "synthetic").click();
    const panel = page.locator(".stage-panel");
    const seed = panel.getByLabel("seed", { exact: true });
    await seed.fill("7");
    await seed.press("Enter");
    await page.locator(".message", { hasText: /^stage `bdf_sink` is locked: .*rec\.bdf.*; nothing was changed$/ }).waitFor();
    assert.equal((await locked.ask("/pipeline")).config.stages.synthetic.params.seed, 1);
    await node(page, "bdf_sink").getByText("locked").waitFor();
    await node(page, "bdf_sink").click();
    await panel.getByText(/^Locked: .*rec\.bdf.*, since \d\d:\d\d:\d\d$/).waitFor();
    await panel.getByLabel("lock", { exact: true }).uncheck();
    await panel.locator(".complaint", { hasText: "is locked" }).waitFor();
    await page.getByRole("button", { name: /^Remove bdf_sink/ }).click();
    await page.locator(".message", { hasText: /^stage `bdf_sink` is locked/ }).waitFor();
    assert.ok("bdf_sink" in (await locked.ask("/pipeline")).config.stages);
    assert.deepEqual(complaints.filter((words) => !/status of 423/.test(words)), []);
  } finally {
    await context.close();
    await locked.remove();
  }
});

test("a stage is added between, another as a branch, changed, removed; its topic comes and goes", async () => {
  const { page, context, complaints } = await view();
  await node(page, "notch").click();
  await page.getByRole("button", { name: /^Add after notch/ }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("button", { name: "Cancel" }).click();
  await page.getByRole("button", { name: /^Add after notch/ }).click();
  await dialog.getByLabel("Kind").selectOption("bandpass");
  await dialog.getByLabel("init").selectOption({ label: "zero" });
  await dialog.getByLabel("low_hz").fill("1");
  await dialog.getByLabel("high_hz").fill("200");
  await dialog.getByRole("button", { name: "Add" }).click();
  await dialog.locator(".complaint", { hasText: /\S/ }).first().waitFor();
  await dialog.getByLabel("high_hz").fill("40");
  await dialog.getByRole("button", { name: "Add" }).click();
  await node(page, "bandpass").waitFor();
  let { stages } = (await daemon.ask("/pipeline")).config;
  assert.deepEqual([stages.bandpass.inputs, stages.filtered.inputs, stages.bandpass.params.high_hz], [["notch"], ["bandpass"], 40]);
  assert.equal(stages.bandpass.params.init, "zero");

  // A branch: spectra, and a topic for them.
  await page.getByRole("button", { name: /^Add after bandpass/ }).click();
  await dialog.getByLabel("Kind").selectOption("psd");
  await dialog.getByLabel(/^Between/).uncheck();
  await dialog.getByRole("button", { name: "Add" }).click();
  await node(page, "psd").waitFor();
  await page.getByRole("button", { name: /^Add after psd/ }).click();
  await dialog.getByLabel("Kind").selectOption("websocket_sink");
  await dialog.getByLabel("topic").fill("spectra");
  await dialog.getByLabel("Id").fill("spectra_out");
  await dialog.getByRole("button", { name: "Add" }).click();
  await node(page, "spectra_out").waitFor();
  ({ stages } = (await daemon.ask("/pipeline")).config);
  assert.deepEqual([stages.psd.inputs, stages.spectra_out.inputs, stages.filtered.inputs], [["bandpass"], ["psd"], ["bandpass"]]);
  await page.locator('[data-topic="spectra"]').waitFor();
  // A text and a list of a stage that runs.
  await page.locator(".stage-panel").getByLabel("topic", { exact: true }).fill("spectra_too");
  await page.keyboard.press("Enter");
  await page.locator('[data-topic="spectra_too"]').waitFor();
  await page.locator('[data-topic="spectra"]').waitFor({ state: "detached" });
  await node(page, "psd").click();
  await page.getByRole("button", { name: /^Add after psd/ }).click();
  await dialog.getByLabel("Kind").selectOption("rename");
  await dialog.getByLabel("labels").fill("ch1: Cz");
  await dialog.getByRole("button", { name: "Cancel" }).click();
  await node(page, "notch").click();
  await page.getByRole("button", { name: /^Add after notch/ }).click();
  await dialog.getByLabel("Kind").selectOption("rename");
  await dialog.getByLabel("labels").fill("ch1: Cz");
  await dialog.getByLabel(/^Between/).uncheck();
  await dialog.getByRole("button", { name: "Add", exact: true }).click();
  await node(page, "rename").waitFor();
  await page.locator(".stage-panel").getByLabel("labels").fill("ch1: Pz");
  await page.locator(".stage-panel").getByLabel("labels").blur();
  await page.getByText(/^rename labels .*: done/).first().waitFor();
  assert.deepEqual((await daemon.ask("/pipeline")).config.stages.rename.params.labels, { ch1: "Pz" });
  await page.getByRole("button", { name: "Remove rename" }).click();
  await node(page, "rename").waitFor({ state: "detached" });

  await node(page, "spectra_out").click();
  await page.getByRole("button", { name: "Remove spectra_out" }).click();
  await node(page, "spectra_out").waitFor({ state: "detached" });
  await node(page, "psd").click();
  await page.getByRole("button", { name: "Remove psd" }).click();
  await node(page, "psd").waitFor({ state: "detached" });
  await node(page, "bandpass").click();
  await page.getByRole("button", { name: "Remove bandpass" }).click();
  await node(page, "bandpass").waitFor({ state: "detached" });
  ({ stages } = (await daemon.ask("/pipeline")).config);
  assert.deepEqual([stages.filtered.inputs, "bandpass" in stages], [["notch"], false]);
  // What was removed is a change like others.
  await page.getByRole("button", { name: /^Undo: bandpass removed/ }).click();
  await node(page, "bandpass").waitFor();
  await node(page, "bandpass").click();
  await page.getByRole("button", { name: "Remove bandpass" }).click();
  await node(page, "bandpass").waitFor({ state: "detached" });
  assert.deepEqual(complaints, []);
  await context.close();
});

test("the document beside the graph is edited as a whole; what others change is shown", async () => {
  const { page, context, complaints } = await view();
  await page.getByRole("button", { name: "Document" }).click();
  const area = page.getByRole("textbox", { name: "Document" });
  const document = JSON.parse(await area.inputValue());
  assert.equal(document.stages.notch.kind, "notch");
  await area.fill("{");
  await page.getByRole("button", { name: /^Apply/ }).click();
  await page.getByText(/^This is not JSON/).waitFor();
  document.stages.notch.params.q = 12;
  document.stages.odd = { kind: "nothc" };
  await area.fill(JSON.stringify(document));
  await page.getByRole("button", { name: /^Apply/ }).click();
  await page.locator(".document .complaint", { hasText: "nothc" }).waitFor();
  delete document.stages.odd;
  await area.fill(JSON.stringify(document));
  await page.getByRole("button", { name: /^Apply/ }).click();
  await page.getByText(/^document replaced: done/).waitFor();
  assert.equal((await daemon.ask("/pipeline")).config.stages.notch.params.q, 12);
  await area.fill("nonsense");
  await page.getByRole("button", { name: /^Revert/ }).click();
  assert.equal(JSON.parse(await area.inputValue()).stages.notch.params.q, 12);

  await daemon.ask("/pipeline", { method: "PATCH", body: [{ op: "replace", path: "/stages/notch/params/q", value: 20 }] });
  await page.waitForFunction(() => document.querySelector(".document textarea")?.value.includes('"q": 20'));
  assert.deepEqual(complaints, []);
  await context.close();
});

test("stop, start, restart, a preset, a file of one's own; what cannot be loaded says why", async () => {
  const { page, context, complaints } = await view();
  await page.getByRole("button", { name: /^Stop/ }).click();
  await page.getByText(/^Nothing runs/).waitFor();
  await page.getByText("No pipeline is running.").waitFor();
  await page.getByRole("button", { name: /^Start/ }).click();
  await page.getByText(/^Running/).waitFor();
  await page.getByRole("button", { name: /^Restart the pipeline/ }).click();
  await page.getByText("Started.").waitFor();

  const presets = page.getByLabel("Presets");
  await presets.selectOption("broken");
  await page.getByRole("button", { name: /^Load/ }).click();
  await page.getByRole("button", { name: "Discard and start" }).click();
  await page.locator(".message", { hasText: /hz/ }).waitFor();
  await presets.selectOption("second");
  await page.getByText("A second bench, for the test.").waitFor();
  await page.getByRole("button", { name: /^Load/ }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Cancel" }).click();
  assert.equal((await daemon.ask("/pipeline")).config.name, "bench");
  await page.getByRole("button", { name: /^Load/ }).click();
  await page.getByRole("button", { name: "Discard and start" }).click();
  await page.locator('[data-topic="eeg_second"]').waitFor();
  assert.equal((await daemon.ask("/pipeline")).config.name, "second");

  const [chooser] = await Promise.all([page.waitForEvent("filechooser"), page.getByRole("button", { name: /^File…/ }).click()]);
  await chooser.setFiles({ name: "mine.yaml", mimeType: "text/yaml", buffer: Buffer.from(BENCH) });
  await node(page, "notch").waitFor();
  assert.equal((await daemon.ask("/pipeline")).config.name, "bench");
  await node(page, "notch").click();
  await page.getByRole("button", { name: /^Restart notch/ }).click();
  await page.getByText("notch restarted.").waitFor();
  // What was refused is told as HTTP status by the browser's console; nothing else is.
  assert.deepEqual(complaints.filter((words) => !/status of 422/.test(words)), []);
  await context.close();
});
