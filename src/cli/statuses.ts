import type { Cell } from "./table.ts";
import type { Colours } from "./terminal.ts";

/** How a status looks: a glyph beside the colour, so that it can be told without colours. */
const looks = {
  queued: { glyph: "○", colour: "yellow" },
  starting: { glyph: "◌", colour: "blue" },
  running: { glyph: "●", colour: "blue" },
  succeeded: { glyph: "✓", colour: "green" },
  failed: { glyph: "✗", colour: "red" },
  cancelled: { glyph: "–", colour: "gray" },
  skipped: { glyph: "–", colour: "gray" },
  paused: { glyph: "‖", colour: "yellow" },
} as const;

export type ShownStatus = keyof typeof looks;

export function statusCell(status: ShownStatus, colours: Colours): Cell {
  const { glyph, colour } = looks[status];
  return { text: `${glyph} ${status}`, paint: colours[colour] };
}

export function statusGlyph(status: ShownStatus, colours: Colours): string {
  const { glyph, colour } = looks[status];
  return colours[colour](glyph);
}
