import type { Machine } from "../../../src/api/machine.ts";
import { describeLogin } from "../../../src/core/login.ts";
import { counted } from "../../../src/core/number_text.ts";
import { printable } from "../../../src/core/printable.ts";
import { formatBytes } from "../../../src/core/quantity.ts";

/** `24 cores, 126 GB memory, ssh ada@10.0.0.5`. */
export function sizeText({ driver, cpus, memoryBytes, login }: Machine): string {
  if (driver === "slurm") return `a Slurm cluster${login ? ` behind ${printable(describeLogin(login))}` : ""}`;
  const size = cpus === 0 ? "not seen yet" : `${counted(cpus, "core")}, ${formatBytes(memoryBytes)} memory`;
  return login ? `${size}, ssh ${printable(describeLogin(login))}` : size;
}

/** How much more would start there now. */
export function roomText({ room }: Pick<Machine, "room">): string {
  if (room === null) return "takes what its queue takes";
  return room === 0 ? "no room for more runs" : `room for ${counted(room, "more run")}`;
}

/** `2 GPUs held but idle, 1 run asked for too much`; empty: nothing is wasted. */
export function wasteText({ waste }: Pick<Machine, "waste">): string {
  const idle = waste.filter(({ code }) => code === "idle_gpu").length;
  const greedy = new Set(waste.flatMap(({ code, run }) => (code === "idle_gpu" ? [] : [run]))).size;
  const parts = [
    ...(idle > 0 ? [`${counted(idle, "GPU")} held but idle`] : []),
    ...(greedy > 0 ? [`${counted(greedy, "run")} asked for too much`] : []),
  ];
  return parts.join(", ");
}

/** What of what is wrong is not said by its state already. */
export function troublesOf({ closed, drained, status, problems }: Machine): string[] {
  const isSaid = closed === null || drained || status === "unreachable" || problems.some((one) => closed.includes(one));
  return [...(isSaid ? [] : [closed]), ...problems].map(printable);
}
