import { deviceOf, gpuKey } from "../core/gpu_key.ts";
import { type ForeignProcess, type Gpu, type Hardware, withUnseen } from "../core/machine.ts";
import type { GpuSurvey } from "../platform/detected_gpu.ts";
import { detectGpus } from "../platform/gpus.ts";
import { surveyHost } from "../platform/hardware.ts";
import { environmentMark, processOwner } from "../platform/processes.ts";
import { gpuClaimFolder, listClaims } from "../spool/gpu_claim.ts";
import type { GpuClaim } from "../spool/gpu_claim_file.ts";

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

export interface Survey {
  hardware: Hardware;
  /** How many bytes of GPUs attempts of ours hold, by attempt. */
  gpuMemory: Map<string, number>;
}

/** What this machine has now, and who else uses its GPUs: processes that are no runs of ours, and other yards' claims. */
export async function surveyMachine({ visible, yardId, isOurs, blocked, before }: SurveyOptions): Promise<Survey> {
  const host = surveyHost();
  const survey = await detectGpus({ visible });
  const ours = new Map(
    survey.gpus.flatMap(({ processes }) => processes.map(({ pid }) => [pid, attemptOf(pid, isOurs)])),
  );
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
      ...processes.filter(({ pid }) => ours.get(pid) === null).map(describe),
      ...claims.filter((claim) => claim.gpu === gpuKey({ index, uuid })).map(describeClaim),
    ],
  }));
  const reserved = claims.flatMap((claim) => {
    const device = deviceOf(claim.gpu);
    return device === null ? [] : [{ device, by: describeClaim(claim) }];
  });
  const { cpus, memoryBytes } = host;
  const { problems, unseen } = survey;
  const hardware = withUnseen({ cpus, memoryBytes, problems, unseen, blocked, reserved, gpus }, before);
  return { hardware, gpuMemory: gpuMemoryOf(survey, ours) };
}

/** Null: it is none of ours. */
function attemptOf(pid: number, isOurs: IsOurs): string | null {
  const attempt = environmentMark(pid, "RUNYARD_ATTEMPT");
  return attempt !== null && isOurs(attempt) ? attempt : null;
}

function gpuMemoryOf({ gpus, tool }: GpuSurvey, ours: ReadonlyMap<number, string | null>): Map<string, number> {
  const held = new Map<string, number>();
  const counted = new Set<string>();
  for (const { pid, usedBytes } of gpus.flatMap(({ processes }) => processes)) {
    const attempt = ours.get(pid) ?? null;
    if (attempt === null || usedBytes === null) continue;
    // AMD's tools tell at each GPU of a process what it holds of all of them.
    const isEcho = tool !== "nvidia-smi" && counted.has(`${pid} ${usedBytes}`);
    counted.add(`${pid} ${usedBytes}`);
    if (!isEcho) held.set(attempt, (held.get(attempt) ?? 0) + usedBytes);
  }
  return held;
}

function describeClaim({ holder }: GpuClaim): ForeignProcess {
  return describe({ pid: holder.pid, name: "a run of another yard", usedBytes: null });
}

function describe({ pid, name, usedBytes }: { pid: number; name: string; usedBytes: number | null }): ForeignProcess {
  return { pid, name, usedBytes, user: processOwner(pid) };
}
