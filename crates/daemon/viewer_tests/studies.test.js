// A study from beginning to end in the browser, against a real daemon: recorded with markers, found in the file by other people's
// reader, downloaded, played.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { launch, open } from "./support/browser.js";
import { BENCH, LiveDaemon } from "./support/daemon.js";

/** Markup, right to left, emoji: all of it has to come back as it was typed. */
const HOSTILE = "<img src=x onerror=\"window.hit=1\"> \u202eעיניים עצומות\u202c 🧠 & \"so\"";

const PYTHON = process.env.EEGD_PYTHON;

/** @type {import("playwright-core").Browser} */
let browser;
/** @type {LiveDaemon} */
let daemon;
/** @type {string} */
let base;
before(async () => {
  if (PYTHON === undefined) throw new Error("EEGD_PYTHON has to name a Python with pyedflib: tests/peers/requirements.txt lists it");
  browser = await launch();
  daemon = new LiveDaemon({ pipeline: BENCH });
  base = await daemon.start();
});
after(async () => {
  await browser?.close();
  await daemon?.remove();
});

/** What pyedflib finds in a file: samples of a channel, and annotations. @param {string} path @returns {{samples: number, channels: number, texts: string[], onsets: number[]}} */
function readByOthers(path) {
  const script = `
import json, sys, pyedflib
with pyedflib.EdfReader(sys.argv[1]) as f:
    onsets, _, texts = f.readAnnotations()
    print(json.dumps({"samples": int(f.getNSamples()[0]), "channels": f.signals_in_file, "texts": [str(t) for t in texts], "onsets": [float(o) for o in onsets]}))
`;
  return JSON.parse(execFileSync(String(PYTHON), ["-c", script, path], { encoding: "utf8" }));
}

const live = "Live. Every sample that was sent has arrived.";

test("a study is recorded from any view with markers by key, button and free text, and all of it is in the file", async () => {
  const { page, context, complaints } = await open(browser, base);
  page.on("dialog", () => assert.fail("something was executed"));
  await page.getByText(live).waitFor();
  const recording = page.locator('[data-state="recording"]');
  assert.equal(await recording.textContent(), "no");
  assert.match((await page.locator('[data-state="disk"]').textContent()) ?? "", /^\d[\d.]* [GT]B free$/);

  // Begun by the head's button, which is there on every view.
  const button = page.locator(".record-button");
  for (const view of ["scope", "spectra", "signal", "pipeline", "studies", "scope"]) {
    await page.locator(`nav a[href="#${view}"]`).click();
    assert.ok(await button.isVisible(), view);
  }
  await button.click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("button", { name: "Cancel" }).click();
  await button.click();
  await dialog.getByLabel("Participant").fill("no name!");
  await dialog.getByLabel("Task").fill("rest");
  await dialog.getByRole("button", { name: "Record" }).click();
  assert.equal((await daemon.ask("/studies/current")).study, null, "a code has letters and digits only");
  await dialog.getByLabel("Participant").fill("P001");
  await dialog.getByLabel("Notes").fill(HOSTILE);
  await dialog.getByRole("checkbox", { name: "notch" }).check();
  await dialog.getByRole("button", { name: "Record" }).click();
  await page.getByText(/^Recording to \d{8}T\d{6}Z_P001_rest\.$/).waitFor();
  await button.filter({ hasText: /^■ \d\d:\d\d$/ }).waitFor();
  await recording.filter({ hasText: /^● P001 rest \d\d:\d\d, [\d.]+ [kM]?B$/ }).waitFor();

  // By key, on the traces; with free text, by the dialog; by button and by form, where recordings are.
  await page.evaluate(() => /** @type {HTMLElement} */ (document.activeElement)?.blur());
  await page.keyboard.press("4");
  await page.getByText(/^"marker 4" at/).waitFor();
  await page.getByRole("button", { name: /^Marker/ }).click();
  await dialog.getByRole("button", { name: "Cancel" }).click();
  await page.getByRole("button", { name: /^Marker/ }).click();
  await dialog.getByLabel("Free text").fill(HOSTILE);
  await dialog.getByRole("button", { name: "Set marker" }).click();
  await page.locator(".notice", { hasText: HOSTILE }).waitFor();
  await page.locator('nav a[href="#studies"]').click();
  await page.locator(".record-state", { hasText: /^Recording P001, rest: \d\d:\d\d, [\d.]+ [kM]?B$/ }).waitFor();
  await page.getByText(/^\d[\d.]* [GT]B of \d[\d.]* [GT]B left on the disk/).waitFor();
  await page.getByLabel("Text of marker 2").fill("start of task");
  await page.getByRole("textbox", { name: "Free text" }).focus();
  await page.getByRole("button", { name: "2: start of task" }).click();
  await page.getByRole("textbox", { name: "Free text" }).fill("eyes open");
  await page.getByRole("button", { name: "Set marker" }).click();
  await page.getByRole("list", { name: "Latest events" }).getByText(/marker · eyes open$/).waitFor();
  assert.equal(await page.getByRole("list", { name: "Latest events" }).getByText(HOSTILE).count(), 1);
  // Ten seconds on, it is said how long the room lasts.
  await page.getByText(/left on the disk: enough for /).waitFor();

  // Not ended by accident; then by the large button.
  const stop = page.locator(".studies-view").getByRole("button", { name: "Stop recording" });
  await stop.click();
  await dialog.getByRole("button", { name: "Cancel" }).click();
  assert.notEqual((await daemon.ask("/studies/current")).study, null);
  await stop.click();
  await dialog.getByRole("button", { name: "Stop recording" }).click();
  await page.getByText(/^\d{8}T\d{6}Z_P001_rest is complete\.$/).waitFor();
  await page.getByText("Not recording.").waitFor();

  const [study] = readdirSync(join(daemon.folder, "data", "studies"));
  const folder = join(daemon.folder, "data", "studies", study);
  const meta = JSON.parse(readFileSync(join(folder, "session_meta.json"), "utf8"));
  assert.deepEqual([meta.participant, meta.task, meta.notes, meta.state], ["P001", "rest", HOSTILE, "complete"]);
  const found = readByOthers(join(folder, "P001_rest_synthetic.bdf"));
  const markers = found.texts.filter((text) => /marker|start of|eyes open|onerror/.test(text));
  assert.deepEqual(markers, ["marker 4", HOSTILE, "start of task", "eyes open"]);
  assert.ok(found.channels === 4 && found.samples > 10 * 250, JSON.stringify(found));
  const info = execFileSync(daemon.program, ["info", join(folder, "P001_rest_synthetic.bdf")], { encoding: "utf8" });
  for (const marker of ["marker 4", "start of task", "eyes open"]) assert.ok(info.includes(marker), info);

  // Listed with its sizes, handed out byte for byte.
  const item = page.locator(".studies > li").first();
  assert.match((await item.textContent()) ?? "", /P001 · rest/);
  assert.ok((await item.locator(".notes").textContent()) === HOSTILE);
  for (const name of ["P001_rest_notch.xdf", "P001_rest_synthetic.bdf", "pipeline.yaml", "session_meta.json"]) {
    const [download] = await Promise.all([page.waitForEvent("download"), item.getByRole("link", { name: `Download ${name}` }).click()]);
    assert.equal(download.suggestedFilename(), name);
    assert.deepEqual(readFileSync(await download.path()), readFileSync(join(folder, name)), name);
  }
  assert.equal(await page.evaluate(() => /** @type {any} */ (window).hit), undefined);
  assert.deepEqual(complaints, []);
  await context.close();
});

