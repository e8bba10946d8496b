import type { Assignment, Stop } from "../core/assignment.ts";
import type { Presence } from "../core/presence.ts";
import type { Report } from "../core/report.ts";
import type { AttemptId, StopReason } from "../core/run.ts";
import type { Files } from "../files/open_files.ts";
import { boundary } from "../platform/boundary.ts";
import type { Clock } from "../platform/clock.ts";
import {
  type AttemptRow,
  selectAttempts,
  selectOpenAttempts,
  selectWantedStops,
  takeAttempts,
} from "../store/attempts.ts";
import type { Change } from "../store/changes.ts";
import { isSpokenForBy, type MachineRow } from "../store/machines.ts";
import { type Ended, recordEnds, recordObserved, recordPeaks, recordStarts } from "../store/reports.ts";
import type { Store } from "../store/store.ts";
import { openAssignments } from "./assignments.ts";
import { keepStreams } from "./streams.ts";
import type { Works } from "./works.ts";

/**
 * The yard's side of whoever executes attempts on a machine, be it an agent that asks over HTTP or a driver within the
 * yard: what is assigned there and what must stop; and what it reports becomes files, rows and news.
 */
export interface Desk {
  /** Everything of the machine that has not ended; what nobody had taken is `holder`'s from now on. */
  resume(machine: number, holder: string): Promise<Assignment[]>;
  /** What is assigned to the machine and nobody has taken: from now on it is `holder`'s. Of several askers one wins. */
  take(machine: number, holder: string): Promise<{ assignments: Assignment[]; isAll: boolean }>;
  /** What of the machine is to be stopped, whether or not that was told before. */
  stops(machine: number): Promise<Stop[]>;
  /** Keeps what is reported; answers the attempts whose end is known now, so that their spools may go. */
  report(machine: MachineRow, holder: string, reports: readonly Report[]): Promise<string[]>;
}

export interface DeskOptions {
  yardId: string;
  store: Store;
  files: Files;
  works: Works;
  presence: Presence;
  clock: Clock;
  log: (text: string) => void;
}

const MOST_AT_ONCE = 256;

export function openDesk({ yardId, store, files, works, presence, clock, log }: DeskOptions): Desk {
  const assignmentsOf = openAssignments(store, works);

  /** First the streams, then what happened, in one commit; only then may the machine forget. */
  async function report(machine: MachineRow, holder: string, reports: readonly Report[]): Promise<string[]> {
    presence.heard(machine.id, clock.now());
    const ends = reports.filter((report) => report.kind === "ended");
    const known = await selectAttempts(
      store.read,
      ends.map((end) => end.attempt as AttemptId),
    );
    const rows = new Map<string, AttemptRow>(known.map((row) => [row.id, row]));
    const fresh = ends.filter((end) => (rows.get(end.attempt)?.status ?? "ended") !== "ended");
    const brought = await keepStreams(files, log, `${machine.spool}/${yardId}`, fresh, rows);
    if (brought.length > 0) boundary("yard: kept");
    const { recorded, changes } = await record(machine, holder, reports, brought);
    if (recorded.length > 0) boundary("yard: ended");
    store.changes.tell(changes);
    const over = new Set<string>(recorded.map((end) => end.attempt));
    const isOver = (attempt: string) => over.has(attempt) || rows.get(attempt)?.status === "ended";
    return ends.map((end) => end.attempt).filter(isOver);
  }

  async function record(machine: MachineRow, holder: string, reports: readonly Report[], brought: Ended[]) {
    const now = clock.now();
    const started = reports.flatMap((report) =>
      report.kind === "started" ? [{ attempt: report.attempt as AttemptId, at: report.at }] : [],
    );
    const observed = reports.flatMap((report) =>
      report.kind === "observed" ? [{ ...report, attempt: report.attempt as AttemptId }] : [],
    );
    return store.write(async (db) => {
      const isCurrent = await isSpokenForBy(db, machine.id, holder);
      const recorded = isCurrent ? brought : brought.filter((end) => !mayBeginLater(end));
      await recordPeaks(db, observed);
      const touched = [...(await recordStarts(db, started)), ...(await recordObserved(db, observed))];
      const ended = await recordEnds(db, recorded, now);
      const changes: Change[] = [
        ...[...touched, ...ended.touched].map(({ job, n }) => ({ kind: "run" as const, job, n })),
        ...recorded.map((end) => endedChange(machine.id, end)),
        ...ended.jobs.map((job) => ({ kind: "job" as const, job })),
      ];
      return { recorded, changes };
    });
  }

  return {
    async resume(machine, holder) {
      await store.write((db) => takeAttempts(db, machine, holder, Number.MAX_SAFE_INTEGER));
      return assignmentsOf(await selectOpenAttempts(store.read, machine));
    },
    async take(machine, holder) {
      const taken = await store.write((db) => takeAttempts(db, machine, holder, MOST_AT_ONCE));
      if (taken.length > 0) boundary("yard: taken");
      return { assignments: await assignmentsOf(taken), isAll: taken.length < MOST_AT_ONCE };
    },
    async stops(machine) {
      const rows = await selectWantedStops(store.read, machine);
      return rows.map((row) => ({
        attempt: row.id,
        reason: row.stop_reason as StopReason,
        graceMs: row.stop_grace_ms ?? 0,
      }));
    },
    report,
  };
}

/** Who has been followed by another says that nothing was executed: that one may have been given it to begin. */
function mayBeginLater({ ending }: Ended): boolean {
  return ending.kind === "never_began" || ending.kind === "could_not_start";
}

function endedChange(machine: number, end: Ended): Change {
  const tookMs = end.startedAt === null ? null : end.endedAt - end.startedAt;
  return { kind: "ended", attempt: end.attempt, machine, tookMs };
}
