import type { Assignment, Stop } from "../core/assignment.ts";
import type { Slot } from "../core/demand.ts";
import type { Answer, Question } from "../core/enquiry.ts";
import type { Hardware } from "../core/machine.ts";
import type { Pending } from "../core/pending.ts";
import type { Presence } from "../core/presence.ts";
import type { Report, Seat } from "../core/report.ts";
import type { AttemptId, JobId, StopReason } from "../core/run.ts";
import type { Ticket } from "../core/slurm.ts";
import type { Files } from "../files/open_files.ts";
import type { OutputPlace } from "../files/output_place.ts";
import { describeFileProblem } from "../files/problem.ts";
import { boundary } from "../platform/boundary.ts";
import type { Clock } from "../platform/clock.ts";
import { isDiskFull, systemErrorCode, systemErrorText } from "../platform/system_error.ts";
import {
  type AttemptRow,
  selectAttempts,
  selectOpenAttempts,
  selectWantedStops,
  setTickets,
  takeAttempts,
} from "../store/attempts.ts";
import type { Change } from "../store/changes.ts";
import { answerEnquiry, selectOpenEnquiries } from "../store/enquiries.ts";
import { type JobRow, selectJob } from "../store/jobs.ts";
import { type Introduction, introduceAgent, isSpokenForBy, updateHardware } from "../store/machines.ts";
import { type Ended, recordEnds, recordObserved, recordPeaks, recordStarts } from "../store/reports.ts";
import type { Store } from "../store/store.ts";
import { openAssignments } from "./assignments.ts";
import { appendOutput, type Delivery, deliver, settle } from "./deliver.ts";
import { keepStreams } from "./streams.ts";
import type { Uses } from "./uses.ts";
import type { Works } from "./works.ts";

/** A machine, and where the yard finds its spool. */
export interface Desked {
  id: number;
  name: string;
  spool: string | null;
}

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
  report(machine: Pick<Desked, "id" | "spool">, holder: string, reports: readonly Report[]): Promise<string[]>;
  /** From now on someone speaks for the machine; whoever did before is superseded. */
  introduce(machine: Pick<Desked, "id" | "name">, introduction: Introduction): Promise<void>;
  /** What is known of the machine has changed; by its own word, unless it was not heard. */
  survey(machine: number, hardware: Hardware, options?: { isHeard?: boolean }): Promise<void>;
  /** Those of the attempts whose end the yard knows. */
  known(attempts: readonly string[]): Promise<string[]>;
  /** What attempts are known by in a cluster's queue is kept. */
  handOver(tickets: readonly { attempt: string; ticket: Ticket }[]): Promise<void>;
  /** Why an attempt waits in that queue; null: it does so no longer. */
  pends(attempt: string, pending: { id: string | null; reason: string } | null): void;
  /** The machine has given a sign of life. */
  heard(machine: number): void;
  /** The variables that a job was submitted with. */
  environment(id: string): Promise<Record<string, string>>;
  /** What is asked of the machine and waits for an answer. */
  questions(machine: number): Promise<{ id: number; question: Question }[]>;
  answer(enquiry: number, answer: Answer): Promise<void>;
}

export interface DeskOptions {
  yardId: string;
  store: Store;
  files: Files;
  works: Works;
  uses: Uses;
  presence: Presence;
  pending: Pending;
  clock: Clock;
  log: (text: string) => void;
}

const MOST_AT_ONCE = 256;
const MOST_JOBS_KNOWN = 1000;

