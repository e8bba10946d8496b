import { counted } from "../../core/number_text.ts";
import { printable } from "../../core/printable.ts";
import { commitOf } from "../../snapshots/git.ts";
import { ask } from "../ask.ts";
import { type Connection, connectToChange } from "../connect.ts";
import type { Declaration } from "../declaration.ts";
import { selection } from "../selection_words.ts";
import { INTERRUPTED, wrongUsage } from "../stop.ts";
import { canAsk, note, print, printJson } from "../terminal.ts";

interface RetryOptions {
  failed?: boolean;
  code: string;
  yes?: boolean;
  json?: boolean;
}

export function declareRetry({ command, act }: Declaration): void {
  command
    .argument("<what...>", "jobs or runs: 12, 12.3, 3,5,7-9, last, all")
    .option("--failed", "only what failed (default of a job: what failed or was cancelled; a run named: itself)")
    .option("--code <WHICH>", "submitted: the code as it was then; now: today's", "submitted")
    .option("--yes", "do not ask before retrying all, or taking a large snapshot")
    .option("--json", "print JSON");
  act(command, () => retry(selection(command.args), command.opts<RetryOptions>()));
}

async function retry(select: string, options: RetryOptions): Promise<number> {
  if (options.code !== "now" && options.code !== "submitted") {
    throw wrongUsage(`--code ${options.code}: it is "submitted" or "now".`);
  }
  if (select === "all" && !options.yes && !options.json && canAsk()) {
    const answer = await ask(`Retry every run of any job that failed${options.failed ? "" : " or was cancelled"}?`);
    if (answer !== "yes") {
      note("Nothing was queued.");
      return answer === "interrupted" ? INTERRUPTED : 1;
    }
  }
  const connection = await connectToChange({ quiet: options.json === true });
  const code = await codeFor(connection, select, options);
  const changed = await connection.client.call("retry", { body: { select, failed: options.failed ?? false, ...code } });
  if (options.json) printJson(changed);
  else if (changed.runs === 0)
    print(
      `There is nothing to retry: nothing failed${options.failed ? "" : " or was cancelled"}. A run that is named is run again all the same: 12.3`,
    );
  else {
    const [only] = changed.jobs;
    print(`${counted(changed.runs, "run")} queued again${changed.jobs.length === 1 ? ` of job ${only}` : ""}.`);
    if (changed.jobs.length === 1) print(`  follow:  runyard logs -f ${only}`);
  }
  return 0;
}

/** What is to be said of the code: today's, or nothing where it is the code as submitted. */
async function codeFor(connection: Connection, select: string, options: RetryOptions) {
  const { jobs } = await connection.client.call("listJobs", { query: { select } });
  const [job, ...others] = jobs;
  const isNow = options.code === "now";
  if (isNow && (!job || others.length > 0)) throw wrongUsage("--code now takes the code of one job: name one.");
  if (!job || others.length > 0) return {};
  const { definition } = await connection.client.call("showJob", { params: { job: job.id } });
  const { cwd, snapshot, commit } = definition as { cwd: string; snapshot: string | null; commit: string | null };
  if (!isNow && snapshot !== null) return {};
  if (cwd === "") {
    if (!isNow) return {};
    throw wrongUsage(`The code of job ${job.id} came from no folder of this machine. Submit it again with today's.`);
  }
  const today = await commitOf(cwd);
  if (!isNow && today !== commit && !options.json)
    note(`Job ${job.id} was submitted without --snapshot: its runs work in ${printable(cwd)}, with the code of today.`);
  // Without a snapshot that is today's code anyway.
  if (snapshot === null) return { commit: today };
  const { takeCode } = await import("../take_code.ts");
  const taken = await takeCode(connection, cwd, { yes: options.yes === true, quiet: options.json === true });
  return { snapshot: taken, commit: today };
}
