import type { Assignment, Handed } from "../../core/assignment.ts";
import { demandOptions } from "../../core/sbatch_options.ts";
import { shellQuote } from "../../core/shell_quote.ts";
import { type SbatchOption, slurmScript, type Ticket } from "../../core/slurm.ts";
import { commentOf } from "./queue.ts";

/** An attempt that goes through Slurm, as its first worker is told of it. */
export type HandedAssignment = Assignment & { handed: Handed };

/** Tasks that go to Slurm together. */
export interface Batch {
  id: string;
  tasks: { attempt: HandedAssignment; task: number | null }[];
}

/** So long before its end a resumable run is told, or a quarter of its time where that is less. */
const WARNING_S = 90;

/**
 * The batches of attempts of one job: one for each stretch of numbers that an array of the site can hold. Runs keep their
 * numbers as far as that goes: run 12.7 is task 7.
 *
 * @param most  MaxArraySize: one more than the highest number that a task may have
 */
export function batchesOf(attempts: readonly HandedAssignment[], most: number, newId: () => string): Batch[] {
  const [first] = attempts;
  if (!first) return [];
  const { array } = first.handed.plan;
  if (attempts.length === 1 && array === null) return [{ id: newId(), tasks: [{ attempt: first, task: null }] }];
  const numbered = attempts.map((attempt) => ({ attempt, number: array?.[attempt.n - 1] ?? attempt.n }));
  // Numbers that a user has chosen are told to the runs, and stay; the site says if it cannot have them.
  const stretches = Map.groupBy(numbered, ({ number }) => (array === null ? Math.floor(number / most) : 0));
  return [...stretches.values()].map((stretch) => ({
    id: newId(),
    tasks: stretch.map(({ attempt, number }) => ({ attempt, task: array === null ? number % most : number })),
  }));
}

export interface SubmissionPlaces {
  yard: string;
  /** The yard's folder in the spool. */
  home: string;
}

/** The shell command that submits a batch; sbatch's script comes on stdin. */
export function sbatchCommand(batch: Batch, { yard, home }: SubmissionPlaces): string {
  const words = sbatchOptions(batch, yard, home).map(([name, value]) => {
    return shellQuote(value === null ? `--${name}` : `--${name}=${value}`);
  });
  return `sbatch=$(command -v sbatch); ${BARE} "$sbatch" ${words.join(" ")}`;
}

/**
 * Nothing of where it is submitted goes along: there is nothing. By `--export=NONE` the same could be had, but for that slurmd
 * logs in anew before each task (see login_shell.ts).
 */
const BARE = [
  'env -i HOME="$HOME" USER="$(id -un)" LOGNAME="$(id -un)" SHELL="${SHELL:-/bin/bash}" ${LANG:+LANG="$LANG"}',
  '${SLURM_CONF:+SLURM_CONF="$SLURM_CONF"} PATH="/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:${sbatch%/*}"',
].join(" ");

/** `#SBATCH` lines as the user has them, then nothing but the way to the launcher. */
export function sbatchScript({ id, tasks }: Batch, { home }: SubmissionPlaces): string {
  const { resources } = tasks[0]?.attempt.handed.plan ?? { resources: [] };
  const launcher = [`${home}/cluster/launch.sh`, home, id].map(shellQuote).join(" ");
  return slurmScript(resources, `. ${launcher}`);
}

/** What counts over the script: Runyard's own, what the run asks for, and at last what its user has said. */
function sbatchOptions({ id, tasks }: Batch, yard: string, home: string): SbatchOption[] {
  const [first] = tasks;
  if (!first) return [];
  const { attempt } = first;
  const { plan, name, demand, resumable, atMost } = attempt.handed;
  const said = new Set([...plan.resources, ...plan.options].map(([option]) => option));
  const numbers = tasks.flatMap(({ task }) => task ?? []);
  const output = `${home}/batches/${id}/${numbers.length > 0 ? "%a" : "0"}.out`;
  const limit = atMost !== null && numbers.length > 1 ? `%${atMost}` : "";
  return [
    ...(said.has("job-name") ? [] : [["job-name", jobName(name)] satisfies SbatchOption]),
    ["comment", commentOf(yard, id)],
    ["parsable", null],
    ["no-requeue", null],
    ["export", "ALL"],
    ["output", output],
    ["error", output],
    ["open-mode", "append"],
    ["chdir", attempt.snapshot === null ? attempt.cwd : home],
    ...(numbers.length > 0 ? [["array", `${rangesOf(numbers)}${limit}`] satisfies SbatchOption] : []),
    ...(resumable && !said.has("signal")
      ? [["signal", `B:USR1@${warningS(attempt.timeLimitMs)}`] satisfies SbatchOption]
      : []),
    ...demandOptions(demand, attempt.timeLimitMs, plan.resources),
    ...plan.options,
  ];
}

function warningS(timeLimitMs: number | null): number {
  if (timeLimitMs === null) return WARNING_S;
  return Math.min(WARNING_S, Math.max(1, Math.round(timeLimitMs / 4000)));
}

/** Slurm shows it in its lists: no line breaks, and not at any length. */
function jobName(name: string): string {
  return name.replaceAll(/[^\p{L}\p{N}\p{P}\p{S} ]/gu, " ").slice(0, 60) || "runyard";
}

/** `1-10,12`. */
function rangesOf(numbers: readonly number[]): string {
  const ranges: [number, number][] = [];
  for (const number of [...numbers].sort((a, b) => a - b)) {
    const last = ranges.at(-1);
    if (last && last[1] === number - 1) last[1] = number;
    else ranges.push([number, number]);
  }
  return ranges.map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`)).join();
}

/** Where a task finds what it is: its first worker's attempt, how many workers there are, and a port for them. */
export function taskFile(attempt: Assignment, { batch, task }: Ticket) {
  const { gang } = attempt;
  const content = `${attempt.attempt} ${gang?.hosts.length ?? 1} ${gang?.port ?? 0}\n`;
  return { target: `batches/${batch}/${task ?? 0}`, content };
}

/** The attempt that the workers of one have together: rank 0's. */
export function leaderOf({ attempt, gang }: Pick<Assignment, "attempt" | "gang">): string {
  return gang === null || gang.rank === 0 ? attempt : attempt.slice(0, attempt.lastIndexOf("."));
}
