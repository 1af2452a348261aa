// Runs the stand-in daemon by hand: node demo_stand_in.js [PORT]. Raw and filtered EEG-like data until it is stopped.

import { EegSignal, eightChannels } from "./support/eeg.js";
import { FakeDaemon } from "./support/fake_daemon.js";

const RATE_HZ = 250;
const FRAMES = 10;
const form = { rate_hz: RATE_HZ, unit: "uV", dtype: /** @type {const} */ ("f32"), channels: eightChannels("uV") };
const fake = new FakeDaemon({ eeg_raw: form, eeg_filtered: form });
const signal = new EegSignal(RATE_HZ);
const start_s = Date.now() / 1000;
let index = 0;
setInterval(() => {
  for (; index / RATE_HZ < Date.now() / 1000 - start_s; index += FRAMES) {
    const { raw, filtered } = signal.next(index, FRAMES);
    fake.sendFrame("eeg_raw", index, raw, { start_s });
    fake.sendFrame("eeg_filtered", index, filtered, { start_s });
  }
}, 20);
console.log(`serving on ${await fake.start(Number(process.argv[2] ?? 0))}`);
