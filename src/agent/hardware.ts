import type { ForeignProcess, Hardware } from "../core/machine.ts";
import { detectGpus } from "../platform/gpus.ts";
import { surveyHost } from "../platform/hardware.ts";
import { environmentMark, processOwner } from "../platform/processes.ts";
import { gpuClaimFolder, listClaims } from "../spool/gpu_claim.ts";
import type { GpuClaim } from "../spool/gpu_claim_file.ts";
import { deviceOf, gpuKey } from "./gpu_key.ts";

/** Whether an attempt is one of this agent's. */
export type IsOurs = (attempt: string) => boolean;

/**
 * What this machine has now, and who else uses its GPUs: processes that are no runs of ours, and other yards' claims.
 *
 * @param visible  a CUDA_VISIBLE_DEVICES that limits what may be used; null: no limit
 * @param yardId  whose agent asks; null: not known yet
 * @param blocked  why it can start nothing now; null: it can
 */
export async function surveyMachine(
  visible: string | null,
  yardId: string | null,
  isOurs: IsOurs,
  blocked: string | null,
): Promise<Hardware> {
  const host = surveyHost();
  const survey = await detectGpus({ visible });
  const claims = yardId === null ? [] : listClaims(gpuClaimFolder()).filter(({ holder }) => holder.yardId !== yardId);
  return {
    cpus: host.cpus,
    memoryBytes: host.memoryBytes,
    problems: survey.problems,
    blocked,
    reserved: claims.flatMap((claim) => {
      const device = deviceOf(claim.gpu);
      return device === null ? [] : [{ device, by: describeClaim(claim) }];
    }),
    gpus: survey.gpus.map(({ index, uuid, name, memoryBytes, usedBytes, utilization, problem, processes }) => ({
      index,
      uuid,
      name,
      memoryBytes,
      usedBytes,
      utilization,
      problem,
      others: [
        ...processes.filter(({ pid }) => !isRunOfOurs(pid, isOurs)).map(describe),
        ...claims.filter((claim) => claim.gpu === gpuKey({ index, uuid })).map(describeClaim),
      ],
    })),
  };
}

function isRunOfOurs(pid: number, isOurs: IsOurs): boolean {
  const attempt = environmentMark(pid, "RUNYARD_ATTEMPT");
  return attempt !== null && isOurs(attempt);
}

function describeClaim({ holder }: GpuClaim): ForeignProcess {
  return describe({ pid: holder.pid, name: "a run of another yard", usedBytes: null });
}

function describe({ pid, name, usedBytes }: { pid: number; name: string; usedBytes: number | null }): ForeignProcess {
  return { pid, name, usedBytes, user: processOwner(pid) };
}
