import { surveyAmd } from "./amd_smi.ts";
import type { DetectedGpu, GpuSurvey } from "./detected_gpu.ts";
import { surveyNvidia } from "./nvidia_smi.ts";
import { surveyRocm } from "./rocm_smi.ts";

export interface DetectGpusOptions {
  /** Where the tools are. Default: by their names on the PATH, AMD's also in /opt/rocm/bin. */
  nvidiaSmi?: string;
  amdSmi?: string;
  rocmSmi?: string;
  /** For each vendor's tool. Default 5,000 ms. */
  deadlineMs?: number;
  /** A CUDA_VISIBLE_DEVICES that limits what may be used; null (default): no limit. */
  visible?: string | null;
}

/**
 * The GPUs of this machine, by asking nvidia-smi, else amd-smi, else rocm-smi. No tool: no GPUs and no problem.
 * A tool that fails or hangs is a problem in words, and never more than the deadline.
 */
export async function detectGpus(options: DetectGpusOptions = {}): Promise<GpuSurvey> {
  const { deadlineMs = 5000, visible = null } = options;
  const surveys = [
    () => surveyNvidia(options.nvidiaSmi ?? "nvidia-smi", deadlineMs),
    () => firstThere(options.amdSmi, "amd-smi", (file) => surveyAmd(file, deadlineMs)),
    () => firstThere(options.rocmSmi, "rocm-smi", (file) => surveyRocm(file, deadlineMs)),
  ];
  const found: GpuSurvey = { gpus: [], problems: [], unseen: null, tool: null };
  for (const ask of surveys) {
    const { gpus, problems, unseen, tool } = await ask();
    found.problems.push(...problems);
    found.unseen ??= unseen;
    if (gpus.length > 0) return limitToVisible({ ...found, gpus, tool }, visible);
    found.tool ??= tool;
  }
  return namesNone(visible) ? { ...found, unseen: null } : found;
}

function namesNone(visible: string | null): boolean {
  return visible !== null && /^\s*(-1|NoDevFiles)?\s*(,|$)/.test(visible);
}

async function firstThere(
  given: string | undefined,
  name: string,
  ask: (file: string) => Promise<GpuSurvey>,
): Promise<GpuSurvey> {
  if (given !== undefined) return ask(given);
  const survey = await ask(name);
  return survey.tool === null ? ask(`/opt/rocm/bin/${name}`) : survey;
}

/**
 * Keeps the GPUs that a CUDA_VISIBLE_DEVICES names, by index (in PCI order), by UUID or by the beginning of one; empty or
 * `-1`: none. As CUDA does, reading stops at the first entry that is none of these, and that is told as a problem.
 */
export function limitToVisible(survey: GpuSurvey, visible: string | null): GpuSurvey {
  if (visible === null) return survey;
  const kept = new Set<DetectedGpu>();
  const problems = [...survey.problems];
  for (const entry of visible.split(",").map((part) => part.trim())) {
    if (entry === "" || entry === "-1" || entry === "NoDevFiles") break;
    const named = survey.gpus.filter((gpu) => gpu.index === entry || matchesUuid(gpu, entry));
    const [gpu] = named;
    if (gpu === undefined || named.length > 1) {
      const which = named.length > 1 ? "more than one GPU" : "no GPU of this machine";
      problems.push(`CUDA_VISIBLE_DEVICES=${visible} names ${which} at "${entry}": that and what follows is not used.`);
      break;
    }
    kept.add(gpu);
  }
  const unseen = namesNone(visible) ? null : survey.unseen;
  return { ...survey, gpus: survey.gpus.filter((gpu) => kept.has(gpu)), problems, unseen };
}

function matchesUuid(gpu: DetectedGpu, entry: string): boolean {
  return /\D/.test(entry) && gpu.uuid !== null && gpu.uuid.toLowerCase().startsWith(entry.toLowerCase());
}
