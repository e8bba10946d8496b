import {
  type DetectedGpu,
  firstLine,
  type GpuProcess,
  type GpuSurvey,
  parseMemoryBytes,
  parsePercent,
  toolProblem,
} from "./detected_gpu.ts";
import { type CommandResult, runCommand } from "./subprocess.ts";

// Names stand last: they are the only fields that may hold a comma.
const gpuFields = ["index", "uuid", "memory.total", "memory.used", "utilization.gpu"];
const processFields = "gpu_uuid,pid,used_memory,process_name";
const csv = "--format=csv,noheader,nounits";

/** Asks nvidia-smi, all within `deadlineMs`. */
export async function surveyNvidia(file: string, deadlineMs: number): Promise<GpuSurvey> {
  const startedAt = performance.now();
  const ask = async (...args: string[]): Promise<CommandResult> => {
    const leftMs = Math.max(100, deadlineMs - (performance.now() - startedAt));
    const result = await runCommand(file, args, { deadlineMs: leftMs });
    return result.kind === "timed_out" ? { ...result, deadlineMs } : result;
  };
  const askGpus = (...args: string[]) =>
    ask(`--query-gpu=${[...gpuFields, "mig.mode.current", "name"].join()}`, csv, ...args);

  const processes = ask(`--query-compute-apps=${processFields}`, csv);
  let answer = await askGpus();
  if (answer.kind === "exited" && /not a valid field/.test(answer.stdout + answer.stderr)) {
    // Drivers before 450 do not know MIG.
    answer = await ask(`--query-gpu=${[...gpuFields, "pci.bus_id", "name"].join()}`, csv);
  }
  let survey = readGpus(answer);
  if (survey.gpus.every((gpu) => !gpu.healthy) && answer.kind === "exited" && /device handle/i.test(textOf(answer))) {
    // One lost GPU makes older drivers refuse the whole query: ask for those that -L still names.
    const uuids = parseGpuList(textOf(await ask("-L")));
    const rest = uuids.length === 0 ? null : await askGpus("-i", uuids.join());
    if (rest?.kind === "exited" && rest.code === 0) {
      const others = readGpus(rest);
      survey = {
        ...survey,
        gpus: inOrder([...survey.gpus, ...others.gpus]),
        problems: [...survey.problems, ...others.problems],
      };
    }
  }
  const apps = await processes;
  const silent = survey.gpus.length > 0 && (apps.kind !== "exited" || apps.code !== 0);
  const unsaid =
    "nvidia-smi did not say which processes use the GPUs: other people's work is only seen by the memory it takes.";
  const problems = silent ? [...survey.problems, unsaid] : survey.problems;
  return { ...survey, gpus: withProcesses(survey.gpus, textOf(apps)), problems };
}

function textOf(result: CommandResult): string {
  return result.kind === "exited" ? `${result.stdout}\n${result.stderr}` : "";
}

function readGpus(answer: CommandResult): GpuSurvey {
  if (answer.kind === "missing") return { gpus: [], problems: [], unseen: null, tool: null };
  const survey = parseNvidiaGpus(textOf(answer));
  // Says so with exit code 0 or 6, depending on its version.
  const empty = answer.kind === "exited" && /No devices were found/i.test(textOf(answer));
  const explained = empty || survey.gpus.length > 0 || survey.problems.length > 0;
  const problem = explained ? null : (toolProblem("nvidia-smi", answer) ?? notUnderstood(textOf(answer)));
  if (problem === null) return { ...survey, tool: "nvidia-smi" };
  return { gpus: [], problems: [problem], unseen: problem, tool: "nvidia-smi" };
}

function notUnderstood(text: string): string | null {
  const said = firstLine(text);
  return said === "" ? null : `nvidia-smi said something that Runyard does not understand: ${said}`;
}

