// The colours of both themes: contrast for everybody, traces that every eye can tell apart.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

const css = readFileSync(new URL("../../viewer/css/base.css", import.meta.url), "utf8");

/** Colours of a theme: those of the first `:root`, or those that dark puts over them. @param {"light" | "dark"} theme */
function coloursOf(theme) {
  const block = css.split(":root {")[theme === "light" ? 1 : 2]?.split("}")[0] ?? "";
  return new Map([...block.matchAll(/--([a-z0-9-]+): (#[0-9a-f]{6});/g)].map(([, name, hex]) => [name, channels(hex ?? "")]));
}

/** @param {string} hex @returns {[number, number, number]} linear light */
function channels(hex) {
  const linear = (/** @type {number} */ at) => {
    const v = parseInt(hex.slice(at, at + 2), 16) / 255;
    return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
  };
  return [linear(1), linear(3), linear(5)];
}

/** WCAG 2 contrast. @param {number[]} a @param {number[]} b */
function contrast(a, b) {
  const luminance = (/** @type {number[]} */ [r = 0, g = 0, b = 0]) => 0.2126 * r + 0.7152 * g + 0.0722 * b;
  const [high = 0, low = 0] = [luminance(a), luminance(b)].sort((x, y) => y - x);
  return (high + 0.05) / (low + 0.05);
}

/** What a red-blind, green-blind or blue-blind eye sees, in linear light: Machado, Oliveira and Fernandes 2009, severity 1. */
const BLINDNESS = {
  none: [1, 0, 0, 0, 1, 0, 0, 0, 1],
  protan: [0.152286, 1.052583, -0.204868, 0.114503, 0.786281, 0.099216, -0.003882, -0.048116, 1.051998],
  deutan: [0.367322, 0.860646, -0.227968, 0.280085, 0.672501, 0.047413, -0.01182, 0.04294, 0.968881],
  tritan: [1.255528, -0.076749, -0.178779, -0.078411, 0.930809, 0.147602, 0.004733, 0.691367, 0.3039],
};

/** CIE 1976 distance in L*a*b*. @param {number[]} a @param {number[]} b @param {number[]} eye */
function distance(a, b, eye) {
  const lab = (/** @type {number[]} */ rgb) => {
    const seen = [0, 1, 2].map((i) => Math.min(1, Math.max(0, rgb.reduce((sum, v, k) => sum + v * (eye[3 * i + k] ?? 0), 0))));
    const [r = 0, g = 0, b = 0] = seen;
    const f = (/** @type {number} */ t) => (t > 0.008856 ? Math.cbrt(t) : 7.787 * t + 16 / 116);
    const x = f((0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.9505);
    const y = f(0.2126 * r + 0.7152 * g + 0.0722 * b);
    const z = f((0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.089);
    return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
  };
  const [p, q] = [lab(a), lab(b)];
  return Math.hypot(...p.map((v, i) => v - (q[i] ?? 0)));
}

for (const theme of /** @type {const} */ (["light", "dark"])) {
  test(`${theme}: text and traces have the contrast of WCAG AA`, () => {
    const colours = coloursOf(theme);
    const panel = colours.get("panel") ?? [];
    for (const name of ["ink", "quiet", "accent", "good", "note", "bad", ...[1, 2, 3, 4, 5, 6, 7, 8].map((i) => `trace-${i}`)]) {
      const ratio = contrast(colours.get(name) ?? panel, panel);
      assert.ok(ratio >= 4.5, `${name} on panel: ${ratio.toFixed(2)}`);
    }
    assert.ok(contrast(colours.get("quiet") ?? [], colours.get("ground") ?? []) >= 4.5);
  });

  test(`${theme}: neighbouring traces differ to every eye`, () => {
    const colours = coloursOf(theme);
    for (let i = 1; i <= 8; i++) {
      const next = (i % 8) + 1;
      for (const [name, eye] of Object.entries(BLINDNESS)) {
        const apart = distance(colours.get(`trace-${i}`) ?? [], colours.get(`trace-${next}`) ?? [], eye);
        assert.ok(apart >= 20, `trace ${i} and ${next}, ${name}: ${apart.toFixed(1)}`);
      }
    }
  });
}
