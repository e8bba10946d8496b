import { shellQuote } from "../../core/shell_quote.ts";
import { isTransient, type RunSlurm } from "./commands.ts";
import { hasSteps, idOf, type Task } from "./tasks.ts";

/** Stops what Slurm runs, and takes out of its queue what is not to run: many with one command. */
export interface Stops {
  /** SIGTERM to all of it; what is there after the grace is killed, by SIGKILL. */
  stop(task: Task, graceMs: number): void;
  /** What is not to begin, or is not known; by ids as Slurm writes them. */
  cancel(ids: readonly string[]): void;
  /** Twice a second. */
  tend(now: number): void;
}

/** As arguments of one command. */
const MOST_IDS = 500;
const LAUNCHERS_MS = 3000;
const AGAIN_MS = 2000;

export function openStops(run: RunSlurm, log: (text: string) => void): Stops {
  /** Those whose batch script is their launcher, and those whose launchers are steps of it. */
  const toTell = new Set<string>();
  const stepsToTell = new Set<string>();
  const toKill = new Map<string, number>();
  const toEnd = new Set<string>();
  const toCancel = new Set<string>();
  let isBusy = false;
  /** When a controller that could not be asked is asked again. */
  let againAt = 0;

  function take(from: Set<string>): string[] {
    const some = [...from].slice(0, MOST_IDS);
    for (const id of some) from.delete(id);
    return some;
  }

  async function act(now: number): Promise<void> {
    if (now < againAt) return;
    for (const [id, at] of toKill) if (at <= now && toKill.delete(id)) toEnd.add(id);
    const commands: [Set<string>, string][] = [
      [toTell, "--batch --signal=TERM"],
      [stepsToTell, "--signal=TERM"],
      [toEnd, "--full --signal=KILL"],
      [toCancel, ""],
    ];
    for (const [from, options] of commands) {
      const ids = take(from);
      if (ids.length === 0) continue;
      const answer = await run(`scancel -Q ${options} ${ids.map(shellQuote).join(" ")}`);
      if (answer === null || isTransient(answer.stderr)) {
        for (const id of ids) from.add(id);
        againAt = Date.now() + AGAIN_MS;
        return;
      }
      // What goes by SIGKILL may leave Slurm thinking that it runs.
      if (from === toEnd) for (const id of ids) toCancel.add(id);
      // What is over already is no trouble; the rest is in the queue at the next look, and cancelled again.
      if (answer.stderr && !/invalid job id|already/i.test(answer.stderr)) log(answer.stderr);
    }
  }

  return {
    stop(task, graceMs) {
      const id = idOf(task);
      if (id === null) return;
      (hasSteps(task) ? stepsToTell : toTell).add(id);
      // Its launcher does so first, and lives to tell.
      const at = Date.now() + graceMs + LAUNCHERS_MS;
      toKill.set(id, Math.min(at, toKill.get(id) ?? at));
    },
    cancel(ids) {
      for (const id of ids) {
        toKill.delete(id);
        for (const set of [toTell, stepsToTell, toEnd]) set.delete(id);
        toCancel.add(id);
      }
    },
    tend(now) {
      if (isBusy) return;
      isBusy = true;
      void act(now)
        .catch((error: unknown) => log(String(error)))
        .finally(() => {
          isBusy = false;
        });
    },
  };
}
