// A stand-in for eegd, with Node's standard library alone: serves the page with the daemon's security policy and speaks
// `/topics`, `/pipeline` and `/ws/data`, byte by byte as the contract has them.

import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname } from "node:path";
import { fileURLToPath } from "node:url";

const VIEWER = new URL("../../viewer/", import.meta.url);
const TYPES = { ".html": "text/html; charset=utf-8", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml" };
/** As the daemon sends it (src/api/guard.rs). */
export const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
/** The constant of RFC 6455, section 1.3. */
const ACCEPT = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/**
 * @typedef {{rate_hz: number, unit: string, dtype: "i32" | "f32", channels: {label: string, unit: string}[]}} Form
 */

export class FakeDaemon {
  /** @param {Record<string, Form>} topics */
  constructor(topics) {
    this.topics = topics;
    /** @type {any} */
    this.pipeline = { state: "running", revision: 1, config: { name: "demo" }, stages: {} };
    /** @type {any} */
    this.ledger = {};
    /** @type {Set<any>} */
    this.sockets = new Set();
    /** Text messages that pages sent. @type {string[]} */
    this.heard = [];
    /** Called with (fake, socket, topics) once a page has been told of its streams. @type {(asked: string[]) => void} */
    this.onClient = () => {};
    this.server = createServer((/** @type {any} */ request, /** @type {any} */ response) => this.answer(request, response));
    this.server.on("upgrade", (/** @type {any} */ request, /** @type {any} */ socket) => this.upgrade(request, socket));
  }

  /**
   * @param {number} [port]
   * @returns {Promise<string>} base URL
   */
  async start(port = 0) {
    await new Promise((done) => this.server.listen(port, "127.0.0.1", () => done(null)));
    this.port = this.server.address().port;
    return `http://127.0.0.1:${this.port}`;
  }

  /** May be called again. */
  async stop() {
    this.dropClients();
    this.server.closeAllConnections();
    await new Promise((done) => this.server.close(() => done(null)));
  }

  dropClients() {
    for (const socket of this.sockets) socket.destroy();
    this.sockets.clear();
  }

  /** @param {any} request  @param {any} response */
  async answer(request, response) {
    const path = new URL(request.url, "http://fake").pathname;
    const json = (/** @type {unknown} */ value) => {
      response.writeHead(200, { "Content-Type": "application/json" });
      response.end(JSON.stringify(value));
    };
    if (path === "/topics") return json({ topics: Object.keys(this.topics) });
    if (path === "/pipeline") return json(this.pipeline);
    if (path === "/pipeline/ledger") return json(this.ledger);
    if (path === "/studies/current") return json({ study: null, files: [], disk: { free_bytes: 12.3e9, total_bytes: 64e9 } });
    const file = path === "/" ? "index.html" : path.slice(1);
    if (!/^(index\.html|icon\.svg|css\/[a-z_]+\.css|js\/([a-z]+\/)?[a-z_]+\.js)$/.test(file)) {
      response.writeHead(404);
      return response.end();
    }
    try {
      const body = await readFile(fileURLToPath(new URL(file, VIEWER)));
      const type = /** @type {Record<string, string>} */ (TYPES)[extname(file)];
      response.writeHead(200, { "Content-Type": type, "Content-Security-Policy": POLICY });
      response.end(body);
    } catch {
      response.writeHead(404);
      response.end();
    }
  }

  /** @param {any} request  @param {any} socket */
  upgrade(request, socket) {
    const url = new URL(request.url, "http://fake");
    if (url.pathname !== "/ws/data") return socket.destroy();
    const key = request.headers["sec-websocket-key"];
    const accept = createHash("sha1").update(key + ACCEPT).digest("base64");
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
    );
    socket.setNoDelay(true);
    socket.on("error", () => this.sockets.delete(socket));
    socket.on("close", () => this.sockets.delete(socket));
    socket.on("data", (/** @type {any} */ data) => this.hear(socket, data));
    this.sockets.add(socket);
    const asked = (url.searchParams.get("topics") ?? "").split(",");
    for (const topic of asked) this.describe(topic);
    this.onClient(asked);
  }

  /**
   * Reads what a page sends: short masked text frames, or a close. @param {any} socket @param {any} data
   */
  hear(socket, data) {
    const opcode = data[0] & 15;
    if (opcode === 8) return socket.end();
    if (opcode !== 1) return;
    const length = data[1] & 127;
    const mask = data.subarray(2, 6);
    const words = Buffer.from(data.subarray(6, 6 + length).map((/** @type {number} */ byte, /** @type {number} */ i) => byte ^ mask[i & 3]));
    this.heard.push(words.toString());
    const { subscribe } = JSON.parse(words.toString());
    for (const topic of subscribe ?? []) this.describe(topic);
  }

  /** @param {string} topic */
  describe(topic) {
    const form = this.topics[topic];
    if (form === undefined) return;
    this.sendText({ type: "stream", stream: this.streamOf(topic), topic, ...form, sensor: "fake", config_revision: 1 });
  }

  /** @param {string} topic */
  streamOf(topic) {
    return Object.keys(this.topics).indexOf(topic) + 1;
  }

  /** @param {unknown} value */
  sendText(value) {
    this.send(1, Buffer.from(JSON.stringify(value)));
  }

  /**
   * @param {string} topic
   * @param {number} index  of the first sample
   * @param {ArrayLike<number>} values  `[frame][channel]`
   * @param {{start_s: number, flags?: number, time_s?: number}} options  time of sample 0, or of this packet
   */
  sendFrame(topic, index, values, { start_s, flags = 0, time_s }) {
    const { rate_hz, dtype, channels } = /** @type {Form} */ (this.topics[topic]);
    this.send(2, encodeFrame({ dtype, stream: this.streamOf(topic), index, time_s: time_s ?? start_s + index / rate_hz, channels: channels.length, flags, values }));
  }

  /** @param {number} opcode  @param {any} payload */
  send(opcode, payload) {
    const head = Buffer.alloc(payload.length < 126 ? 2 : payload.length < 65536 ? 4 : 10);
    head[0] = 0x80 | opcode;
    if (head.length === 2) head[1] = payload.length;
    else if (head.length === 4) {
      head[1] = 126;
      head.writeUInt16BE(payload.length, 2);
    } else {
      head[1] = 127;
      head.writeBigUInt64BE(BigInt(payload.length), 2);
    }
    for (const socket of this.sockets) socket.write(Buffer.concat([head, payload]));
  }
}

/**
 * One frame as the contract's table has it.
 * @param {{dtype: "i32" | "f32", stream: number, index: number, time_s: number, channels: number, flags?: number, values: ArrayLike<number>}} frame
 */
export function encodeFrame({ dtype, stream, index, time_s, channels, flags = 0, values }) {
  const bytes = Buffer.alloc(32 + values.length * 4);
  bytes.writeUInt16LE(0xee61, 0);
  bytes.writeUInt8(1, 2);
  bytes.writeUInt8(dtype === "i32" ? 0 : 1, 3);
  bytes.writeUInt32LE(stream, 4);
  bytes.writeBigUInt64LE(BigInt(index), 8);
  bytes.writeBigInt64LE(BigInt(Math.round(time_s * 1e6)) * 1000n, 16);
  bytes.writeUInt32LE(values.length / channels, 24);
  bytes.writeUInt16LE(channels, 28);
  bytes.writeUInt16LE(flags, 30);
  for (let i = 0; i < values.length; i++) {
    if (dtype === "i32") bytes.writeInt32LE(values[i], 32 + 4 * i);
    else bytes.writeFloatLE(values[i], 32 + 4 * i);
  }
  return bytes;
}
