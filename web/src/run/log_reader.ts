import { callForBytes } from "../yard/client.ts";
import { append, emptyWindow, type LogWindow, prepend } from "./log_window.ts";

/** Which output is read. */
export interface LogSource {
  job: number;
  n: number;
  attempt: string;
  stream: "out" | "err";
}

export interface LogView {
  window: LogWindow;
  /** How long the stream is, as far as is known; null: not yet. */
  size: number | null;
  /** New lines are shown as they come. */
  isFollowing: boolean;
  /** Nothing can come any more. */
  hasEnded: boolean;
  /** What went wrong; null: nothing. It is tried again. */
  error: unknown;
}

/** Reads a stream where somebody looks at it, and follows its end. */
export interface LogReader {
  view(): LogView;
  subscribe(listener: () => void): () => void;
  /** Reads on before, or behind, what is held. */
  older(): Promise<void>;
  newer(): Promise<void>;
  toStart(): Promise<void>;
  /** To the end, and follows it. */
  toEnd(): Promise<void>;
  /** To a place in the stream, in bytes, with what is around it. */
  goTo(at: number): Promise<void>;
  stopFollowing(): void;
  close(): void;
}

const PIECE_BYTES = 256 * 1024;
const FIRST_LINES = 2000;
const QUICKEST_MS = 250;
const SLOWEST_MS = 2000;

export function openLog({ job, n, attempt, stream }: LogSource): LogReader {
  const closed = new AbortController();
  const listeners = new Set<() => void>();
  let view: LogView = { window: emptyWindow(0), size: null, isFollowing: true, hasEnded: false, error: null };
  let pauseMs = QUICKEST_MS;
  let timer: ReturnType<typeof setTimeout> | null = null;
  /** One reading at a time: what is held would not fit together. */
  let turn: Promise<void> = Promise.resolve();

  function show(change: Partial<LogView>): void {
    view = { ...view, ...change };
    for (const listener of listeners) listener();
  }

  async function read(where: { tail: number } | { from: number; limit: number }) {
    const query = { stream, attempt, ...where };
    const answer = await callForBytes("output", { params: { job, n }, query, signal: closed.signal });
    return {
      bytes: new Uint8Array(await answer.arrayBuffer()),
      from: Number(answer.headers.get("runyard-from")),
      to: Number(answer.headers.get("runyard-to")),
      hasEnded: answer.headers.get("runyard-ended") === "true",
    };
  }

  function inTurn(work: () => Promise<void>): Promise<void> {
    turn = turn.then(async () => {
      try {
        await work();
        if (view.error !== null) show({ error: null });
      } catch (error) {
        if (!closed.signal.aborted) show({ error });
      }
    });
    return turn;
  }

  async function toEnd(): Promise<void> {
    const { bytes, from, to, hasEnded } = await read({ tail: FIRST_LINES });
    show({ window: append(emptyWindow(from), bytes), size: to, hasEnded, isFollowing: true });
  }

  /** Whatever has come since. */
  async function follow(): Promise<void> {
    const { window } = view;
    const { bytes, to, hasEnded } = await read({ from: window.to, limit: PIECE_BYTES });
    pauseMs = bytes.length > 0 ? QUICKEST_MS : Math.min(1.5 * pauseMs, SLOWEST_MS);
    // It comes faster than it can be read: what is between is not looked at.
    if (bytes.length === PIECE_BYTES && view.isFollowing) return toEnd();
    if (bytes.length > 0 || hasEnded !== view.hasEnded)
      show({ window: append(window, bytes), size: Math.max(view.size ?? 0, to), hasEnded });
  }

  function isAtEnd(): boolean {
    return view.size === null || view.window.to >= view.size;
  }

  async function tick(): Promise<void> {
    if (view.size === null) await inTurn(toEnd);
    else if (isAtEnd() && !(view.hasEnded && view.error === null)) await inTurn(follow);
    if (closed.signal.aborted) return;
    timer = setTimeout(() => void tick(), document.hidden ? SLOWEST_MS : pauseMs);
  }
  void tick();

  async function around(at: number): Promise<void> {
    const from = Math.max(0, at - PIECE_BYTES / 4);
    const { bytes, to } = await read({ from, limit: PIECE_BYTES });
    const window = append(emptyWindow(from), bytes);
    // It begins within a line, most likely.
    const [first] = window.lines;
    const cut =
      from > 0 && first
        ? { ...window, from: window.lines[1]?.at ?? window.from, lines: window.lines.slice(1) }
        : window;
    show({ window: cut, size: Math.max(view.size ?? 0, to), isFollowing: false });
  }

  return {
    view: () => view,
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    older: () =>
      inTurn(async () => {
        const { window } = view;
        if (window.from === 0) return;
        const from = Math.max(0, window.from - PIECE_BYTES);
        const { bytes } = await read({ from, limit: window.from - from });
        show({ window: prepend(window, bytes), isFollowing: false });
      }),
    newer: () =>
      inTurn(async () => {
        if (isAtEnd()) return;
        const { bytes, to } = await read({ from: view.window.to, limit: PIECE_BYTES });
        show({ window: append(view.window, bytes), size: Math.max(view.size ?? 0, to) });
      }),
    toStart: () => inTurn(() => around(0)),
    toEnd: () => inTurn(toEnd),
    goTo: (at) => inTurn(() => around(at)),
    stopFollowing: () => view.isFollowing && show({ isFollowing: false }),
    close() {
      closed.abort();
      if (timer !== null) clearTimeout(timer);
    },
  };
}