/** Reads rows of `index, uuid, memory.total, memory.used, utilization.gpu, mig.mode.current, name`. */
export function parseNvidiaGpus(text: string): Omit<GpuSurvey, "tool"> {
  const gpus: DetectedGpu[] = [];
  const problems: string[] = [];
  let unseen: string | null = null;
  for (const line of text.split("\n")) {
    const lost = /^Unable to determine the device handle for GPU\s?(?:(\d{1,3}): )?(.*)/i.exec(line.trim());
    if (lost) {
      const [, index, rest = ""] = lost;
      if (index !== undefined) gpus.push(lostGpu(index, firstLine(rest)));
      else {
        unseen = `nvidia-smi cannot reach a GPU (${firstLine(rest)}). It is left out; a reboot usually brings it back.`;
        problems.push(unseen);
      }
      continue;
    }
    const [index = "", uuid = "", total = "", used = "", utilization = "", mig = "", ...name] = line.split(", ");
    if (!/^\d+$/.test(index.trim()) || name.length === 0) continue;
    const problem = brokenValue([uuid, total, used, utilization]);
    gpus.push({
      index: index.trim(),
      uuid: /^(GPU|MIG)-/.test(uuid.trim()) ? uuid.trim() : null,
      name: firstLine(name.join(", ")),
      memoryBytes: parseMemoryBytes(total, "MiB"),
      usedBytes: parseMemoryBytes(used, "MiB"),
      utilization: parsePercent(utilization),
      healthy: problem === null,
      problem: problem === null ? null : `nvidia-smi reports ${problem}; a GPU reset or a reboot usually helps`,
      processes: [],
    });
    if (mig.trim() === "Enabled") {
      problems.push(
        `GPU ${index.trim()} is split by MIG. Its parts are not found by themselves: name them as slots, ` +
          `\`runyard machines set local --slots MIG-…\` (\`nvidia-smi -L\` lists them).`,
      );
    }
  }
  return { gpus: inOrder(gpus), problems, unseen };
}

/** Reads rows of `gpu_uuid, pid, used_memory, process_name`, by the GPU's UUID. */
export function parseNvidiaProcesses(text: string): Map<string, GpuProcess[]> {
  const byGpu = new Map<string, GpuProcess[]>();
  for (const line of text.split("\n")) {
    const [uuid = "", pid = "", used = "", ...name] = line.split(", ");
    if (!/^\d+$/.test(pid.trim()) || name.length === 0) continue;
    const process = { pid: Number(pid), name: firstLine(name.join(", ")), usedBytes: parseMemoryBytes(used, "MiB") };
    byGpu.set(uuid.trim(), [...(byGpu.get(uuid.trim()) ?? []), process]);
  }
  return byGpu;
}

/** The UUIDs that `nvidia-smi -L` lists, e.g. from `GPU 0: NVIDIA A100-SXM4-40GB (UUID: GPU-5f3c…)`; MIG devices are not among them. */
export function parseGpuList(text: string): string[] {
  return [...text.matchAll(/^GPU \d+: .*\(UUID: (GPU-[\w-]+)\)/gim)].flatMap((match) => match[1] ?? []);
}

function withProcesses(gpus: DetectedGpu[], text: string): DetectedGpu[] {
  const byGpu = parseNvidiaProcesses(text);
  return gpus.map((gpu) => ({ ...gpu, processes: gpu.uuid === null ? [] : (byGpu.get(gpu.uuid) ?? []) }));
}

function lostGpu(index: string, reason: string): DetectedGpu {
  const nothing = { uuid: null, memoryBytes: null, usedBytes: null, utilization: null, processes: [] };
  const problem = `nvidia-smi cannot reach it (${reason}); a reboot usually brings it back`;
  return { index, name: "unknown GPU", healthy: false, problem, ...nothing };
}

/** `[Unknown Error]`, `ERR!`, `[GPU is lost]`, `[GPU requires reset]`: broken. `[N/A]` and its kin only say nothing. */
function brokenValue(values: string[]): string | null {
  const broken = values.find((value) => /err|lost|reset|unable|fail|timeout/i.test(value.replace(/^(GPU|MIG)-.*/, "")));
  return broken === undefined ? null : firstLine(broken);
}

function inOrder(gpus: DetectedGpu[]): DetectedGpu[] {
  return gpus.sort((a, b) => Number(a.index) - Number(b.index));
}
