// Takes pictures of the page, fed by the stand-in daemon: node screenshots.js FOLDER

import { join } from "node:path";
import { launch, open } from "./support/browser.js";
import { EegSignal, eightChannels } from "./support/eeg.js";
import { FakeDaemon } from "./support/fake_daemon.js";

const RATE_HZ = 250;
const FRAMES = 10;
const folder = process.argv[2];
if (folder === undefined) throw new Error("say where the pictures shall go: node screenshots.js FOLDER");

const form = { rate_hz: RATE_HZ, unit: "uV", dtype: /** @type {const} */ ("f32"), channels: eightChannels("uV") };
const fake = new FakeDaemon({ eeg_raw: form, eeg_filtered: form });
const signal = new EegSignal(RATE_HZ);
const start_s = Date.now() / 1000;
let index = 0;
const timer = setInterval(() => {
  while (index / RATE_HZ < Date.now() / 1000 - start_s) {
    const { raw, filtered } = signal.next(index, FRAMES);
    fake.sendFrame("eeg_raw", index, raw, { start_s });
    fake.sendFrame("eeg_filtered", index, filtered, { start_s });
    index += FRAMES;
  }
}, 20);

const base = await fake.start();
const browser = await launch();
const views = /** @type {const} */ ([
  ["dark", { viewport: { width: 1440, height: 900 }, colorScheme: "dark" }],
  ["light", { viewport: { width: 1440, height: 900 }, colorScheme: "light" }],
  ["phone", { viewport: { width: 390, height: 844 }, colorScheme: "dark", deviceScaleFactor: 2 }],
]);
const pages = await Promise.all(views.map(([, options]) => open(browser, base, options)));
await pages[0]?.page.waitForTimeout(17_000);
for (const [i, [name]] of views.entries()) await pages[i]?.page.screenshot({ path: join(folder, `viewer-${name}.png`) });
clearInterval(timer);
await browser.close();
await fake.stop();
