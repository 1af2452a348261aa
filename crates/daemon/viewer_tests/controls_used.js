// After all tests have run with EEGD_CONTROLS=FOLDER: names every control that was seen and never used, and fails if there is one.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const folder = process.argv[2];
if (folder === undefined) throw new Error("say where the notes are: node controls_used.js FOLDER");
const notes = readdirSync(folder).map((/** @type {string} */ name) => JSON.parse(readFileSync(join(folder, name), "utf8")));
const seen = new Set(notes.flatMap((/** @type {any} */ { seen }) => seen));
const used = new Set(notes.flatMap((/** @type {any} */ { used }) => used));
const unused = [...seen].filter((name) => !used.has(name)).sort();
console.log(`${seen.size} controls seen, ${seen.size - unused.length} used`);
for (const name of unused) console.log(`never used: ${name}`);
// So many there are at least; fewer means that nobody has looked.
process.exit(unused.length > 0 || seen.size < 80 ? 1 : 0);
