const BLOCKS = "▁▂▃▄▅▆▇█";

/** A line of blocks, one a value of 0 to 1, each as high as its value; a gap where there is none. */
export function sparkline(values: readonly (number | null)[]): string {
  return values
    .map((value) => {
      if (value === null) return " ";
      const step = Math.floor(Math.min(1, Math.max(0, value)) * BLOCKS.length);
      return BLOCKS[Math.min(BLOCKS.length - 1, step)] ?? " ";
    })
    .join("");
}
