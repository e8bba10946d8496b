import type { SlurmInput } from "../api/job.ts";
import { describeFailure, failureDoors } from "../core/failure.ts";
import type { Overview } from "../core/overview.ts";
import { clusterLines } from "./cluster_tables.ts";
import { type Connection, connectToChange, connectToLook } from "./connect.ts";
import { printMachine } from "./machine_lines.ts";
import { allMachines, allPools } from "./pages.ts";
import { resolvePools } from "./pools/resolve_pools.ts";
import { stopWith, wrongUsage } from "./stop.ts";
import { outputWidth, print, printJson } from "./terminal.ts";

/** `machines --on`: of a pool of Slurm's its nodes and its queue, of another one its machines. */
export async function showPool(on: string, json: boolean): Promise<number> {
  const { pool = on, slurm } = await resolvePools(on);
  if (pool.includes(",")) throw wrongUsage(`--on ${on}: of several pools name one.`);
  const connection = slurm ? await connectToChange({ quiet: json }) : await connectToLook();
  const only = slurm && (await knowCluster(connection, pool, slurm));
  const machines = (await allMachines(connection)).filter((machine) => machine.pool === pool);
  if (machines.length === 0) throw await noSuchPool(connection, pool);
  const clusters = machines.filter(({ name, driver }) => driver === "slurm" && (only ?? name) === name);
  if (clusters.length > 0) {
    // A pool that has stood for several clusters, and nobody here says which one is meant.
    const overviews = await Promise.all(clusters.map(({ name }) => overviewOf(connection, name)));
    const overview = { nodes: overviews.flatMap(({ nodes }) => nodes), queue: overviews.flatMap(({ queue }) => queue) };
    if (json) printJson(overview);
    else print(clusterLines(overview, partitionIn(slurm), outputWidth()).join("\n"));
  } else if (json) printJson({ machines });
  else for (const machine of machines) printMachine(machine);
  return 0;
}

/** The machine that a name means: `slurm:gpu` may be a pool of Slurm's whose cluster the yard does not know yet. */
export async function meantMachine(connection: Connection, name: string): Promise<string> {
  const isPool = name === "slurm" || name.startsWith("slurm:");
  if (!isPool || (await allMachines(connection)).some((machine) => machine.name === name)) return name;
  const { pool = name, slurm } = await resolvePools(name);
  return slurm ? knowCluster(connection, pool, slurm) : name;
}

/** The yard's name for the cluster; one that it does not know is made known. */
async function knowCluster({ client }: Connection, pool: string, slurm: SlurmInput): Promise<string> {
  const { machine } = await client.call("addCluster", { body: { pool, slurm } });
  return machine.name;
}

function overviewOf({ client }: Connection, machine: string): Promise<Overview> {
  return client.call("showCluster", { params: { machine } });
}

function partitionIn(slurm: SlurmInput | null): string | null {
  return slurm?.resources?.find(([name]) => name === "partition")?.[1] ?? null;
}

/** @param exitCode  absent: the pool is what the command itself is about */
export async function noSuchPool(connection: Connection, pool: string, exitCode?: number): Promise<Error> {
  const known = (await allPools(connection)).map(({ name }) => name);
  const failure = { code: "no_such_pool" as const, pool, known };
  return stopWith({
    code: failure.code,
    message: describeFailure(failure),
    exitCode: exitCode ?? failureDoors[failure.code].exitCode,
  });
}
