// The keyboard: when a key belongs to the page, and when to the control that has the focus instead.

/** Controls that have a use of their own for the space bar. */
const USES_SPACE = "button, select, input, textarea, a, summary";
/** Controls that are typed into. */
const USES_LETTERS = "select, input, textarea";

/**
 * What a key does, by its name (letters in upper case).
 * @typedef {Record<string, () => void>} KeyActions
 */

/**
 * @param {Pick<KeyboardEvent, "key" | "ctrlKey" | "metaKey" | "altKey" | "repeat">} event
 * @param {(selector: string) => boolean} focused  whether what has the focus is one of these
 * @param {KeyActions} actions
 * @returns {boolean} whether the key was one of ours
 */
export function handleKey(event, focused, actions) {
  if (event.ctrlKey || event.metaKey || event.altKey) return false;
  if (focused(event.key === " " ? USES_SPACE : USES_LETTERS)) return false;
  const action = Object.hasOwn(actions, event.key.toUpperCase()) ? actions[event.key.toUpperCase()] : undefined;
  if (action === undefined) return false;
  // A key that is held down changes a measure step by step, but switches nothing to and fro.
  if (!event.repeat || !/^[A-Z0-9 ]$/i.test(event.key)) action();
  return true;
}
