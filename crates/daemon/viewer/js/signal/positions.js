// Where an electrode sits on a head seen from above, by its name in the 10-10 system; the head's rim is the circle of radius 1.

/** Rows from front to back: place on the midline, and angle of the outermost electrode from the nose, degrees. @type {[string[], number, number][]} */
const ROWS = [
  [["Fp"], 0.8, 18],
  [["AF"], 0.6, 36],
  [["F"], 0.4, 54],
  [["FC", "FT"], 0.2, 72],
  [["C", "T"], 0, 90],
  [["CP", "TP"], -0.2, 108],
  [["P"], -0.4, 126],
  [["PO"], -0.6, 144],
  [["O"], -0.8, 162],
];
/** Names from before 1991. @type {Record<string, string>} */
const OLD = { T3: "T7", T4: "T8", T5: "P7", T6: "P8" };
const RIM = 0.8;

/**
 * @param {string} label  such as `Fp1`, `EEG Fp1-Ref`, `FP1.`
 * @returns {{x: number, y: number} | null} x to the right, y to the nose; null for a name that is not of the system
 */
export function positionOf(label) {
  const [, name] = /^(?:EEG[ _-]*)?([A-Za-z]{1,3}(?:z|\d{1,2}))(?:[ ._-].*)?$/i.exec(label.trim()) ?? [];
  if (name === undefined) return null;
  const known = OLD[name.toUpperCase()] ?? name;
  const [, letters = "", place = ""] = /^([A-Za-z]+?)(z|\d+)$/i.exec(known) ?? [];
  const side = Number(place) % 2 === 1 ? -1 : 1;
  if (/^[AM]$/i.test(letters) && /^[12]$/.test(place)) return { x: side * 1.02, y: -0.12 };
  const row = ROWS.find(([names]) => names.some((candidate) => candidate.toLowerCase() === letters.toLowerCase()));
  if (row === undefined) return null;
  const [, middle, angle] = row;
  if (/z/i.test(place)) return { x: 0, y: middle };
  const steps = Math.ceil(Number(place) / 2);
  const outer = { x: RIM * Math.sin((angle * Math.PI) / 180), y: RIM * Math.cos((angle * Math.PI) / 180) };
  // Fp and O have their outermost electrodes next to the midline.
  const most = letters.length <= 2 && /^(fp|o)$/i.test(letters) ? 1 : 4;
  if (steps < 1 || steps > most + 1) return null;
  const share = steps / most;
  return share > 1 ? { x: side * outer.x * 1.2, y: outer.y * 1.2 } : { x: side * outer.x * share, y: middle + (outer.y - middle) * share ** 2 };
}
