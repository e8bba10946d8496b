import type { GpuState } from "./wall.ts";

/** How each state of a GPU looks: a glyph and a word beside the colour. */
export const stateLooks: Record<GpuState, { glyph: string; word: string; colour: string; fill: string }> = {
  held: { glyph: "●", word: "held", colour: "text-running", fill: "bg-running" },
  idle_held: { glyph: "◌", word: "held but idle", colour: "text-waiting", fill: "bg-waiting" },
  free: { glyph: "✓", word: "free", colour: "text-succeeded", fill: "bg-succeeded" },
  others: { glyph: "◆", word: "taken by others", colour: "text-muted", fill: "bg-edge" },
  quarantined: { glyph: "✗", word: "quarantined", colour: "text-failed", fill: "bg-failed" },
  closed: { glyph: "–", word: "not given out", colour: "text-ended", fill: "bg-ended" },
};
