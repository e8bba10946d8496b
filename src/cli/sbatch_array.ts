import { type Misread, misread } from "../core/option_values.ts";

/** What `--array` of sbatch asks for. */
export interface SlurmArray {
  /** Each once, rising. */
  numbers: number[];
  /** How many tasks may run at once; null: as many as there is room for. */
  atMost: number | null;
}

const MOST_TASKS = 1_000_000;

/** `0-15`, `1,3,5-9`, `0-15:4` (a step), each with `%4` behind it: at most 4 at once; `%0` is no limit. */
export function parseArray(text: string): SlurmArray | Misread {
  const unreadable = misread(
    "It takes numbers and ranges: 0-15, 1,3,5-9, 0-15:4, and behind them %4, at most 4 at once.",
  );
  const [, list = "", limit] = /^\[?([^%\]]*)\]?(?:%(\d{1,7}))?$/.exec(text) ?? [];
  const numbers = new Set<number>();
  for (const part of list.split(",")) {
    const [whole, first, last, step] = /^\s*(\d{1,7})(?:-(\d{1,7})(?::(\d{1,7}))?)?\s*$/.exec(part) ?? [];
    const [from, to, by] = [Number(first), Number(last ?? first), Number(step ?? 1)];
    if (whole === undefined || to < from || by === 0) return unreadable;
    if ((to - from) / by + numbers.size >= MOST_TASKS) return misread("It has more than a million tasks.");
    for (let number = from; number <= to; number += by) numbers.add(number);
  }
  return { numbers: [...numbers].sort((a, b) => a - b), atMost: Number(limit ?? 0) || null };
}
