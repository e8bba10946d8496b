import { boundary } from "../../platform/boundary.ts";
import type { WayTools } from "../remote/way.ts";
import { inSlurmsWords, isLimit, isTransient, type RunSlurm } from "./commands.ts";
import { type Batch, sbatchCommand, sbatchScript } from "./submission.ts";
import { isLaidOut, type Task, type Tasks } from "./tasks.ts";

/** Hands tasks to Slurm: one sbatch a batch. */
export interface Handing {
  /** Submits what is laid out and was not submitted, as far as it may be now. One at a time, however often it is asked. */
  submit(): void;
  /** Something of the yard's has ended there: where a limit stood in the way, it may not any more. */
  hasRoom(): void;
  /** What stands in the way of submitting more, in Slurm's own words; null: nothing. */
  trouble(): string | null;
}

/** After a limit on how many jobs there may be at once, nothing more is tried for so long. */
const LIMITED_MS = 30_000;
/** But where something of the yard's has ended. */
const ROOM_MS = 2000;
/** A controller that could not be asked is asked again after so long. */
const AGAIN_MS = 5000;

export function openHanding(
  { attempts, connection, resurvey, log }: WayTools,
  run: RunSlurm,
  tasks: Tasks,
  yard: string,
  onSubmitted: () => void,
): Handing {
  let isSubmitting = false;
  let isAsked = false;
  let said: { text: string; isLimit: boolean; until: number } | null = null;

  async function submitAll(): Promise<void> {
    isSubmitting = true;
    do {
      isAsked = false;
      for (const batch of nextBatches()) {
        if (said !== null && Date.now() < said.until) break;
        await submit(batch).catch((error: unknown) => log(String(error)));
      }
    } while (isAsked);
    isSubmitting = false;
  }

  /** Those of which nothing is known to be in Slurm's queue, with what of them is laid out. */
  function nextBatches(): Task[][] {
    const isOpen = (attempt: string) => attempts.get(attempt)?.end === null;
    const all = [...tasks.all()].filter(({ workers }) => [...workers].some(isOpen));
    const ready = all.filter((task) => isWaiting(task) && isLaidOut(task) && [...task.workers].every(isOpen));
    const batches = [...Map.groupBy(ready, ({ ticket }) => ticket.batch).values()];
    const taken = new Set<number>();
    for (const { attempt, ticket } of all) if (ticket.job !== null) taken.add(attempt.job);
    return batches.filter(([first]) => {
      if (!first || first.attempt.handed.atMost === null) return true;
      // An array keeps to its own limit, and two do not know of each other.
      const isFirst = !taken.has(first.attempt.job);
      taken.add(first.attempt.job);
      return isFirst;
    });
  }

  async function submit(some: readonly Task[]): Promise<void> {
    const home = connection()?.home;
    const [first] = some;
    if (home === undefined || !first) return;
    const alike = some.map(({ attempt, ticket }) => ({ attempt, task: ticket.task }));
    const batch: Batch = { id: first.ticket.batch, tasks: alike };
    const places = { yard, home };
    for (const task of some) task.unsureSince = Date.now();
    boundary("yard: submitting");
    const answer = await run(`cd / && ${sbatchCommand(batch, places)}`, sbatchScript(batch, places));
    for (const task of some) task.unsureSince = Date.now();
    // It may have been taken: the queue is asked before it is submitted again.
    if (answer === null) return;
    const { code, stdout, stderr } = answer;
    const [, job] = /^(\d+)(?:;|$)/m.exec(stdout) ?? [];
    if (code === 0 && job !== undefined) {
      boundary("yard: handed over");
      if (said !== null) {
        said = null;
        resurvey();
      }
      await tasks.handedOver(some, Number(job));
      onSubmitted();
    } else await refused(some, stderr);
  }

  async function refused(some: readonly Task[], stderr: string): Promise<void> {
    const words = inSlurmsWords(stderr);
    if (isTransient(stderr)) {
      wait(`Slurm cannot be asked: ${words}`, false);
      return;
    }
    for (const task of some) task.unsureSince = null;
    if (!isLimit(stderr)) {
      for (const { workers } of some) for (const id of workers) attempts.failed(id, `Slurm refuses it: ${words}`);
      return;
    }
    const half = Math.ceil(some.length / 2);
    if (some.length > 1) {
      await submit(some.slice(0, half));
      if (said === null || Date.now() >= said.until) await submit(some.slice(half));
      else giveBack(some.slice(half), words);
      return;
    }
    wait(`Slurm takes no more jobs of this account now: ${words}`, true);
    giveBack(some, words);
  }

  function wait(text: string, isLimit: boolean): void {
    const forMs = isLimit ? LIMITED_MS : AGAIN_MS;
    if (said?.text !== text) log(text);
    said = { text, isLimit, until: Date.now() + forMs };
    resurvey();
  }

  function giveBack(some: readonly Task[], words: string): void {
    for (const { workers } of some) for (const id of workers) attempts.refused(id, words);
  }

  return {
    submit() {
      isAsked = true;
      if (!isSubmitting) void submitAll();
    },
    hasRoom() {
      const until = Date.now() + ROOM_MS;
      if (said === null || !said.isLimit || said.until <= until) return;
      said.until = until;
      setTimeout(resurvey, ROOM_MS).unref();
    },
    trouble: () => (said !== null && Date.now() < said.until ? said.text : null),
  };
}

/** Whether it has been submitted for sure neither by this yard nor by an earlier one. */
function isWaiting({ ticket, unsureSince }: Task): boolean {
  return ticket.job === null && unsureSince === null;
}
