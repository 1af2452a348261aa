// The keyboard: which key means what, and when a key belongs to the control that has the focus instead.

/**
 * @typedef {object} KeyActions
 * @property {() => void} freeze
 * @property {(step: number) => void} amplitude  1 for more units per division
 * @property {(step: number) => void} timeBase  1 for more seconds per screen
 * @property {() => void} auto
 */

/** Controls that have a use of their own for the space bar. */
const USES_SPACE = "button, select, input, textarea, a, summary";
/** Controls that are typed into. */
const USES_LETTERS = "select, input, textarea";

/**
 * @param {Pick<KeyboardEvent, "key" | "ctrlKey" | "metaKey" | "altKey" | "repeat">} event
 * @param {(selector: string) => boolean} focused  whether what has the focus is one of these
 * @param {KeyActions} actions
 * @returns {boolean} whether the key was one of ours
 */
export function handleKey(event, focused, actions) {
  if (event.ctrlKey || event.metaKey || event.altKey) return false;
  if (event.key === " ") {
    if (focused(USES_SPACE)) return false;
    if (!event.repeat) actions.freeze();
    return true;
  }
  if (focused(USES_LETTERS)) return false;
  switch (event.key) {
    case "+":
    case "=":
      actions.amplitude(-1);
      return true;
    case "-":
    case "_":
      actions.amplitude(1);
      return true;
    case "[":
      actions.timeBase(-1);
      return true;
    case "]":
      actions.timeBase(1);
      return true;
    case "a":
    case "A":
      actions.auto();
      return true;
    default:
      return false;
  }
}