export function openDesk({ yardId, store, files, works, uses, presence, pending, clock, log }: DeskOptions): Desk {
  const assignmentsOf = openAssignments(store, works, yardId);
  /** Jobs whose results or output go somewhere; null: they stay with the yard. */
  const hasPlace = new Map<JobId, JobRow | null>();

  /** First the streams, then what happened, in one commit; only then may the machine forget. */
  async function report(
    machine: Pick<Desked, "id" | "spool">,
    holder: string,
    reports: readonly Report[],
  ): Promise<string[]> {
    const ends = reports.filter((report) => report.kind === "ended");
    const seated = reports.filter((report) => report.kind === "started" && report.seat);
    const known = await selectAttempts(
      store.read,
      [...ends, ...seated].map((report) => report.attempt as AttemptId),
    );
    const rows = new Map<string, AttemptRow>(known.map((row) => [row.id, row]));
    const fresh = ends.filter((end) => (rows.get(end.attempt)?.status ?? "ended") !== "ended");
    const seats = new Map(fresh.map(({ attempt, seat }) => [attempt, seatedAt(seat, rows.get(attempt))]));
    const brought = (await keepStreams(files, log, `${machine.spool}/${yardId}`, fresh, rows)).map((end) => {
      return { ...end, ...seats.get(end.attempt) };
    });
    if (brought.length > 0) boundary("yard: kept");
    const delivered = await deliverAll(`${machine.spool}/${yardId}`, brought, rows);
    const { recorded, changes } = await record(machine.id, holder, reports, brought, rows);
    if (recorded.length > 0) boundary("yard: ended");
    for (const delivery of delivered) await settle(delivery);
    store.changes.tell(changes);
    const over = new Set<string>(recorded.map((end) => end.attempt));
    const isOver = (attempt: string) => over.has(attempt) || rows.get(attempt)?.status === "ended";
    return ends.map((end) => end.attempt).filter(isOver);
  }

  /** What ended goes to where its user wants it, if that is anywhere. */
  async function deliverAll(spool: string, ends: Ended[], rows: ReadonlyMap<string, AttemptRow>) {
    const delivered: Delivery[] = [];
    for (const { attempt, ending, output } of ends) {
      const row = rows.get(attempt);
      const job = row && ending.kind !== "never_began" ? await jobWithPlace(row.job_id) : null;
      if (!row || !job) continue;
      const { results: place, out: file, umask } = job.plan;
      const { line } = (await works.of(job)).run(row.n);
      const { out, err } = JSON.parse(output) as Record<"out" | "err", OutputPlace>;
      const results = `${spool}/results/${attempt}`;
      const delivery = { attempt, rank: row.rank, line: line ?? row.n, out, err, results, umask };
      try {
        if (place) await deliver(files, place, delivery);
        // On the user's own machine its launcher has written it.
        if (file !== null && row.rank === 0 && (out.kind !== "none" || err.kind !== "none"))
          await appendOutput(files, file, delivery);
        delivered.push(delivery);
      } catch (error) {
        if (systemErrorCode(error) === null || isDiskFull(error)) throw error;
        // Its end is not to wait for a folder that may never be what it was.
        log(
          `what ${attempt} left stays in ${results}: ${place?.folder ?? file} cannot be used (${systemErrorText(error)})`,
        );
      }
    }
    return delivered;
  }

  async function jobWithPlace(id: JobId): Promise<JobRow | null> {
    if (!hasPlace.has(id)) {
      const job = await selectJob(store.read, id);
      if (hasPlace.size > MOST_JOBS_KNOWN) hasPlace.clear();
      hasPlace.set(id, job && (job.plan.results || job.plan.out !== null) ? job : null);
    }
    return hasPlace.get(id) ?? null;
  }

  async function record(
    machine: number,
    holder: string,
    reports: readonly Report[],
    brought: Ended[],
    rows: ReadonlyMap<string, AttemptRow>,
  ) {
    const now = clock.now();
    const started = reports.flatMap((report) => {
      if (report.kind !== "started") return [];
      const { attempt, at, seat } = report;
      return [{ attempt: attempt as AttemptId, at, ...seatedAt(seat, rows.get(attempt)) }];
    });
    const observed = reports.flatMap((report) =>
      report.kind === "observed" ? [{ ...report, attempt: report.attempt as AttemptId }] : [],
    );
    return store.write(async (db) => {
      const isCurrent = await isSpokenForBy(db, machine, holder);
      const recorded = isCurrent ? brought : brought.filter((end) => !mayBeginLater(end));
      await recordPeaks(db, observed);
      const touched = [...(await recordStarts(db, started)), ...(await recordObserved(db, observed))];
      const ended = await recordEnds(db, recorded, now);
      const changes: Change[] = [
        ...[...touched, ...ended.touched].map(({ job, n }) => ({ kind: "run" as const, job, n })),
        ...recorded.map((end) => endedChange(machine, end)),
        ...ended.jobs.map((job) => ({ kind: "job" as const, job })),
        ...ended.settled.map((job) => ({ kind: "runs" as const, job })),
        ...ended.stopping.map((machine) => ({ kind: "stop" as const, machine })),
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
    async introduce(machine, introduction) {
      const hardware = await uses.hear(machine.id, introduction.hardware);
      await store.write((db) => introduceAgent(db, machine.name, { ...introduction, hardware }, clock.now()));
      presence.heard(machine.id, clock.now());
      store.changes.tell([{ kind: "machine", machine: machine.id }]);
    },
    async survey(machine, hardware, { isHeard = true } = {}) {
      const seen = isHeard ? await uses.hear(machine, hardware) : hardware;
      await store.write((db) => updateHardware(db, machine, seen, isHeard ? clock.now() : null));
      store.changes.tell([{ kind: "machine", machine }]);
    },
    async known(attempts) {
      const rows = await selectAttempts(store.read, attempts as AttemptId[]);
      return rows.flatMap((row) => (row.status === "ended" ? [row.id] : []));
    },
    handOver: (tickets) => store.write((db) => setTickets(db, tickets)),
    pends(attempt, why) {
      if (why === null) pending.clear(attempt);
      else pending.say(attempt, why);
    },
    heard: (machine) => presence.heard(machine, clock.now()),
    async environment(id) {
      const variables = await files.environments.get(id);
      if (!variables.ok) throw new Error(describeFileProblem(variables.problem));
      return variables.value;
    },
    questions: (machine) => selectOpenEnquiries(store.read, [machine], clock.now()),
    async answer(enquiry, answer) {
      await store.write((db) => answerEnquiry(db, enquiry, answer));
      store.changes.tell([{ kind: "answer", enquiry }]);
    },
  };
}

/** On a cluster only now it is known where it is, and which devices it has. */
function seatedAt(seat: Seat | undefined, row: AttemptRow | undefined): { node?: string; slot?: string } {
  if (!seat || !row) return {};
  const slot = { ...(JSON.parse(row.slot_json) as Slot), devices: seat.gpus.join(), gpus: seat.gpus, node: seat.node };
  return { node: seat.node, slot: JSON.stringify(slot) };
}

/** Who has been followed by another says that nothing was executed: that one may have been given it to begin. */
function mayBeginLater({ ending }: Ended): boolean {
  return ending.kind === "never_began" || ending.kind === "could_not_start";
}

function endedChange(machine: number, end: Ended): Change {
  const tookMs = end.startedAt === null ? null : end.endedAt - end.startedAt;
  return { kind: "ended", attempt: end.attempt, machine, tookMs };
}
