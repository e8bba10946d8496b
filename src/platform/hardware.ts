import { readFileSync } from "node:fs";
import { availableParallelism, hostname, totalmem } from "node:os";
import { bootId } from "./processes.ts";

export interface HostHardware {
  hostname: string;
  bootId: string;
  /** Those this process may use: affinity and the cgroup's CPU quota count, at least 1. */
  cpus: number;
  /** The machine's memory, or the cgroup's limit where that is lower. */
  memoryBytes: number;
}

/** What this machine has, but for its GPUs (see `gpus.ts`). Reads a few small files. */
export function surveyHost(): HostHardware {
  return { hostname: hostname(), bootId: bootId(), cpus: availableParallelism(), memoryBytes: memoryBytes(readText) };
}

type ReadText = (path: string) => string | null;

function memoryBytes(read: ReadText): number {
  return Math.min(totalmem(), memoryLimitBytes(read) ?? Number.POSITIVE_INFINITY);
}

/**
 * The lowest memory limit on the way from this process's cgroup up to the root, of v2 and v1 alike; null: none.
 * A limit is usually set some levels above (a login's slice, a Slurm step), so each level is asked.
 */
export function memoryLimitBytes(read: ReadText): number | null {
  const limits = (read("/proc/self/cgroup") ?? "").split("\n").flatMap((line) => {
    const [hierarchy, controllers = "", ...rest] = line.split(":");
    const path = rest.join(":");
    if (hierarchy === "0" && controllers === "") {
      // Where v1 runs beside it ("hybrid"), v2 is mounted at unified/ and has no memory controller.
      return levels(path).map((level) => read(`/sys/fs/cgroup${level}/memory.max`));
    }
    if (!controllers.split(",").includes("memory")) return [];
    return levels(path).map((level) => read(`/sys/fs/cgroup/memory${level}/memory.limit_in_bytes`));
  });
  const numbers = limits.map((limit) => Number.parseInt(limit ?? "", 10)).filter((limit) => limit > 0);
  const lowest = Math.min(...numbers);
  // v1 has no word for "none" but a number near 2^63; v2 says `max`, which is no number.
  return lowest < 2 ** 60 ? lowest : null;
}

/** `/a/b` → `/a/b`, `/a`, and the root as an empty string. */
function levels(path: string): string[] {
  const parts = path.split("/").filter((part) => part !== "" && part !== "..");
  return parts.map((_, index) => `/${parts.slice(0, parts.length - index).join("/")}`).concat("");
}

function readText(path: string): string | null {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return null;
  }
}
