import type { Assignment } from "../core/assignment.ts";
import { gpuNamed, type Hardware, isUsable } from "../core/machine.ts";
import { identify } from "../platform/processes.ts";
import { claimGpus, gpuClaimFolder, releaseGpus, updateHolder } from "../spool/gpu_claim.ts";
import { deviceKey } from "./gpu_key.ts";

/** Reserves GPUs on the machine itself, for two yards of one account must not take the same one. */
export interface Claims {
  /**
   * Null: the GPUs are this attempt's. Else: why not.
   *
   * @param shared  other attempts of this yard may have them too, as far as its slots say so
   */
  take(assignment: Assignment, shared: boolean): Promise<string | null>;
  /** From now on the claim lives as long as this process, not as long as the agent. */
  handOver(assignment: Assignment, pid: number, shared: boolean): void;
  release(assignment: Assignment): void;
}

/**
 * @param hardware  the machine as it was last looked at
 * @param lookAgain  looks anew, unless that was just done
 */
export function openClaims(yardId: string, hardware: () => Hardware, lookAgain: () => Promise<Hardware>): Claims {
  const folder = gpuClaimFolder();

  function keysOf({ slot }: Assignment): string[] {
    return slot.gpus.map((device) => deviceKey(hardware().gpus, device));
  }

  function holder(attempt: string, pid: number) {
    const identity = identify(pid);
    return identity && { yardId, attempt, ...identity };
  }

  /** The last look before the command starts: someone who asks nobody may have taken the GPU since. */
  async function usedMeanwhile(assignment: Assignment): Promise<string | null> {
    const { gpus } = await lookAgain();
    const named = assignment.slot.gpus.flatMap((device) => gpuNamed(gpus, device) ?? []);
    const taken = named.find((gpu) => !isUsable(gpu));
    if (!taken) return null;
    releaseGpus({ folder, gpus: keysOf(assignment), attempt: assignment.attempt });
    return taken.problem ?? `GPU ${taken.index} is in use by others`;
  }

  return {
    async take(assignment, shared) {
      if (assignment.slot.gpus.length === 0) return null;
      const self = holder(assignment.attempt, process.pid);
      if (!self) return "the agent cannot see itself";
      const outcome = await claimGpus({ folder, gpus: keysOf(assignment), holder: self, shared });
      if (outcome.ok) return usedMeanwhile(assignment);
      return outcome.code === "folder" ? outcome.problem : `GPU ${outcome.gpu} is held by another yard`;
    },
    handOver(assignment, pid, shared) {
      if (assignment.slot.gpus.length === 0) return;
      const heir = holder(assignment.attempt, pid);
      if (heir) void updateHolder({ folder, gpus: keysOf(assignment), holder: heir, shared });
    },
    release(assignment) {
      if (assignment.slot.gpus.length === 0) return;
      releaseGpus({ folder, gpus: keysOf(assignment), attempt: assignment.attempt });
    },
  };
}
