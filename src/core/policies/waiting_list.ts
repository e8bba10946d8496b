import { openHeap } from "./heap.ts";
import type { PolicyRun } from "./policy.ts";

/** What stands in a waiting list, as its policy keeps it. While it stands there, what it is compared by does not change. */
export interface Standing<Run extends PolicyRun> {
  run: Run;
  /** Seconds it will take; Infinity: not known. */
  seconds: number;
}

/** Those who wait, in order. However many there are, only those who are looked at cost time. */
export interface WaitingList<Entry> {
  add(entry: Entry): void;
  remove(entry: Entry): void;
  /** Goes through them once. The list does not change meanwhile. */
  walk(within: (entry: Entry) => number): Walk<Entry>;
}

export interface Walk<Entry> {
  /**
   * The next in order that takes no longer than `within` says of those of its shape now; undefined: none is left. Whom it
   * has passed over it does not come back to, so that `within` is not to rise again.
   */
  peek(): Entry | undefined;
  /** Goes on behind the one just peeked at. */
  pass(): void;
}

/** Some that stand together, in order: short enough to be searched one by one. */
interface Chunk<Entry> {
  entries: Entry[];
  leastSeconds: number;
}

const LONGEST = 64;

/** @param compare  below 0 where the first comes before the second; never 0 for two */
export function openWaitingList<Run extends PolicyRun, Entry extends Standing<Run>>(
  compare: (a: Entry, b: Entry) => number,
): WaitingList<Entry> {
  const shapes = new Map<Run["shape"], Chunk<Entry>[]>();

  /** The chunk in which it stands, or would. */
  function chunkOf(chunks: readonly Chunk<Entry>[], entry: Entry): number {
    let low = 0;
    let high = chunks.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      const last = chunks[middle]?.entries.at(-1);
      if (last && compare(last, entry) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  return {
    add(entry) {
      const chunks = shapes.get(entry.run.shape) ?? [];
      shapes.set(entry.run.shape, chunks);
      const at = chunkOf(chunks, entry);
      const chunk = chunks[at];
      if (!chunk) {
        chunks.push({ entries: [entry], leastSeconds: entry.seconds });
        return;
      }
      chunk.entries.splice(position(chunk.entries, entry, compare), 0, entry);
      chunk.leastSeconds = Math.min(chunk.leastSeconds, entry.seconds);
      if (chunk.entries.length > LONGEST) {
        // In halves, but for the end of the list, at which most come.
        const isAtEnd = at === chunks.length - 1 && chunk.entries.at(-1) === entry;
        const back = chunk.entries.splice(isAtEnd ? LONGEST : LONGEST / 2);
        chunk.leastSeconds = leastOf(chunk.entries);
        chunks.splice(at + 1, 0, { entries: back, leastSeconds: leastOf(back) });
      }
    },
    remove(entry) {
      const chunks = shapes.get(entry.run.shape) ?? [];
      const at = chunkOf(chunks, entry);
      const chunk = chunks[at];
      if (!chunk) return;
      const index = position(chunk.entries, entry, compare);
      if (chunk.entries[index] !== entry) return;
      chunk.entries.splice(index, 1);
      if (chunk.entries.length === 0) chunks.splice(at, 1);
      else if (entry.seconds === chunk.leastSeconds) chunk.leastSeconds = leastOf(chunk.entries);
      if (chunks.length === 0) shapes.delete(entry.run.shape);
    },
    walk(within) {
      // As they were last seen: who stands there may not come any more, but nobody of the shape comes before them.
      const heads = openHeap<Head<Entry>>((a, b) => compare(a.entry, b.entry) < 0);
      for (const chunks of shapes.values()) {
        const [entry] = chunks[0]?.entries ?? [];
        if (entry) heads.push({ entry, chunks, chunk: 0, index: 0 });
      }

      /** Brings the head to the next that may come; undefined: none of its shape does. */
      function settle(head: Head<Entry>): Entry | undefined {
        const most = within(head.entry);
        if (most === Number.NEGATIVE_INFINITY) return undefined;
        for (; head.chunk < head.chunks.length; head.chunk += 1, head.index = 0) {
          const { entries, leastSeconds } = head.chunks[head.chunk] as Chunk<Entry>;
          if (leastSeconds > most) continue;
          for (; head.index < entries.length; head.index += 1) {
            const entry = entries[head.index] as Entry;
            if (entry.seconds <= most) return entry;
          }
        }
        return undefined;
      }

      return {
        peek() {
          for (let head = heads.first(); head; head = heads.first()) {
            const entry = settle(head);
            if (entry === head.entry) return entry;
            heads.pop();
            if (entry) heads.push({ ...head, entry });
          }
          return undefined;
        },
        pass() {
          const head = heads.first();
          if (head) head.index += 1;
        },
      };
    },
  };
}

/** How far a walk has come among those of one shape. */
interface Head<Entry> {
  entry: Entry;
  chunks: readonly Chunk<Entry>[];
  chunk: number;
  index: number;
}

function leastOf(entries: readonly { seconds: number }[]): number {
  let least = Number.POSITIVE_INFINITY;
  for (const { seconds } of entries) if (seconds < least) least = seconds;
  return least;
}

/** Where the entry stands in the list, or would. */
function position<Entry>(list: readonly Entry[], entry: Entry, compare: (a: Entry, b: Entry) => number): number {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const there = list[middle];
    if (there && compare(there, entry) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