test("a past recording is played: as an overview, zoomed, and what ran before comes back", async () => {
  const { page, context, complaints } = await open(browser, `${base}/#studies`);
  await page.getByRole("button", { name: "Play P001_rest_synthetic.bdf in place of the running pipeline" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("button", { name: "Cancel" }).click();
  assert.equal((await daemon.ask("/pipeline")).config.name, "bench");
  await page.getByRole("button", { name: "Play P001_rest_synthetic.bdf in place of the running pipeline" }).click();
  await dialog.getByLabel("Speed").selectOption("2");
  await dialog.getByRole("button", { name: "Play" }).click();
  await page.locator(".scope h2", { hasText: "recording" }).waitFor();
  const { config } = await daemon.ask("/pipeline");
  assert.deepEqual([config.name, config.stages.playback.params.speed], ["P001_rest_synthetic.bdf", 2]);
  await page.waitForFunction(() => Number(document.querySelector('[data-topic="recording"] [data-figure="packets"]')?.textContent?.replaceAll(",", "")) > 100);
  // Markers of the file stand in the picture; the whole of it fits a screen, and a part of it fills one.
  await page.getByLabel("Seconds per screen").selectOption("30");
  await page.evaluate(() => /** @type {HTMLElement} */ (document.activeElement)?.blur());
  await page.keyboard.press("Space");
  await page.getByRole("button", { name: "Go on" }).waitFor();
  await page.getByLabel("Seconds per screen").selectOption("2");
  assert.equal(await page.locator(".scope .labels li").count(), 4);

  await page.locator('nav a[href="#studies"]').click();
  await page.getByRole("button", { name: "Back to bench" }).click();
  await page.getByText("What ran before runs again.").waitFor();
  const after = (await daemon.ask("/pipeline")).config;
  assert.deepEqual([after.name, Object.keys(after.stages).sort()], ["bench", ["filtered", "notch", "raw", "synthetic", "to_voltage"]]);
  assert.equal(await page.getByRole("button", { name: /^Back to/ }).count(), 0);
  assert.deepEqual(complaints, []);
  await context.close();
});

test("one that a crash interrupted is called that, and does not pass for one that is being recorded", async () => {
  const { page, context } = await open(browser, `${base}/#studies`);
  await page.getByLabel("Participant").fill("P002");
  await page.getByLabel("Task").fill("crash");
  await page.getByLabel("Notes").fill("what happened");
  await page.getByRole("checkbox", { name: "notch" }).check();
  await page.locator(".studies-view").getByRole("button", { name: "Record", exact: true }).click();
  await page.locator(".record-state", { hasText: /^Recording P002, crash/ }).waitFor();
  await daemon.stop("SIGKILL");
  await page.getByText(/^Connection lost/).waitFor();
  await daemon.start();
  await page.getByText("Not recording.").waitFor();
  await page.locator(".studies > li", { hasText: "P002 · crash" }).getByText(/interrupted$/).waitFor();
  // What was not begun here cannot be ended here; a second study is begun and ended as ever.
  await page.locator(".studies-view").getByRole("button", { name: "Record", exact: true }).click();
  await page.locator(".record-button", { hasText: "■" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Stop recording" }).click();
  await page.getByText(/is complete\.$/).waitFor();
  await context.close();
});
