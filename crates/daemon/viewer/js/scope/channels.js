// The dialog for a topic's channels: shown or not, colour, inverted, offset, order. What is chosen holds at once.

import { button, element, fillSelect, select, showDialog } from "../shell/dom.js";
import { plainChannel } from "../shell/settings.js";
import { text } from "../text/scope.js";
import { moved } from "./montage.js";

/**
 * @param {import("./scope.js").Scope} scope
 * @param {string | null} first  key of the channel that has the focus first
 */
export function showChannels(scope, first) {
  const { settings, topic } = scope;
  const table = element("tbody");
  const head = [text.shown, text.channel, text.colour, text.inverted, text.offsetUnit(scope.unit), text.order];

  const all = (/** @type {(key: string) => Partial<import("../shell/settings.js").ChannelSettings>} */ change) => {
    const channels = new Map(scope.rows.map(({ key, settings: now }) => [key, { ...now, ...change(key) }]));
    scope.choose({ channels });
    fill();
  };
  const set = (/** @type {string} */ key, /** @type {Partial<import("../shell/settings.js").ChannelSettings>} */ change) => {
    const now = scope.rows.find((row) => row.key === key)?.settings ?? plainChannel();
    settings.setChannel(topic, key, { ...now, ...change });
    scope.update();
  };
  const move = (/** @type {string} */ key, /** @type {number} */ step) => {
    scope.choose({ order: moved(scope.rows, key, step) });
    fill();
    const wanted = [...table.querySelectorAll("tr")].find((row) => row.dataset.key === key);
    wanted?.querySelector(/** @type {"button"} */ (`button[data-step="${step}"]`))?.focus();
  };

  const fill = () => table.replaceChildren(...scope.rows.map((row) => line(row, scope.perDivision, set, move)));
  fill();

  const dialog = element(
    "dialog",
    { class: "channels", "aria-label": text.channelsTitle(topic) },
    element("h2", {}, text.channelsTitle(topic)),
    element(
      "div",
      { class: "controls" },
      button(text.showAll, text.showAll, () => all(() => ({ hidden: false }))),
      button(text.hideAll, text.hideAll, () => all(() => ({ hidden: true }))),
      button(text.reset, text.reset, () => {
        scope.choose({ channels: new Map(), order: [] });
        fill();
      }),
      button(text.done, text.done, () => dialog.close()),
    ),
    element(
      "div",
      { class: "scrolled", tabindex: "0", role: "group", "aria-label": text.channelsTitle(topic) },
      element(
        "table",
        {},
        element("thead", {}, element("tr", {}, ...head.map((name) => element("th", { scope: "col" }, name)))),
        table,
      ),
    ),
  );
  showDialog(dialog);
  const wanted = [...table.querySelectorAll("tr")].find((row) => row.dataset.key === first);
  wanted?.querySelector("input")?.focus();
}

/**
 * @param {import("./montage.js").Row} row
 * @param {number} step  of the offset, display units
 * @param {(key: string, change: Partial<import("../shell/settings.js").ChannelSettings>) => void} set
 * @param {(key: string, step: number) => void} move
 */
function line({ key, label, colour, settings }, step, set, move) {
  const check = (/** @type {string} */ name, /** @type {boolean} */ checked, /** @type {(on: boolean) => void} */ changed) => {
    const input = element("input", { type: "checkbox", "aria-label": name });
    input.checked = checked;
    input.addEventListener("change", () => changed(input.checked));
    return input;
  };
  const colours = select(text.colourOf(label), [], (value) => {
    set(key, { colour: value === "" ? null : Number(value) });
    swatch.className = `swatch trace-${value === "" ? colour + 1 : Number(value) + 1}`;
  });
  fillSelect(colours, [["", text.automatic], ...text.colours.map((name, i) => /** @type {[string, string]} */ ([String(i), name]))]);
  colours.value = settings.colour === null ? "" : String(settings.colour);
  const swatch = element("span", { class: `swatch trace-${colour + 1}`, "aria-hidden": "true" }, "●");
  const offset = element("input", { type: "number", step: String(step / 10), "aria-label": text.offsetOf(label) });
  offset.value = String(settings.offset);
  offset.addEventListener("change", () => {
    if (!Number.isFinite(offset.valueAsNumber)) offset.value = "0";
    set(key, { offset: offset.valueAsNumber });
  });
  const arrow = (/** @type {string} */ sign, /** @type {string} */ name, /** @type {number} */ by) => {
    const made = button(sign, name, () => move(key, by));
    made.dataset.step = String(by);
    return made;
  };
  const row = element(
    "tr",
    {},
    element("td", {}, check(text.showChannel(label), !settings.hidden, (on) => set(key, { hidden: !on }))),
    element("th", { scope: "row", title: label }, label),
    element("td", { class: "nowrap" }, swatch, colours),
    element("td", {}, check(text.invertChannel(label), settings.inverted, (inverted) => set(key, { inverted }))),
    element("td", {}, offset),
    element("td", { class: "nowrap" }, arrow("↑", text.moveUp(label), -1), arrow("↓", text.moveDown(label), 1)),
  );
  row.dataset.key = key;
  return row;
}
