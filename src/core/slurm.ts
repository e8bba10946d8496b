/** An option of sbatch: its long name without the dashes, and its value; null: a switch. */
export type SbatchOption = [name: string, value: string | null];

/** How a job's runs go through Slurm, as it was submitted. */
export interface SlurmPlan {
  /** What stands as `#SBATCH` lines in the script, in this order. */
  resources: SbatchOption[];
  /** What its user has given on the command line: it counts over what stands in the script. */
  options: SbatchOption[];
  /** Shell text before the command; empty: none. */
  env: string;
  /** Which number each run has in Slurm's array, as the user's own script chose them. Null: Runyard numbers them. */
  array: number[] | null;
}

/** Where the commands of a Slurm cluster are executed, beside the login: none means on the yard's machine. */
export interface Cluster {
  /** What SLURM_CONF is for them; null: not set. */
  conf: string | null;
  /** The folder for runs' folders, on a file system that the nodes share; null: the default. */
  spool: string | null;
}

/** What an attempt is known by in a queue that is not the yard's. */
export interface Ticket {
  /** Unique to what was submitted together; the comment of it says so. */
  batch: string;
  /** Its number in the array; null: it was submitted alone. */
  task: number | null;
  /** The id of the array, or of the job; null: it may have been submitted, and nobody has told. */
  job: number | null;
}

/** As Slurm writes it: `123_4`, or `123`. Null: not known yet. */
export function ticketText({ task, job }: Ticket): string | null {
  if (job === null) return null;
  return task === null ? `${job}` : `${job}_${task}`;
}

/** One `#SBATCH` line a resource, a blank line, then `body`: what sbatch is given. */
export function slurmScript(resources: readonly SbatchOption[], body: string): string {
  const lines = resources.map(
    ([name, value]) => `#SBATCH --${name}${value === null ? "" : `=${quotedValue(value)}`}\n`,
  );
  return `#!/bin/bash\n${lines.join("")}\n${body}\n`;
}

/** As sbatch reads a line: what has blanks in it, or would begin a comment, stands in quotes. */
function quotedValue(value: string): string {
  return /[\s#"'\\]/.test(value) ? `"${value.replace(/["\\]/g, "\\$&")}"` : value;
}

/** What is wrong with an option, worded for people; null: nothing. */
export function objectionToOption([name, value]: readonly [string, string | null]): string | null {
  if (!/^[A-Za-z][A-Za-z0-9-]*$/.test(name)) return `${JSON.stringify(name)} is not the name of an option of sbatch.`;
  return value !== null && /[\x00-\x1f\x7f]/.test(value) ? `The value of ${name} must be one line.` : null;
}

/** What Runyard itself says to sbatch, on the command line, where it counts over what a script says. */
export const runyardsOptions: ReadonlySet<string> = new Set([
  ...["array", "chdir", "comment", "error", "export", "input", "no-requeue", "open-mode", "output", "parsable"],
  ...["requeue", "test-only", "wait", "wrap"],
]);
