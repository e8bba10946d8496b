import { sql } from "kysely";
import type { Demand, Slot } from "../core/demand.ts";
import type { AttemptId, UnixMs } from "../core/run.ts";
import type { Db } from "./dialect.ts";

/** A worker that runs, with what it has and what its job asked for. */
export interface HolderRow {
  attempt: AttemptId;
  machine: number;
  /** `12.3` */
  run: string;
  job: string;
  user: string;
  slot: Slot;
  demand: Demand;
  startedAt: UnixMs | null;
  memoryPeakBytes: number | null;
  gpuMemoryPeakBytes: number | null;
}

/** Who runs on these machines now, or on any, by machine, first come first. */
export async function selectHolders(db: Db, machines: readonly number[] | null): Promise<Map<number, HolderRow[]>> {
  let query = db
    .selectFrom("attempt")
    .innerJoin("job", "job.id", "attempt.job_id")
    .select(["attempt.id", "attempt.machine_id", "attempt.job_id", "attempt.n", "attempt.slot_json"])
    .select(["attempt.started_at", "attempt.memory_peak_bytes", "attempt.gpu_memory_peak_bytes"])
    .select(["job.name", "job.user_name", "job.demand_json"])
    // Word for word as the index has it, which holds these alone.
    .where("attempt.status", "<>", sql.lit("ended"))
    .where("attempt.status", "=", "running");
  if (machines !== null) query = query.where("attempt.machine_id", "in", machines);
  const rows = await query.orderBy("attempt.assigned_at").orderBy("attempt.job_id").orderBy("attempt.n").execute();
  const demands = new Map<string, Demand>();
  const holders = rows.map((row): HolderRow => {
    const demand = demands.get(row.demand_json) ?? (JSON.parse(row.demand_json) as Demand);
    demands.set(row.demand_json, demand);
    return {
      attempt: row.id,
      machine: row.machine_id,
      run: `${row.job_id}.${row.n}`,
      job: row.name,
      user: row.user_name,
      slot: JSON.parse(row.slot_json) as Slot,
      demand,
      startedAt: row.started_at,
      memoryPeakBytes: row.memory_peak_bytes,
      gpuMemoryPeakBytes: row.gpu_memory_peak_bytes,
    };
  });
  return Map.groupBy(holders, ({ machine }) => machine);
}
