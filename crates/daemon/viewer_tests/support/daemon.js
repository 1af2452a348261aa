// A daemon of its own for a test: EEGD_BIN names the program.

import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const PROGRAM = process.env.EEGD_BIN;
const PATIENCE_MS = 60_000;

/** A pipeline with a raw and a filtered topic, for tests that change or record it. */
export const BENCH = `
name: bench
stages:
  - synthetic: { sps: 250, channels: 4, seed: 1 }
  - to_voltage: {}
  - websocket_sink: { id: raw, topic: eeg_raw }
  - notch: { hz: 50, inputs: [to_voltage] }
  - websocket_sink: { id: filtered, topic: eeg_filtered }
`;

export class LiveDaemon {
  /**
   * @param {{pipeline?: string, args?: string[], files?: Record<string, string>}} [options]  the pipeline file's text; more
   *   files beside it
   */
  constructor({ pipeline, args = [], files = {} } = {}) {
    if (PROGRAM === undefined) throw new Error("EEGD_BIN has to name the eegd to test: cargo build -p daemon makes target/debug/eegd");
    this.program = PROGRAM;
    this.folder = mkdtempSync(join(tmpdir(), "eegd-viewer-"));
    for (const [name, text] of Object.entries(files)) writeFileSync(join(this.folder, name), text);
    if (pipeline !== undefined) writeFileSync(join(this.folder, "test.yaml"), pipeline);
    this.args = ["run", ...(pipeline === undefined ? [] : ["test.yaml"]), "--data-dir", join(this.folder, "data"), ...args];
    this.words = "";
    this.address = "127.0.0.1:0";
  }

  /** @returns {Promise<string>} base URL; the same after every start */
  async start() {
    this.words = "";
    this.process = spawn(this.program, [...this.args, "--listen", this.address], { cwd: this.folder });
    const heard = (/** @type {any} */ data) => void (this.words += data);
    this.process.stdout.on("data", heard);
    this.process.stderr.on("data", heard);
    this.ended = new Promise((done) => this.process.on("exit", done));
    const until = Date.now() + PATIENCE_MS;
    for (;;) {
      const [, address] = /viewer\s+http:\/\/(\S+)/.exec(this.words) ?? [];
      if (address !== undefined) {
        this.address = address;
        return `http://${address}`;
      }
      if (this.process.exitCode !== null || Date.now() > until) throw new Error(`eegd did not start:\n${this.words}`);
      await new Promise((done) => setTimeout(done, 20));
    }
  }

  /** Ends it: as Ctrl-C does, and then it has to say that all is well, or as nothing else does. @param {"SIGINT" | "SIGKILL"} [signal] */
  async stop(signal = "SIGINT") {
    if (this.process === undefined || this.process.exitCode !== null || this.process.signalCode !== null) return;
    this.process.kill(signal);
    await this.ended;
    if (signal === "SIGINT" && this.process.exitCode !== 0) throw new Error(`eegd ended with ${this.process.exitCode}:\n${this.words}`);
  }

  /** Ends it, and takes its files away. */
  async remove() {
    await this.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** @param {string} path @param {{method?: string, body?: unknown}} [options] @returns {Promise<any>} */
  async ask(path, { method = "GET", body } = {}) {
    const headers = { "Content-Type": "application/json" };
    const response = await fetch(`http://${this.address}${path}`, { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
    return response.json();
  }
}
