// Where the stages of a graph stand: each below what feeds it, neighbours near those they hang on.

/**
 * @typedef {{id: string, level: number, column: number}} Place
 * @typedef {{from: string, to: string}} Edge
 * @typedef {{places: Place[], edges: Edge[], levels: number, columns: number}} Layout
 */

/**
 * @param {ReadonlyMap<string, {inputs: readonly string[]}>} stages
 * @returns {Layout}
 */
export function layoutOf(stages) {
  const edges = [...stages].flatMap(([to, { inputs }]) => inputs.filter((from) => stages.has(from)).map((from) => ({ from, to })));
  const levels = levelsOf([...stages.keys()], edges);
  /** @type {Map<string, number>} */
  const columns = new Map();
  const deepest = Math.max(-1, ...levels.values());
  let widest = 0;
  for (let level = 0; level <= deepest; level++) {
    const row = [...stages.keys()].filter((id) => levels.get(id) === level);
    const wanted = new Map(row.map((id) => [id, meanOf(edges.filter(({ to }) => to === id).map(({ from }) => columns.get(from) ?? 0))]));
    row.sort((a, b) => (wanted.get(a) ?? 0) - (wanted.get(b) ?? 0));
    let next = 0;
    for (const id of row) {
      const column = Math.max(next, Math.round(wanted.get(id) ?? 0));
      columns.set(id, column);
      next = column + 1;
    }
    widest = Math.max(widest, next);
  }
  const places = [...stages.keys()].map((id) => ({ id, level: levels.get(id) ?? 0, column: columns.get(id) ?? 0 }));
  return { places, edges, levels: deepest + 1, columns: widest };
}

/**
 * The longest way from a source. A circle, which no pipeline that runs can have, ends after as many steps as there are stages.
 * @param {string[]} ids
 * @param {Edge[]} edges
 */
function levelsOf(ids, edges) {
  const levels = new Map(ids.map((id) => [id, 0]));
  for (let step = 0, moved = true; moved && step < ids.length; step++) {
    moved = false;
    for (const { from, to } of edges) {
      const below = (levels.get(from) ?? 0) + 1;
      if ((levels.get(to) ?? 0) >= below) continue;
      levels.set(to, below);
      moved = true;
    }
  }
  return levels;
}

/** @param {number[]} numbers */
const meanOf = (numbers) => (numbers.length === 0 ? 0 : numbers.reduce((sum, n) => sum + n, 0) / numbers.length);
