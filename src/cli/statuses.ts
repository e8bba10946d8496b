import { type ShownStatus, statusGlyphs } from "../core/status_glyph.ts";
import type { Cell } from "./table.ts";
import type { Colours } from "./terminal.ts";

const paints = {
  queued: "yellow",
  starting: "blue",
  running: "blue",
  succeeded: "green",
  failed: "red",
  cancelled: "gray",
  skipped: "gray",
  paused: "yellow",
} as const;

export function statusCell(status: ShownStatus, colours: Colours): Cell {
  return { text: `${statusGlyphs[status]} ${status}`, paint: colours[paints[status]] };
}

export function statusGlyph(status: ShownStatus, colours: Colours): string {
  return colours[paints[status]](statusGlyphs[status]);
}
