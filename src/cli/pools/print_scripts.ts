import type { SlurmInput } from "../../api/job.ts";
import { commandLine } from "../../core/command_line.ts";
import type { Demand } from "../../core/demand.ts";
import { describeLogin } from "../../core/login.ts";
import { printableLines } from "../../core/printable.ts";
import { demandOptions } from "../../core/sbatch_options.ts";
import { shellQuote } from "../../core/shell_quote.ts";
import { slurmScript } from "../../core/slurm.ts";
import type { CompiledWork } from "../../core/work.ts";
import { note, write } from "../terminal.ts";

/** What a job asks for beside its command. */
export interface Asked {
  demand: Demand;
  timeLimitMs: number | null;
  resumable: boolean;
}

/** Prints the scripts of the runs, each once for those that follow each other with the same, and says what is not in them. */
export async function printScripts(compiled: CompiledWork, slurm: SlurmInput, asked: Asked): Promise<number> {
  const { env = "", resources = [] } = slurm;
  const shown = process.stdout.isTTY ? printableLines : (text: string) => text;
  let last = "";
  for (let n = 1; n <= compiled.total; n += 1) {
    const { command } = compiled.run(n);
    // What is a text for the shell is part of the script as it stands.
    const body = command.kind === "shell" ? command.text : commandLine(command);
    const script = slurmScript(resources, env === "" ? body : `${env}\n${body}`);
    if (script === last) continue;
    await write(process.stdout, shown(last === "" ? script : `\n${script}`));
    last = script;
  }
  const { host, user = null, port = null } = slurm.login ?? {};
  const where = host === undefined ? "" : ` on ${describeLogin({ host, user, port, key: null, hostKey: null })}`;
  note(`Not in the script: Runyard's launcher, which lies in the run's spool and starts it, and what is said${where}:`);
  note(printableLines(`  sbatch ${flags(compiled.total, slurm, asked).join(" ")}`));
  note("That counts over the script's own lines. Nothing was submitted.");
  return 0;
}

/** In the order in which they are said: what a user gives counts over what Runyard makes of other options. */
function flags(total: number, { resources = [], options = [] }: SlurmInput, asked: Asked): string[] {
  const later = ["job-name", "comment", "output"];
  if (total > 1) later.push("array");
  if (asked.resumable) later.push("signal");
  const known = [...demandOptions(asked.demand, asked.timeLimitMs, resources), ...options];
  return [
    ...later.map((name) => `--${name}=…`),
    "--no-requeue",
    "--export=ALL",
    ...known.map(([name, value]) => (value === null ? `--${name}` : `--${name}=${shellQuote(value)}`)),
  ];
}
