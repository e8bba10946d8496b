import type { Scale } from "./scale.ts";

/** From low to high, told apart by lightness alone too: parts of viridis (van der Walt, Smith 2015) that show on each ground. */
const ramps: Record<string, readonly [number, number, number][]> = {
  light: [
    [68, 1, 84],
    [59, 82, 139],
    [33, 122, 130],
    [60, 150, 70],
    [165, 140, 0],
  ],
  dark: [
    [120, 110, 230],
    [70, 140, 210],
    [40, 180, 150],
    [130, 210, 80],
    [253, 231, 60],
  ],
};

/** Colours of a few words, as far from each other as can be (Okabe, Ito 2008), shaded for each ground. */
const words: Record<string, readonly string[]> = {
  light: ["#0060a8", "#c24a00", "#00795c", "#a3397d", "#8a6d00", "#1f7fb8", "#5a4a9c", "#5a6270"],
  dark: ["#6fb5ff", "#ff9a5a", "#3fd0a5", "#f08ac8", "#f2d24a", "#7fdcff", "#b8a6ff", "#b4bdca"],
};

/** @param part  of the way from low to high, 0 to 1 */
export function rampColour(theme: string, part: number): string {
  const ramp = ramps[theme] ?? ramps["light"] ?? [];
  const place = Math.max(0, Math.min(1, part)) * (ramp.length - 1);
  const [low, high] = [ramp[Math.floor(place)] ?? [0, 0, 0], ramp[Math.ceil(place)] ?? [0, 0, 0]];
  const mixed = low.map((value, i) => Math.round(value + (place % 1) * ((high[i] ?? 0) - value)));
  return `rgb(${mixed.join(" ")})`;
}

function wordColour(theme: string, index: number): string {
  const known = words[theme] ?? words["light"] ?? [];
  return known[index % known.length] ?? "currentColor";
}

/** What colour a cell has on a scale; null: none of its own. */
export function colourOn(scale: Scale, theme: string): (cell: number | string | null) => string | null {
  return (cell) => {
    const at = scale.at(cell);
    if (at === null) return null;
    return scale.kind === "words" && scale.ticks.length <= 8
      ? wordColour(
          theme,
          scale.ticks.findIndex(({ text }) => text === String(cell)),
        )
      : rampColour(theme, at);
  };
}
