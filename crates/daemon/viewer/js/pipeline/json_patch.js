// JSON Patch (RFC 6902) as far as the page needs it: pointers, the difference of two documents, and the way back.

/**
 * @typedef {{op: "add" | "replace" | "remove" | "test", path: string, value?: unknown}} Operation
 */

/**
 * @param {...(string | number)} keys
 * @returns {string} JSON Pointer
 */
export function pointer(...keys) {
  return keys.map((key) => `/${String(key).replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
}

/**
 * @param {unknown} document
 * @param {string} path
 * @returns {unknown} undefined where there is nothing
 */
export function at(document, path) {
  const keys = path.split("/").slice(1).map((key) => key.replaceAll("~1", "/").replaceAll("~0", "~"));
  /** @type {any} */
  let value = document;
  for (const key of keys) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return undefined;
    value = value[key];
  }
  return value;
}

/**
 * What makes `after` of `before`. Arrays are replaced as a whole.
 * @param {unknown} before
 * @param {unknown} after
 * @param {string} [path]
 * @returns {Operation[]}
 */
export function difference(before, after, path = "") {
  if (same(before, after)) return [];
  if (!isObject(before) || !isObject(after)) return [{ op: "replace", path, value: after }];
  const gone = Object.keys(before).filter((key) => !Object.hasOwn(after, key));
  return [
    ...gone.map((key) => /** @type {Operation} */ ({ op: "remove", path: path + pointer(key) })),
    ...Object.keys(after).flatMap((key) => {
      const here = path + pointer(key);
      if (!Object.hasOwn(before, key)) return [/** @type {Operation} */ ({ op: "add", path: here, value: after[key] })];
      return difference(before[key], after[key], here);
    }),
  ];
}

/**
 * The way back from `after` to `before`. It begins with tests: what somebody else has changed since is not undone.
 * @param {unknown} before
 * @param {unknown} after
 * @returns {Operation[]}
 */
export function wayBack(before, after) {
  const back = difference(after, before);
  const tests = back
    .filter(({ op }) => op !== "add")
    .map(({ path }) => /** @type {Operation} */ ({ op: "test", path, value: at(after, path) }));
  return [...tests, ...back];
}

/** @param {unknown} a @param {unknown} b @returns {boolean} */
function same(a, b) {
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((value, i) => same(value, b[i]));
  if (!isObject(a) || !isObject(b)) return a === b;
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => Object.hasOwn(b, key) && same(a[key], b[key]));
}

/** @param {unknown} value @returns {value is Record<string, unknown>} */
function isObject(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
