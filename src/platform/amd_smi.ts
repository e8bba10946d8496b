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

/** Asks amd-smi, AMD's current tool (ROCm 6 and later). */
export async function surveyAmd(file: string, deadlineMs: number): Promise<GpuSurvey> {
  const ask = (...args: string[]) => runCommand(file, [...args, "--json"], { deadlineMs });
  const [list, fixed, metric, processes] = await Promise.all([
    ask("list"),
    ask("static", "--asic", "--vram"),
    ask("metric", "--mem-usage", "--usage"),
    ask("process"),
  ]);
  if (list.kind === "missing") return { gpus: [], problems: [], unseen: null, tool: null };
  const gpus = parseAmdGpus(textOf(list), textOf(fixed), textOf(metric), textOf(processes));
  const problem = gpus.length > 0 ? null : toolProblem("amd-smi", list);
  return { gpus, problems: problem === null ? [] : [problem], unseen: problem, tool: "amd-smi" };
}

/**
 * Reads the JSON of `amd-smi list`, `static`, `metric` and `process`. Each is a list with an element per GPU, from ROCm 7
 * on within `{"gpu_data": […]}`; a number is `{"value": 37, "unit": "%"}`, or `"N/A"`. Warnings may precede the JSON.
 */
export function parseAmdGpus(list: string, fixed: string, metric: string, processes: string): DetectedGpu[] {
  const [fixedById, metricById, processesById] = [fixed, metric, processes].map(entriesById);
  const gpus = [...entriesById(list)].map(([index, entry]): DetectedGpu => {
    const asic = at(fixedById?.get(index), "asic");
    const memory = at(metricById?.get(index), "mem_usage");
    const total = bytesOf(at(memory, "total_vram")) ?? bytesOf(at(at(fixedById?.get(index), "vram"), "size"));
    const uuid = at(entry, "uuid");
    return {
      index,
      uuid: typeof uuid === "string" && uuid !== "N/A" ? uuid : null,
      name: firstLine(textAt(asic, "market_name") ?? textAt(asic, "name") ?? "AMD GPU"),
      memoryBytes: total,
      usedBytes: bytesOf(at(memory, "used_vram")),
      utilization: fractionOf(at(at(metricById?.get(index), "usage"), "gfx_activity")),
      healthy: true,
      problem: null,
      processes: processesOf(processesById?.get(index)),
    };
  });
  return withoutEchoes(gpus);
}

/**
 * amd-smi 26 lists a process under every GPU of the machine, with its memory over all of them. Where one is listed
 * everywhere alike, only GPUs that are visibly in use are taken to be its.
 */
function withoutEchoes(gpus: DetectedGpu[]): DetectedGpu[] {
  const everywhere = (process: GpuProcess) =>
    gpus.length > 1 &&
    gpus.every((gpu) =>
      gpu.processes.some(({ pid, usedBytes }) => pid === process.pid && usedBytes === process.usedBytes),
    );
  return gpus.map((gpu) => ({
    ...gpu,
    processes: gpu.processes.filter((process) => isInUse(gpu) || !everywhere(process)),
  }));
}

/** An idle GPU's driver holds some hundred MB of it. */
export function isInUse({ memoryBytes, usedBytes, utilization }: DetectedGpu): boolean {
  if (memoryBytes === null || usedBytes === null) return true;
  return (utilization ?? 0) > 0 || usedBytes > Math.max(0.02 * memoryBytes, 512 * 1024 * 1024);
}

function processesOf(entry: unknown): GpuProcess[] {
  const list = at(entry, "process_list");
  return (Array.isArray(list) ? list : []).flatMap((item: unknown) => {
    // A GPU without any has the text "No running processes detected" here.
    const process = at(item, "process_info");
    const pid = Number(at(process, "pid"));
    if (!Number.isInteger(pid) || pid <= 0) return [];
    const usedBytes = bytesOf(at(at(process, "memory_usage"), "vram_mem")) ?? bytesOf(at(process, "mem_usage"));
    return [{ pid, name: firstLine(textAt(process, "name") ?? ""), usedBytes }];
  });
}

function entriesById(text: string): Map<string, unknown> {
  const parsed = parseJsonWithin(text);
  const wrapped = at(parsed, "gpu_data");
  const entries: unknown[] = Array.isArray(parsed) ? parsed : Array.isArray(wrapped) ? wrapped : [];
  return new Map(
    entries.flatMap((entry): [string, unknown][] => {
      const index = at(entry, "gpu");
      return typeof index === "number" ? [[String(index), entry]] : [];
    }),
  );
}

/** The JSON value that begins at the first line starting with `{` or `[`; null where there is none. */
export function parseJsonWithin(text: string): unknown {
  const start = text.search(/^\s*[[{]/m);
  if (start < 0) return null;
  try {
    return JSON.parse(text.slice(start));
  } catch {
    return null;
  }
}

/** A value of a JSON object, undefined where it is not one. */
export function at(value: unknown, key: string): unknown {
  return typeof value === "object" && value !== null
    ? Object.entries(value).find(([name]) => name === key)?.[1]
    : undefined;
}

function textAt(value: unknown, key: string): string | null {
  const text = at(value, key);
  return typeof text === "string" && text !== "N/A" ? text : null;
}

function bytesOf(value: unknown): number | null {
  const amount = at(value, "value") ?? value;
  return parseMemoryBytes(`${amount} ${at(value, "unit") ?? ""}`, "B");
}

function fractionOf(value: unknown): number | null {
  return parsePercent(String(at(value, "value") ?? value));
}

function textOf(result: CommandResult): string {
  return result.kind === "exited" ? result.stdout : "";
}
