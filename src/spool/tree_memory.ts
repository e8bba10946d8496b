import { memoryOf, shareOf } from "../platform/process_memory.ts";
import type { TreeMember } from "./process_tree.ts";

/**
 * The most memory that the processes of a tree are known to have held together, shared memory counted once; at least
 * `before`, what was known so far. Null where nothing is known.
 */
export function raisedPeak(before: number | null, members: readonly TreeMember[]): number | null {
  const memories = members.flatMap(({ pid }) => {
    const memory = memoryOf(pid);
    return memory ? [{ pid, ...memory }] : [];
  });
  if (memories.length === 0) return before;
  // What a single process held is known without having looked at the right moment.
  const known = Math.max(before ?? 0, ...memories.map(({ peakBytes }) => peakBytes));
  const atMost = sum(memories.map(({ residentBytes }) => residentBytes));
  // Who shares what with whom takes time to find out: only where it can make a difference.
  if (memories.length === 1 || atMost <= known) return known;
  return Math.max(known, sum(memories.map(({ pid, residentBytes }) => shareOf(pid) ?? residentBytes)));
}

function sum(numbers: number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
