import type { JobOptions } from "../../core/job_options.ts";
import { demandOptions, objectionToDemand } from "../../core/sbatch_options.ts";
import type { SbatchOption } from "../../core/slurm.ts";
import { srunArguments } from "../../core/srun.ts";
import { executeSrun } from "../cluster_session.ts";
import { commandFromWords } from "../command_words.ts";
import type { Declaration } from "../declaration.ts";
import { addJobOptions, jobOptionsOf } from "../job_option_flags.ts";
import { resolvePools } from "../pools/resolve_pools.ts";
import { demandFrom } from "../prepare_job.ts";
import { wrongUsage } from "../stop.ts";

export function declareShell({ command, exact, act }: Declaration): void {
  command
    .usage("--on POOL [options] [-- COMMAND [ARGUMENT...]]")
    .argument("[command...]", "what to execute instead of a shell")
    .passThroughOptions();
  addJobOptions(command, ["on", "gpus", "gpu-type", "cpus", "memory", "time-limit", "sbatch"]);
  act(command, async () => {
    const words = commandFromWords(command.args, exact);
    if (words && "unclear" in words) {
      throw wrongUsage(
        `"${words.unclear}" is a text for the shell, and what follows it is not part of it. Write -- before a program with its arguments.`,
      );
    }
    const options = jobOptionsOf(command);
    const { pool, slurm } = await slurmPool(options.pool);
    const isTerminal = process.stdin.isTTY === true && process.stdout.isTTY === true;
    if (!words && !isTerminal)
      throw wrongUsage(
        "A session needs a terminal. Without one, give it a command: runyard shell --on slurm -- COMMAND",
      );
    const resources = slurm.resources ?? [];
    const asked = [...resources, ...demanded(options, resources), ...(options.sbatch ?? [])];
    const args = srunArguments({ options: asked, env: slurm.env ?? "", command: words, isTerminal });
    return executeSrun(pool, slurm, args, isTerminal);
  });
}

async function slurmPool(on: string | undefined) {
  if (on === undefined) throw wrongUsage("Name where: --on slurm, or another pool of Slurm's.");
  const { pool = on, slurm } = await resolvePools(on);
  if (pool === "local") throw wrongUsage("You are on this machine already: local needs no session.");
  if (pool.includes(",")) throw wrongUsage(`--on ${on}: a session is in one place. Name one pool.`);
  if (!slurm) throw wrongUsage(`${on} is no pool of Slurm's. Into a machine behind ssh, log in with ssh itself.`);
  return { pool, slurm };
}

function demanded(options: Partial<JobOptions>, resources: readonly SbatchOption[]): SbatchOption[] {
  const demand = demandFrom(options);
  const objection = objectionToDemand(demand, resources);
  if (objection !== null) throw wrongUsage(objection);
  return demandOptions(demand, options.timeLimitMs ?? null, resources);
}
