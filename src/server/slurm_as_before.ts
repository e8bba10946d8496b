import type { Submission } from "../api/job.ts";
import { poolsIn } from "../core/pool.ts";
import { selectLastThroughSlurm } from "../store/jobs.ts";
import { selectMachines } from "../store/machines.ts";
import { selectPools } from "../store/pools.ts";
import type { Yard } from "./yard.ts";

/** The one that the command line asks for where no pool of Slurm's was set up by name: it says nothing to Slurm by itself. */
const PLAIN_POOL = "slurm";

/**
 * How a job goes through Slurm that does not say it itself, as one from the panel: what a pool says to Slurm stands in its user's
 * own configuration, and the yard knows it of the last job of theirs in that pool. Null: none of its pools is Slurm's, or it
 * stands for several clusters, or nothing has been said there.
 */
export async function slurmAsBefore(yard: Yard, pool: string, user: string): Promise<Submission["slurm"]> {
  const { read } = yard.store;
  const named = poolsIn(pool);
  const ofSlurm = (await selectPools(read)).find(({ name, driver }) => driver === "slurm" && named.includes(name));
  if (!ofSlurm) return null;
  const [cluster, ...others] = (await selectMachines(read)).filter((machine) => machine.pool === ofSlurm.name);
  if (!cluster?.cluster || others.length > 0) return null;
  const last = await selectLastThroughSlurm(read, user, ofSlurm.name);
  if (!last && ofSlurm.name !== PLAIN_POOL) return null;
  const { login } = cluster;
  const { conf, spool } = cluster.cluster;
  const { resources = [], env = "" } = last ?? {};
  return {
    login: login && { ...login, spool: login.spool ?? null },
    conf,
    spool,
    resources,
    options: [],
    env,
    array: null,
  };
}
