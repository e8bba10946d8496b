import { type CapacityLimit, describeLimits } from "./capacity_limit.ts";
import { type Demand, describeDemand } from "./demand.ts";
import { describeCause, type FailureCause, type RunStatus } from "./run.ts";

/** Why a run waits. `explain`, the panel and the log word the same value. */
export type Because =
  | { code: "queue_paused"; pool: string }
  | { code: "job_paused"; job: number }
  | { code: "after"; jobs: number[] }
  | { code: "at_most"; limit: number }
  | { code: "no_machine"; closed: string[] }
  | { code: "gpus_busy"; asked: number; freeAtMost: number; on: string; others: string[] }
  | { code: "cores_busy"; asked: number; freeAtMost: number; on: string }
  | { code: "memory_busy"; asked: Demand; on: string }
  | { code: "slots_busy"; total: number; on: string; others: string[] }
  | { code: "reserved"; job: number; on: string }
  | { code: "too_big"; asked: Demand }
  | { code: "no_capacity"; machines: { name: string; because: CapacityLimit[] }[] }
  /** `closed`: why its machine cannot start it now; null: it can. */
  | { code: "starting"; machine: string; closed: string | null }
  | { code: "running"; machine: string }
  | { code: "ended"; status: RunStatus; cause: FailureCause | null };

export function describeBecause(because: Because): string {
  switch (because.code) {
    case "queue_paused":
      return `the queue of pool ${because.pool} is paused; go on with: runyard resume all`;
    case "job_paused":
      return `the job is paused; go on with: runyard resume ${because.job}`;
    case "after":
      return `it waits for job${because.jobs.length === 1 ? "" : "s"} ${because.jobs.join(", ")} to end`;
    case "at_most":
      return `${because.limit} run${because.limit === 1 ? "" : "s"} of this job may run at once, and ${because.limit === 1 ? "does" : "do"}`;
    case "no_machine":
      return because.closed.length > 0
        ? `no machine can take it: ${because.closed.join("; ")}`
        : "no machine of its pool takes runs now";
    case "gpus_busy": {
      const others = because.others.length > 0 ? ` (in use by others: ${because.others.join("; ")})` : "";
      return `${because.asked} GPU${because.asked === 1 ? "" : "s"} asked, ${because.freeAtMost} free on ${because.on}${others}`;
    }
    case "cores_busy":
      return `${because.asked} core${because.asked === 1 ? "" : "s"} asked, ${because.freeAtMost} free on ${because.on}`;
    case "memory_busy":
      return `${describeDemand(because.asked)} asked; not enough memory is free on ${because.on}`;
    case "slots_busy":
      return because.others.length > 0
        ? `no slot that suits is free: ${because.total} on ${because.on}, held or in use by others (${because.others.join("; ")})`
        : `no slot that suits is free: ${because.total} on ${because.on}, all held`;
    case "reserved":
      return `what is free on ${because.on} is kept for job ${because.job}, which has waited longer`;
    case "too_big":
      return `${describeDemand(because.asked)} asked: no machine of its pool has that much as it is now`;
    case "no_capacity":
      return `no machine has room as it is now: ${because.machines.map(({ name, because }) => `${name}: ${describeLimits(because)}`).join(" | ")}`;
    case "starting":
      return because.closed === null
        ? `it is about to start on ${because.machine}`
        : `it was given to ${because.machine}, which cannot start it now: ${because.closed}`;
    case "running":
      return `it runs on ${because.machine}`;
    case "ended":
      return `it has ended: ${endText(because.status, because.cause)}`;
  }
}

function endText(status: RunStatus, cause: FailureCause | null): string {
  if (status !== "failed" || cause === null) return status;
  const comesBack = cause.code === "dependency_failed" ? `; it comes back with: runyard retry ${cause.job}` : "";
  return `${describeCause(cause)}${comesBack}`;
}
