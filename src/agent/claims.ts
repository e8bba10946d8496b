import type { Assignment } from "../api/agent.ts";
import { type Gpu, type Hardware, isUsable } from "../core/machine.ts";
import { identify } from "../platform/processes.ts";
import { claimGpus, gpuClaimFolder, releaseGpus, updateHolder } from "../spool/gpu_claim.ts";

/** Reserves GPUs on the machine itself, for two yards of one account must not take the same one. */
export interface Claims {
  /** Null: the GPUs are this attempt's. Else: why not. */
  take(assignment: Assignment, shared: boolean): Promise<string | null>;
  /** From now on the claim lives as long as this process, not as long as the agent. */
  handOver(assignment: Assignment, pid: number): void;
  release(assignment: Assignment): void;
}

/**
 * @param hardware  the machine as it was last looked at
 * @param lookAgain  looks anew, unless that was just done
 */
export function openClaims(yardId: string, hardware: () => Hardware, lookAgain: () => Promise<Hardware>): Claims {
  const folder = gpuClaimFolder();
  const sharing = new Set<string>();

  function keysOf({ slot }: Assignment): string[] {
    return slot.gpus.map((index) => keyOf(hardware().gpus, index));
  }

  function holder(attempt: string, pid: number) {
    const identity = identify(pid);
    return identity && { yardId, attempt, ...identity };
  }

  /** The last look before the command starts: someone who asks nobody may have taken the GPU since. */
  async function usedMeanwhile(assignment: Assignment): Promise<string | null> {
    const { gpus } = await lookAgain();
    const taken = gpus.find((gpu) => assignment.slot.gpus.includes(gpu.index) && !isUsable(gpu));
    if (!taken) return null;
    releaseGpus({ folder, gpus: keysOf(assignment), attempt: assignment.attempt });
    return taken.problem ?? `GPU ${taken.index} is in use by others`;
  }

  return {
    async take(assignment, shared) {
      if (assignment.slot.gpus.length === 0) return null;
      const self = holder(assignment.attempt, process.pid);
      if (!self) return "the agent cannot see itself";
      if (shared) sharing.add(assignment.attempt);
      const outcome = await claimGpus({ folder, gpus: keysOf(assignment), holder: self, shared });
      if (outcome.ok) return shared ? null : usedMeanwhile(assignment);
      return outcome.code === "folder" ? outcome.problem : `GPU ${outcome.gpu} is held by another yard`;
    },
    handOver(assignment, pid) {
      if (assignment.slot.gpus.length === 0) return;
      const heir = holder(assignment.attempt, pid);
      const shared = sharing.has(assignment.attempt);
      if (heir) void updateHolder({ folder, gpus: keysOf(assignment), holder: heir, shared });
    },
    release(assignment) {
      if (assignment.slot.gpus.length === 0) return;
      sharing.delete(assignment.attempt);
      releaseGpus({ folder, gpus: keysOf(assignment), attempt: assignment.attempt });
    },
  };
}

function keyOf(gpus: Gpu[], index: string): string {
  return gpus.find((gpu) => gpu.index === index)?.uuid ?? `gpu-${index}`;
}
