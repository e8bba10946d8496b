import { type CapacityLimit, describeLimits } from "./capacity_limit.ts";
import { type Demand, describeDemand } from "./demand.ts";
import { describeGpus, type GpuKind } from "./gpu_kind.ts";
import { formatBytes } from "./quantity.ts";
import { describeCause, type FailureCause, type RunStatus } from "./run.ts";

/** Why a run waits. `explain`, the panel and the log word the same value. */
export type Because =
  | { code: "queue_paused"; pool: string }
  | { code: "job_paused"; job: number }
  | { code: "after"; jobs: { job: number; any: boolean }[] }
  | { code: "at_most"; limit: number }
  | { code: "no_machine"; closed: string[] }
  | ({ code: "gpus_busy"; asked: number; kind?: GpuKind; freeAtMost: number; on: string } & Besides)
  | { code: "cores_busy"; asked: number; freeAtMost: number; on: string }
  | { code: "memory_busy"; askedBytes: number; freeBytes: number; on: string }
  | ({ code: "slots_busy"; suiting: number; total: number; on: string } & Besides)
  | { code: "reserved"; job: number; on: string }
  /** It comes after the job that waits first. */
  | { code: "behind"; job: number }
  /** It gets the places of these runs, once they have gone. */
  | { code: "making_room"; runs: string[] }
  | { code: "user_limit"; user: string; most: number }
  /** `because`: why there is no room beside those who come first. */
  | { code: "over_quota"; user: string; because: Because }
  | { code: "too_big"; asked: Demand }
  /** `because`: why not one worker more. */
  | { code: "workers"; asked: number; fitting: number; because: Because }
  | { code: "no_capacity"; machines: { name: string; because: CapacityLimit[] }[] }
  | { code: "queue_full"; most: number; on: string }
  /** `closed`: why its machine cannot start it now; null: it can. */
  | { code: "starting"; machine: string; closed: string | null }
  /** It waits in another queue, under that id. */
  | { code: "pending"; machine: string; id: string | null; reason: string }
  | { code: "running"; machine: string }
  | { code: "stopping"; machine: string; reason: string }
  | { code: "ended"; status: RunStatus; cause: FailureCause | null };

/** What keeps GPUs from runs besides other runs, worded for people. */
export interface Besides {
  /** Others' work: `GPU 0: python3, pid 4242, user ada`. */
  others: string[];
  /** What is wrong with them: `GPU 0: nvidia-smi reports [Unknown Error]`. */
  broken: string[];
}

export function describeBecause(because: Because): string {
  switch (because.code) {
    case "queue_paused":
      return `the queue of pool ${because.pool} is paused; go on with: runyard resume all`;
    case "job_paused":
      return `the job is paused; go on with: runyard resume ${because.job}`;
    case "after":
      return `it waits for ${describeAfter(because.jobs)}`;
    case "at_most":
      return `${counted(because.limit, "run")} of this job may run at once, and ${because.limit === 1 ? "does" : "do"}`;
    case "no_machine":
      return because.closed.length > 0
        ? `no machine can take it: ${because.closed.join("; ")}`
        : "no machine of its pool takes runs now";
    case "gpus_busy":
      return `${describeGpus(because.asked, because.kind)} asked, ${because.freeAtMost} free on ${because.on}${describeBesides(because)}`;
    case "cores_busy":
      return `${counted(because.asked, "core")} asked, ${because.freeAtMost} free on ${because.on}`;
    case "memory_busy":
      return `${formatBytes(because.askedBytes)} memory asked, ${formatBytes(because.freeBytes)} free on ${because.on}`;
    case "slots_busy": {
      const { suiting, total, on } = because;
      const held = suiting === 1 ? "held" : "all held";
      const besides = describeBesides(because);
      return `no slot that suits is free: ${suiting === total ? total : `${suiting} of ${total}`} on ${on}, ${besides === "" ? held : `held or not usable${besides}`}`;
    }
    case "reserved":
      return `what is free on ${because.on} is kept for job ${because.job}, which has waited longer`;
    case "too_big":
      return `${describeDemand(because.asked)} asked: no machine of its pool has that much as it is now`;
    case "workers":
      return `${because.asked} workers asked, ${because.fitting} can start now: ${describeBecause(because.because)}`;
    case "no_capacity":
      return `no machine has room as it is now: ${because.machines.map(({ name, because }) => `${name}: ${describeLimits(because)}`).join(" | ")}`;
    case "starting":
      return because.closed === null
        ? `it is about to start on ${because.machine}`
        : `it was given to ${because.machine}, which cannot start it now: ${because.closed}`;
    case "queue_full":
      return `${because.on} has been given ${counted(because.most, "run")}, and takes no more until some have ended`;
    case "behind":
      return `it comes after job ${because.job}, which waits first: runyard explain ${because.job}`;
    case "making_room":
      return `it gets the place of ${because.runs.join(", ")}, which ${because.runs.length === 1 ? "makes" : "make"} room for it`;
    case "over_quota": {
      const who = `${because.user} has used up the GPU hours of 30 days in this pool, and comes after those who have not`;
      return `${describeBecause(because.because)}; ${who}`;
    }
    case "user_limit":
      return `${because.user} may hold ${counted(because.most, "GPU")} at once in this pool, and would hold more with it`;
    case "pending":
      return `it waits in the queue of ${because.machine}${because.id === null ? "" : ` as ${because.id}`}: ${because.reason}`;
    case "running":
      return `it runs on ${because.machine}`;
    case "stopping":
      return `it is being stopped on ${because.machine}: ${because.reason}`;
    case "ended":
      return `it has ended: ${endText(because.status, because.cause)}`;
  }
}

/** Named one by one, up to here. */
const NAMED = 4;

/** A reason with who holds what is waited for: `…; held by 12.1, 12.2 of ada and 13.1 of bob`. */
export function withHolders(reason: string, holders: readonly { user: string; runs: readonly string[] }[]): string {
  const users = [...Map.groupBy(holders, ({ user }) => user)].map(([user, its]) => {
    const runs = its.flatMap(({ runs }) => runs);
    const named = runs.slice(0, NAMED).join(", ");
    return `${named}${runs.length > NAMED ? ` and ${runs.length - NAMED} more` : ""} of ${user}`;
  });
  if (users.length === 0) return reason;
  return `${reason}${reason.endsWith(" held") ? "" : "; held"} by ${users.join(" and ")}`;
}

function endText(status: RunStatus, cause: FailureCause | null): string {
  if (status !== "failed" || cause === null) return status;
  const comesBack = cause.code === "dependency_failed" ? `; it comes back with: runyard retry ${cause.job}` : "";
  return `${describeCause(cause)}${comesBack}`;
}

function describeAfter(jobs: readonly { job: number; any: boolean }[]): string {
  const named = (anyEnd: boolean, what: string) => {
    const some = jobs.filter(({ any }) => any === anyEnd).map(({ job }) => job);
    return some.length === 0 ? [] : [`job${some.length === 1 ? "" : "s"} ${some.join(", ")} ${what}`];
  };
  return [...named(false, "to succeed"), ...named(true, "to end")].join(" and ");
}

function describeBesides({ others, broken }: Besides): string {
  const parts = [
    ...(others.length > 0 ? [`in use by others: ${others.join("; ")}`] : []),
    ...(broken.length > 0 ? [`not usable: ${broken.join("; ")}`] : []),
  ];
  return parts.length > 0 ? ` (${parts.join("; ")})` : "";
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}
