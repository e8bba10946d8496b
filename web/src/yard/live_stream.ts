import { readServerEvents } from "../../../src/client/server_events.ts";

/** What the panel knows of its connection to the yard. */
export type LiveState =
  | { kind: "connecting" }
  | { kind: "live" }
  /** What is shown may be out of date; `since` by this browser's clock, epoch ms. */
  | { kind: "stale"; since: number }
  /** The yard does not know this browser any more. */
  | { kind: "signed_out" };

export type LiveMessage =
  | { kind: "state"; state: LiveState }
  /** As the yard tells it: `job`, `machines`, …, with its JSON text. */
  | { kind: "event"; event: string; data: string };

/** The yard gives a sign of life every 10 s. */
const SILENCE_MS = 25_000;
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 10_000;

/**
 * Follows the yard's events for ever: after a break it goes on where it was, and says meanwhile that things are stale.
 *
 * @returns what has it look at once: the yard may know this browser by now
 */
export function followYard(tell: (message: LiveMessage) => void): () => void {
  let lastId: string | null = null;
  let pauseMs = FIRST_PAUSE_MS;
  let state = { kind: "connecting" } as LiveState;
  let wake = (): void => undefined;

  function be(next: LiveState): void {
    if (next.kind === state.kind) return;
    state = next;
    tell({ kind: "state", state });
  }

  async function hear(): Promise<void> {
    const broken = new AbortController();
    let silence = setTimeout(() => broken.abort(), SILENCE_MS);
    try {
      const headers = lastId === null ? {} : { "last-event-id": lastId };
      const answer = await fetch("/api/v1/events", { headers, signal: broken.signal });
      if (answer.status === 401) be({ kind: "signed_out" });
      if (!answer.ok || !answer.body) return;
      const events = readServerEvents(chunksOf(answer.body), () => {
        clearTimeout(silence);
        silence = setTimeout(() => broken.abort(), SILENCE_MS);
      });
      for await (const { id, event, data } of events) {
        if (id !== null) lastId = id;
        pauseMs = FIRST_PAUSE_MS;
        be({ kind: "live" });
        tell({ kind: "event", event, data });
      }
    } catch {
      // Broken off: tried again.
    } finally {
      clearTimeout(silence);
    }
  }

  async function follow(): Promise<never> {
    for (;;) {
      await hear();
      if (state.kind !== "signed_out") be({ kind: "stale", since: Date.now() });
      await new Promise<void>((resolve) => {
        wake = resolve;
        setTimeout(resolve, pauseMs);
      });
      pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS);
    }
  }
  void follow();

  return () => {
    if (state.kind === "live") return;
    be({ kind: "connecting" });
    pauseMs = FIRST_PAUSE_MS;
    wake();
  };
}

/** Not every browser lets a stream be iterated. */
async function* chunksOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = stream.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    yield value;
  }
}
