import type { ForeignProcess, Hardware } from "./machine.ts";
import { formatBytes } from "./quantity.ts";

/** What the yard cannot mend itself: work waits until somebody helps. */
export type Trouble =
  /** It cannot be reached, or starts nothing. */
  | { kind: "machine_unavailable"; machine: string; text: string }
  | { kind: "gpu_failed"; machine: string; gpu: string; text: string }
  /** By a process of the account that runs there, which this yard does not know: what an escaped run looks like. */
  | { kind: "gpu_held"; machine: string; gpu: string; by: ForeignProcess }
  | { kind: "disk_full"; freeBytes: number; floorBytes: number };

/** A machine as far as it can need help. */
export interface Troubled {
  name: string;
  /** Under whose account runs execute there; null: not known. */
  account: string | null;
  isUnreachable: boolean;
  /** Why it cannot be spoken to, worded for people; null: nothing is known to be wrong. */
  trouble: string | null;
  hardware: Hardware;
}

/** What is wrong with a machine now. Of one that does not answer nothing else is told: nobody knows. */
export function troublesOf({ name: machine, account, isUnreachable, trouble, hardware }: Troubled): Trouble[] {
  const { blocked, gpus } = hardware;
  const unavailable = trouble ?? blocked ?? (isUnreachable ? "it does not answer" : null);
  if (unavailable !== null) return [{ kind: "machine_unavailable", machine, text: unavailable }];
  return gpus.flatMap(({ index: gpu, problem, others }): Trouble[] => {
    if (problem !== null) return [{ kind: "gpu_failed", machine, gpu, text: problem }];
    const by = others.find(({ user }) => user !== null && user === account);
    return by ? [{ kind: "gpu_held", machine, gpu, by }] : [];
  });
}

/** The same for one trouble for as long as it lasts. */
export function keyOf(trouble: Trouble): string {
  switch (trouble.kind) {
    case "disk_full":
      return trouble.kind;
    case "machine_unavailable":
      return `${trouble.kind} ${trouble.machine}`;
    case "gpu_failed":
    case "gpu_held":
      return `${trouble.kind} ${trouble.machine} ${trouble.gpu}`;
  }
}

/** What happened, then what to do. */
export function describeTrouble(trouble: Trouble): { what: string; advice: string } {
  switch (trouble.kind) {
    case "machine_unavailable":
      return {
        what: withName(trouble.machine, trouble.text.replace(/\.$/, "")),
        advice: "What runs there goes on, and is found again. Look with: runyard machines",
      };
    case "gpu_failed":
      return {
        what: `GPU ${trouble.gpu} of ${trouble.machine} cannot be used: ${trouble.text.replace(/\.$/, "")}`,
        advice: "It gets no runs until that is over. Look with: runyard machines",
      };
    case "gpu_held": {
      const { pid, user, name } = trouble.by;
      return {
        what: `GPU ${trouble.gpu} of ${trouble.machine} is held by process ${pid} (${name}${user === null ? "" : `, of ${user}`}), which the yard does not know`,
        advice: `It gets no runs until that process ends. If it was left behind by a run, end it there with: kill ${pid}`,
      };
    }
    case "disk_full":
      return {
        what: `The yard's disk is nearly full: ${formatBytes(trouble.freeBytes)} free, ${formatBytes(trouble.floorBytes)} are needed`,
        advice: "It takes no new jobs until there is room. Free some space; what is queued is kept.",
      };
  }
}

/** Those who tell of a machine often name it. */
function withName(machine: string, text: string): string {
  return text.startsWith(`${machine} `) ? text : `${machine} starts no runs: ${text}`;
}
