import { type ForeignProcess, type Gpu, type Hardware, withUnseen } from "../core/machine.ts";
import { detectGpus } from "../platform/gpus.ts";
import { surveyHost } from "../platform/hardware.ts";
import { environmentMark, processOwner } from "../platform/processes.ts";
import { gpuClaimFolder, listClaims } from "../spool/gpu_claim.ts";
import type { GpuClaim } from "../spool/gpu_claim_file.ts";
import { deviceOf, gpuKey } from "./gpu_key.ts";

/** Whether an attempt is one of this agent's. */
export type IsOurs = (attempt: string) => boolean;

export interface SurveyOptions {
  /** A CUDA_VISIBLE_DEVICES that limits what may be used; null: no limit. */
  visible: string | null;
  /** Whose agent asks; null: not known yet. */
  yardId: string | null;
  isOurs: IsOurs;
  /** Why the machine can start nothing now; null: it can. */
  blocked: string | null;
  /** The GPUs of the last look. */
  before: readonly Gpu[];
}

/** What this machine has now, and who else uses its GPUs: processes that are no runs of ours, and other yards' claims. */
export async function surveyMachine({ visible, yardId, isOurs, blocked, before }: SurveyOptions): Promise<Hardware> {
  const host = surveyHost();
  const survey = await detectGpus({ visible });
  const claims = yardId === null ? [] : listClaims(gpuClaimFolder()).filter(({ holder }) => holder.yardId !== yardId);
  const gpus = survey.gpus.map(({ index, uuid, name, memoryBytes, usedBytes, utilization, problem, processes }) => ({
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
  }));
  const reserved = claims.flatMap((claim) => {
    const device = deviceOf(claim.gpu);
    return device === null ? [] : [{ device, by: describeClaim(claim) }];
  });
  const { cpus, memoryBytes } = host;
  const { problems, unseen } = survey;
  return withUnseen({ cpus, memoryBytes, problems, unseen, blocked, reserved, gpus }, before);
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
