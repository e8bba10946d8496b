import type { Demand } from "./demand.ts";

/** The pools that a job may run in, the first before the others: `local,slurm:gpu`. */
export function poolsIn(pool: string): string[] {
  return pool.split(",");
}

/** Whether a job's runs all go to a cluster: that keeps itself to how many of them may run at once. */
export function isForClusterAlone({ pool, demand }: { pool: string; demand: Demand }): boolean {
  return demand.cluster !== undefined && poolsIn(pool).length === 1;
}

/** Whether a pool may be called so: a comma stands between the names of several. */
export function isPoolName(text: string): boolean {
  return /^[^,\x00-\x20\x7f]{1,200}$/u.test(text);
}
