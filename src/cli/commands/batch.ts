import { resolve } from "node:path";
import { readBatchFile } from "../batch/batch_file.ts";
import { addBatchOptions, batchOptionsOf } from "../batch/batch_options.ts";
import { submitBatch } from "../batch/submit_batch.ts";
import type { Declaration } from "../declaration.ts";
import { addJobOptions, jobOptionsOf } from "../job_option_flags.ts";
import { readMachineFile } from "../machine_file.ts";
import { wrongUsage } from "../stop.ts";

interface Options {
  machines?: string[];
  on?: string;
  queue?: boolean;
  yes?: boolean;
  json?: boolean;
  detach?: boolean;
}

/** What else may be said of a batch, as of any job. */
const jobFlags = [
  "name",
  "priority",
  "after",
  "after-any",
  "retries",
  "time-limit",
  "at-most",
  "env",
  "env-file",
  "tag",
  "notify",
  "keep",
  "sbatch",
];

export function declareBatch({ command, act }: Declaration): void {
  command
    .argument("<file>", "a bash command a line; - is stdin")
    .option("--machines <FILES...>", "machine files: username, ip, port, ssh_key_path")
    .option("--on <POOL>", "the pool to run in, instead of machine files; slurm, or slurm:NAME: through Slurm")
    .option("--queue", "wait for room where no machine has any now")
    .option("--detach", "return when it is queued")
    .option("--yes", "do not ask before much code is sent")
    .option("--json", "print JSON");
  addBatchOptions(command);
  addJobOptions(command, jobFlags);
  command.addHelpText(
    "after",
    `
Examples:
  runyard batch jobs.sh --machines lab1.yaml lab2.yaml
  runyard batch jobs.sh --on lab --no-gpu-required --memory-required 2000
  runyard batch jobs.sh --machines lab1.yaml --dry-run
Results come to job_results/ in the current folder; lines whose results are there are skipped.`,
  );
  act(command, async () => {
    const given = command.opts<Options>();
    const [file = ""] = command.args;
    if (given.machines && given.on !== undefined) throw wrongUsage("--machines and --on exclude each other.");
    const lines = await readBatchFile(file);
    const home = process.env["HOME"] ?? "";
    const machines = await Promise.all(
      (given.machines ?? []).map(async (named) => ({ named, file: await readMachineFile(named, home) })),
    );
    const batch = batchOptionsOf(command);
    return submitBatch({
      file,
      lines,
      machines,
      pool: given.on ?? null,
      ...batch,
      job: jobOptionsOf(command),
      resultsFolder: resolve("job_results"),
      queue: given.queue === true,
      detach: given.detach === true,
      yes: given.yes === true,
      json: given.json === true,
    });
  });
}
