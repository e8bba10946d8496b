import { higherPeaks, UNSEEN } from "../core/peaks.ts";
import type { Report } from "../core/report.ts";

/** Reports on their way to the yard: kept until it has them, in order, many in one request. */
export interface Outbox {
  /** A start is held back for a moment: where the end follows at once, the end tells it too. */
  started(report: Extract<Report, { kind: "started" }>): void;
  observed(report: Extract<Report, { kind: "observed" }>): void;
  ended(report: Extract<Report, { kind: "ended" }>): void;
  /** Sends what is there; what could not be sent stays. Called again when the yard can be reached. */
  flush(): void;
  /** Nothing more is sent: what is left is read from the spools by the next agent. */
  close(): void;
  isEmpty(): boolean;
}

const START_HELD_MS = 20;
/** Between two requests at least: what ends after a quiet while is told at once, many short runs in bundles. */
const PAUSE_MS = 25;
/** A yard that cannot be reached, or whose disk is full, is tried again this often. */
const RETRY_MS = 1000;
const LARGEST_BUNDLE = 200;
const LARGEST_BUNDLE_CHARACTERS = 4_000_000;

/** What became of a bundle: `refused` is what the yard will never take, `failed` may go better the next time. */
export type Delivery = "kept" | "failed" | "refused";

export function openOutbox(send: (reports: Report[]) => Promise<Delivery>): Outbox {
  const starts = new Map<string, { report: Report; at: number }>();
  const observations = new Map<string, Extract<Report, { kind: "observed" }>>();
  let ends: Report[] = [];
  let timer: NodeJS.Timeout | null = null;
  let sentAt = Number.NEGATIVE_INFINITY;
  let sending = false;
  let isClosed = false;

  function bundle(): Report[] {
    const now = performance.now();
    const reports: Report[] = [];
    for (const [attempt, { report, at }] of starts) {
      if (now - at < START_HELD_MS) continue;
      reports.push(report);
      starts.delete(attempt);
    }
    reports.push(...observations.values());
    observations.clear();
    let characters = 0;
    while (ends.length > 0 && reports.length < LARGEST_BUNDLE && characters < LARGEST_BUNDLE_CHARACTERS) {
      const [end] = ends.splice(0, 1);
      if (!end) break;
      reports.push(end);
      characters += sizeOf(end);
    }
    return reports;
  }

  async function deliver(): Promise<void> {
    timer = null;
    if (sending) return;
    const reports = bundle();
    if (reports.length === 0) {
      if (starts.size > 0) schedule(START_HELD_MS);
      return;
    }
    sending = true;
    sentAt = performance.now();
    const delivery = await send(reports);
    sending = false;
    if (delivery === "kept") {
      if (starts.size + observations.size + ends.length > 0) scheduleNext();
      return;
    }
    // Only observations hold what a run wrote: one that the yard cannot take must not keep the ends of others.
    putBack(delivery === "refused" ? reports.filter(({ kind }) => kind !== "observed") : reports);
    schedule(RETRY_MS);
  }

  function putBack(reports: Report[]): void {
    for (const report of reports) {
      if (report.kind === "started") starts.set(report.attempt, { report, at: Number.NEGATIVE_INFINITY });
      else if (report.kind === "observed" && !observations.has(report.attempt))
        observations.set(report.attempt, report);
    }
    ends = [...reports.filter((report) => report.kind === "ended"), ...ends];
  }

  function scheduleNext(): void {
    schedule(Math.min(PAUSE_MS, Math.max(0, sentAt + PAUSE_MS - performance.now())));
  }

  function schedule(inMs: number): void {
    if (timer === null && !isClosed) timer = setTimeout(() => void deliver(), inMs);
  }

  return {
    started(report) {
      starts.set(report.attempt, { report, at: performance.now() });
      schedule(START_HELD_MS);
    },
    observed(report) {
      const before = observations.get(report.attempt);
      observations.set(report.attempt, {
        ...report,
        progress: report.progress ?? before?.progress ?? null,
        metrics: { ...before?.metrics, ...report.metrics },
        result: { ...before?.result, ...report.result },
        ...higherPeaks(report, before ?? UNSEEN),
      });
      scheduleNext();
    },
    ended(report) {
      starts.delete(report.attempt);
      ends.push(report);
      scheduleNext();
    },
    flush() {
      if (timer !== null) clearTimeout(timer);
      timer = null;
      schedule(0);
    },
    close() {
      isClosed = true;
      if (timer !== null) clearTimeout(timer);
    },
    isEmpty: () => !sending && starts.size + observations.size + ends.length === 0,
  };
}

function sizeOf(report: Report): number {
  if (report.kind !== "ended") return 0;
  return [report.out, report.err, report.events].reduce(
    (sum, stream) => sum + (stream.kind === "inline" ? stream.base64.length : 0),
    0,
  );
}
