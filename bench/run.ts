/**
 * The benchmarks: `npm run bench` runs all, `npm run bench -- throughput latency` some. See docs/benchmarks.md.
 * Ends with 1 where a limit was missed or a result was wrong.
 */
import { randomInt } from "node:crypto";
import { parseArgs } from "node:util";
import { bigSweep } from "./big_sweep.ts";
import { idle } from "./idle.ts";
import { latency } from "./latency.ts";
import { lived } from "./lived.ts";
import { manyCommands } from "./many_commands.ts";
import { panel } from "./panel.ts";
import { policies } from "./policy_pass.ts";
import { slurmArray } from "./slurm_array.ts";
import { sshBatch } from "./ssh_batch.ts";
import { sshCode } from "./ssh_code.ts";
import { sshFifty } from "./ssh_fifty.ts";
import { sshFirst } from "./ssh_first.ts";
import { startUp } from "./start_up.ts";
import { table } from "./table.ts";
import { throughput } from "./throughput.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    runs: { type: "string", default: "5000" },
    pairs: { type: "string", default: "5" },
    rounds: { type: "string", default: "3" },
    samples: { type: "string", default: "200" },
    "run-seconds": { type: "string", default: "60" },
    "idle-seconds": { type: "string", default: "60" },
    long: { type: "boolean", default: false },
    slurm: { type: "boolean", default: false },
    policy: { type: "string", multiple: true, default: [] },
    seed: { type: "string", multiple: true, default: [] },
  },
});

const benchmarks: Record<string, () => Promise<boolean>> = {
  throughput: () =>
    throughput({ runs: Number(values.runs), pairs: Number(values.pairs), long: values.long, slurm: values.slurm }),
  latency: () => latency(Number(values.samples)),
  "start-up": () => startUp(20),
  "big-sweep": bigSweep,
  "many-commands": manyCommands,
  table,
  panel,
  idle: () => idle(Number(values["idle-seconds"]) * 1000),
  policies: async () => policies(values.policy),
  lived: () => lived(values.seed.length > 0 ? values.seed.map(Number) : drawnSeeds(3)),
  "slurm-array": () => slurmArray(Number(values.rounds), Number(values["run-seconds"]) * 1000),
  "ssh-batch": () => sshBatch(Number(values.rounds)),
  "ssh-code": () => sshCode(Number(values.rounds)),
  "ssh-first": () => sshFirst(5),
  "ssh-fifty": () => sshFifty(Number(values["run-seconds"]), 60),
  spaces: async () => {
    await import("./spaces.ts");
    return true;
  },
};

const chosen = positionals.length > 0 ? positionals : Object.keys(benchmarks);
const unknown = chosen.filter((name) => !(name in benchmarks));
if (unknown.length > 0) {
  console.error(`There is no benchmark ${unknown.join(", ")}. There are: ${Object.keys(benchmarks).join(", ")}.`);
  process.exitCode = 2;
} else {
  for (const name of chosen) if (!(await benchmarks[name]?.())) process.exitCode = 1;
}

function drawnSeeds(count: number): number[] {
  return Array.from({ length: count }, () => randomInt(2 ** 31));
}
