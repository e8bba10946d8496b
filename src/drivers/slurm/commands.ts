import { shellQuote } from "../../core/shell_quote.ts";
import { systemErrorText } from "../../platform/system_error.ts";
import type { Host } from "../../shells/host.ts";
import type { DriverMachine } from "../driver.ts";

/** What commands of Slurm have said, all in one script. */
export interface Said {
  code: number;
  stdout: string;
  /** In Slurm's own words; empty: nothing. */
  stderr: string;
}

/** Runs a script of Slurm's commands. Null: it did not come to its end, and what came of it is not known. */
export type RunSlurm = (script: string, input?: string) => Promise<Said | null>;

/** A controller that is slow answers within this, or its own commands give up. */
const DEADLINE_MS = 90_000;
const OUTPUT_BYTES = 64 * 1024 * 1024;

/**
 * The commands find no variables of another job or terminal, only SLURM_CONF. A login that does not have them on its PATH
 * reads /etc/profile first, where sites put such things.
 */
export function slurmCommands(host: Host, { login, cluster }: Pick<DriverMachine, "login" | "cluster">): RunSlurm {
  const conf = cluster?.conf ?? null;
  const preamble = [
    "command -v squeue >/dev/null || { [ -r /etc/profile ] && . /etc/profile >/dev/null 2>&1; }",
    // A login's own SLURM_CONF says which cluster it belongs to.
    `own=${login === null ? "" : '"${SLURM_CONF-}"'}`,
    "for name in $(env | sed -n 's/^\\(\\(SLURM\\|SBATCH\\|SQUEUE\\|SCANCEL\\|SACCT\\|SINFO\\|SRUN\\)_[A-Za-z0-9_]*\\)=.*/\\1/p'); do unset \"$name\"; done",
    conf === null ? '[ -z "$own" ] || export SLURM_CONF="$own"' : `export SLURM_CONF=${shellQuote(conf)}`,
    "export LC_ALL=C SLURM_TIME_FORMAT=%s",
    "command -v squeue >/dev/null || { echo 'Slurm is not installed here: there is no squeue on the PATH' >&2; exit 127; }",
    "",
  ].join("\n");
  return async (script, input = "") => {
    const options = { input, deadlineMs: DEADLINE_MS, maxOutputBytes: OUTPUT_BYTES };
    const ran = await host.run(`${preamble}${script}`, options).catch((error: unknown) => {
      return { ok: false as const, problem: { text: systemErrorText(error) } };
    });
    if (!ran.ok || ran.value.kind !== "exited" || ran.value.truncated) return null;
    const { code, stdout, stderr } = ran.value;
    return { code, stdout: stdout.toString("utf8"), stderr: stderr.trim() };
  };
}

/** What Slurm says, as one line for people: without the names of its programs before it. */
export function inSlurmsWords(stderr: string): string {
  const lines = stderr.split("\n").map((line) => line.replace(/^\w+: (error: )?/, "").trim());
  return [...new Set(lines)].filter((line) => line !== "").join("; ") || "it gave no reason";
}

/** Whether the controller could not be asked, or was too busy: the same may be accepted later. */
export function isTransient(stderr: string): boolean {
  return /unable to contact|socket timed out|zero bytes were transmitted|connection (refused|reset|timed out)|temporarily unable|resource temporarily unavailable|standby mode|unable to establish|communication (connection|shutdown) failure|protocol authentication|please wait|try again|not responding|rate limit exceeded|message (send|receive) failure|missing socket|I\/O error writing|presently disabled|submissions disabled/i.test(
    stderr,
  );
}

/** Whether somebody's limit on how many jobs there are at once stands in the way: some of them may be accepted. */
export function isLimit(stderr: string): boolean {
  // Slurm has one sentence for all limits, and before it the name of the one: by that a size that is never accepted is told apart.
  const names = stderr.match(/\b(QOS|Assoc)\w+(?=\s|$)/gm) ?? [];
  if (names.length > 0) return names.some((name) => /Submit/.test(name));
  return /submit limit|MaxJobCount|maximum number of jobs|too many jobs/i.test(stderr);
}
