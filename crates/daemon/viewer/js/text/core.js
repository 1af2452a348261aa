// Words that the engine and the page share: units, and what can be wrong with a message.

import { hex } from "./format.js";

export const text = {
  /** @param {number} number */
  unnamedChannel: (number) => `Ch ${number}`,
  microvolts: "µV",
  codes: "codes",

  /** @param {number} bytes  @param {number} header */
  frameTooShort: (bytes, header) => `a frame of ${bytes} bytes is shorter than its header of ${header}`,
  /** @param {number} got  @param {number} want */
  frameMagic: (got, want) => `a frame starts with ${hex(got)} instead of ${hex(want)}`,
  /** @param {number} got  @param {number} want */
  frameVersion: (got, want) => `a frame has version ${got}, this page reads version ${want}: reload it`,
  /** @param {number} got */
  frameDtype: (got) => `a frame has the unknown value type ${got}`,
  frameIndex: "a frame's sample index is beyond what a browser can count",
  /** @param {number} got  @param {number} want  @param {number} frames  @param {number} channels */
  frameLength: (got, want, frames, channels) =>
    `a frame of ${frames} × ${channels} values has ${got} bytes instead of ${want}`,
  /** @param {number} stream */
  frameUnannounced: (stream) => `a frame belongs to stream ${stream}, which was not announced`,
  /** @param {string} topic */
  frameForm: (topic) => `a frame of ${topic} has another form than was announced`,
  messageNotJson: "a text message is not a JSON object",
  /** @param {string} field */
  messageField: (field) => `"${field}" is missing or of the wrong kind`,
};
