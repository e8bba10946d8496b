import { formatSelector } from "../selector.ts";

/** Parts of a selector that one request should carry at most. */
const PARTS = 500;

/** Runs of a job as a command names them (`12.1-5,12.7`), in several selectors where there are many. @param numbers  upwards */
export function selectorsOf(job: number, numbers: Iterable<number>): string[] {
  const spans: { first: number; last: number }[] = [];
  for (const n of numbers) {
    const last = spans.at(-1);
    if (last && last.last === n - 1) last.last = n;
    else spans.push({ first: n, last: n });
  }
  const parts = spans.map(({ first, last }) => formatSelector({ kind: "runs", job, first, last }));
  const selectors: string[] = [];
  for (let at = 0; at < parts.length; at += PARTS) selectors.push(parts.slice(at, at + PARTS).join(","));
  return selectors;
}

/** `1,2,5-9` → the numbers it names, each once and upwards, `most` of them at most; null: it is no such text. */
export function parseNumbers(text: string, most: number): number[] | null {
  const found = new Set<number>();
  for (const part of text.split(",")) {
    const match = /^([1-9]\d{0,14})(?:-([1-9]\d{0,14}))?$/.exec(part.trim());
    if (!match) return null;
    const last = Number(match[2] ?? match[1]);
    if (last < Number(match[1])) return null;
    for (let n = Number(match[1]); n <= last && found.size < most; n += 1) found.add(n);
  }
  return [...found].sort((a, b) => a - b);
}
