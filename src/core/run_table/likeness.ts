import { printable } from "../printable.ts";

const LONGEST = 300;

/** A line of output, fit for one line on a page. */
export function plainLine(line: string): string {
  const plain = printable(line).trim();
  return plain.length > LONGEST ? `${plain.slice(0, LONGEST - 1)}…` : plain;
}

/**
 * What messages have in common that differ only in what is another one each time: numbers, addresses, ids, and the folders that
 * files lie in. `File "/tmp/a/train.py", line 12` and `File "/home/b/train.py", line 40` are alike.
 */
export function likeness(line: string): string {
  return plainLine(line)
    .replaceAll(/\b0x[0-9a-f]+\b/gi, "#")
    .replaceAll(/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/gi, "#")
    .replaceAll(/(?:[\w.~+-]*\/)+(?=[\w.+-])/g, "…/")
    .replaceAll(/\b(?=[0-9a-f]*\d)[0-9a-f]{12,}\b/gi, "#")
    .replaceAll(/[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?/gi, "#");
}
