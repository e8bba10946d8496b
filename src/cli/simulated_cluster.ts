import type { Machine } from "../api/machine.ts";
import { counted } from "../core/number_text.ts";
import { isMisread, wholeNumber } from "../core/option_values.ts";
import { printable } from "../core/printable.ts";
import type { Cluster } from "../simulator/cluster.ts";
import { wrongUsage } from "./stop.ts";

/** On what is simulated. */
export interface ClusterOptions {
  /** `64`. */
  gpus?: string;
  /** `16x4`. */
  machines?: string;
}

/** Null: neither was said. */
export function saidCluster({ gpus, machines }: ClusterOptions): Cluster | null {
  if (gpus === undefined && machines === undefined) return null;
  if (gpus !== undefined && machines !== undefined) throw whatIsThere();
  if (machines === undefined) return { gpus: countFrom("--gpus", gpus ?? "") };
  const [, count = "", each = ""] = /^(\d+)x(\d+)$/.exec(machines) ?? [];
  if (count === "") throw wrongUsage(`--machines ${machines}: It takes machines and the GPUs of each: 16x4.`);
  return { machines: countFrom("--machines", count), gpusEach: countFrom("--machines", each) };
}

export function whatIsThere(): Error {
  return wrongUsage(
    "What is there? Say how many GPUs, --gpus 64, or how many machines with how many each, --machines 16x4.",
  );
}

function countFrom(flag: string, text: string): number {
  const count = wholeNumber(text, 1, 1_000_000);
  if (isMisread(count)) throw wrongUsage(`${flag} ${text}: ${count.misread}`);
  return count;
}

/**
 * What the machines of a pool have now, away or not, those aside that are to start nothing. Where they differ, their GPUs are
 * only counted.
 */
export function clusterOf(pool: string, machines: readonly Machine[]): Cluster {
  const each = machines
    .filter((machine) => machine.pool === pool && !machine.drained)
    .map(gpusOfMachine)
    .filter((gpus) => gpus > 0);
  const [first] = each;
  if (first === undefined)
    throw wrongUsage(
      `The pool ${printable(pool)} has no GPUs that are known today. Say how many there were: --gpus 64, or --machines 16x4.`,
    );
  if (each.every((gpus) => gpus === first)) return { machines: each.length, gpusEach: first };
  return { gpus: each.reduce((sum, gpus) => sum + gpus, 0) };
}

/** Of explicit slots what they give out: GPUs that stand in two of them are held twice. */
function gpusOfMachine({ gpus, slots }: Machine): number {
  if (slots === null) return gpus.length;
  const listed = slots.filter(({ draining }) => !draining);
  return listed.reduce(
    (sum, { devices }) => sum + devices.split(",").filter((device) => device.trim() !== "").length,
    0,
  );
}

/** `64 GPUs`, `16 machines with 4 GPUs each`, `1 machine with 8 GPUs`. */
export function describeCluster(cluster: Cluster): string {
  if ("gpus" in cluster) return counted(cluster.gpus, "GPU");
  const each = cluster.machines === 1 ? "" : " each";
  return `${counted(cluster.machines, "machine")} with ${counted(cluster.gpusEach, "GPU")}${each}`;
}
