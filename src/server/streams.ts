import { type Refused, refuse } from "../core/failure.ts";
import type { AttemptId } from "../core/run.ts";
import type { OutputPlace } from "../files/output_place.ts";
import { type AttemptRow, selectAttempt, selectAttemptsOfRun } from "../store/attempts.ts";
import type { JobRow } from "../store/jobs.ts";
import { type MachineRow, selectMachines } from "../store/machines.ts";
import { selectRun } from "../store/runs.ts";
import type { Yard } from "./yard.ts";

/** Of one attempt so often at most. */
const BRING_OVER_MS = 300;
const FETCH_WITHIN_MS = 10_000;
const MOST_BROUGHT = 10_000;

/** The streams of runs: what they print, and the events that they tell. */
export interface Streams {
  /**
   * Where a stream of an attempt lies now: with the yard, or still where the run writes it. Null: the run had no such attempt.
   *
   * @param attempt  null: the latest
   */
  find(
    job: JobRow,
    n: number,
    attempt: string | null,
    stream: "out" | "err" | "events",
  ): Promise<{ place: OutputPlace; ended: boolean } | null>;
}

export function openStreams(yard: Yard): Streams {
  const { store } = yard;
  /** When the output of attempts on other machines was last asked for. */
  const broughtAt = new Map<string, number>();

  return { find };

  async function find(job: JobRow, n: number, attemptId: string | null, stream: "out" | "err" | "events") {
    const attempt =
      attemptId === null
        ? (await selectAttemptsOfRun(store.read, job.id, n)).at(-1)
        : await attemptNamed(job, n, attemptId);
    const run = await selectRun(store.read, job.id, n);
    const ended = run !== null && run.ended_at !== null;
    if (!attempt && attemptId !== null) return null;
    if (!attempt) return { place: { kind: "none" } satisfies OutputPlace as OutputPlace, ended };
    const machine = (await selectMachines(store.read)).find(({ id }) => id === attempt.machine_id);
    // What another machine prints comes to the user's file when it has ended; until then, and after, it is the yard's too.
    if (job.plan.out !== null && attempt.rank === 0 && stream !== "events" && isAtHand(machine)) {
      const place: OutputPlace = stream === "out" ? { kind: "spool", path: job.plan.out } : { kind: "none" };
      return { place, ended };
    }
    if (attempt.output_json !== null)
      return {
        place: (JSON.parse(attempt.output_json) as Record<string, OutputPlace>)[stream] ?? { kind: "none" as const },
        ended,
      };
    return { place: await spoolPlace(attempt, machine, stream), ended };
  }

  /** Also a worker beside that of rank 0. */
  async function attemptNamed(job: JobRow, n: number, id: string): Promise<AttemptRow | null> {
    const attempt = await selectAttempt(store.read, id as AttemptId);
    return attempt?.job_id === job.id && attempt.n === n ? attempt : null;
  }

  async function spoolPlace(
    attempt: AttemptRow,
    machine: MachineRow | undefined,
    stream: string,
  ): Promise<OutputPlace> {
    if (machine && !isAtHand(machine)) await bringOver(machine.id, attempt.id);
    const name = stream === "events" ? "events.jsonl" : stream;
    return machine?.spool
      ? { kind: "spool", path: `${machine.spool}/${yard.id}/${attempt.id}/0/${name}` }
      : { kind: "none" };
  }

  /** What a machine behind ssh or a cluster has printed lies there until it is asked for. Where it does not answer, what came before is shown. */
  async function bringOver(machine: number, attempt: string): Promise<void> {
    const since = yard.clock.now() - (broughtAt.get(attempt) ?? 0);
    if (since < BRING_OVER_MS) return;
    broughtAt.set(attempt, yard.clock.now());
    if (broughtAt.size > MOST_BROUGHT) broughtAt.clear();
    await yard.enquire(machine, { kind: "fetch", attempt }, FETCH_WITHIN_MS);
  }
}

/** Whether what runs there is written to this machine's files. Of others the yard has a mirror. */
function isAtHand(machine: MachineRow | undefined): boolean {
  return machine === undefined || machine.driver === "agent";
}

export function noSuchAttempt(job: number, n: number, attempt: string | undefined): Refused {
  return refuse({ code: "gone", what: `Attempt ${attempt ?? ""} of run ${job}.${n}` });
}
