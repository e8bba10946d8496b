import { at, isInUse, parseJsonWithin } from "./amd_smi.ts";
import {
  type DetectedGpu,
  firstLine,
  type GpuProcess,
  type GpuSurvey,
  parseMemoryBytes,
  parsePercent,
  toolProblem,
} from "./detected_gpu.ts";
import { runCommand } from "./subprocess.ts";

const questions = ["--showuniqueid", "--showproductname", "--showmeminfo", "vram", "--showuse", "--showpids", "--json"];

/** Asks rocm-smi, AMD's older tool. */
export async function surveyRocm(file: string, deadlineMs: number): Promise<GpuSurvey> {
  const answer = await runCommand(file, questions, { deadlineMs });
  if (answer.kind === "missing") return { gpus: [], problems: [], unseen: null, tool: null };
  const gpus = answer.kind === "exited" ? parseRocmGpus(answer.stdout) : [];
  const problem = gpus.length > 0 ? null : toolProblem("rocm-smi", answer);
  return { gpus, problems: problem === null ? [] : [problem], unseen: problem, tool: "rocm-smi" };
}

/**
 * Reads `{"card0": {"Card Series": "…", "VRAM Total Memory (B)": "68702699520", …}, "system": {"PID4242": "python, 1, …"}}`.
 * Keys changed their capitals between releases (`Card series`), and every value is text.
 */
export function parseRocmGpus(text: string): DetectedGpu[] {
  const parsed = parseJsonWithin(text);
  if (typeof parsed !== "object" || parsed === null) return [];
  const gpus = Object.entries(parsed).flatMap(([key, card]): DetectedGpu[] => {
    const index = /^card(\d+)$/.exec(key)?.[1];
    return index === undefined ? [] : [readCard(index, card)];
  });
  gpus.sort((a, b) => Number(a.index) - Number(b.index));
  for (const { gpuCount, ...process } of readProcesses(at(parsed, "system"))) {
    // It says on how many GPUs a process is, not on which: the fullest ones are taken to be its.
    const fullest = [...gpus].filter(isInUse).sort((a, b) => (b.usedBytes ?? 0) - (a.usedBytes ?? 0));
    for (const gpu of fullest.slice(0, gpuCount)) gpu.processes.push(process);
  }
  return gpus;
}

function readCard(index: string, card: unknown): DetectedGpu {
  const values = new Map(
    typeof card === "object" && card !== null
      ? Object.entries(card).map(([key, value]): [string, string] => [key.toLowerCase(), String(value).trim()])
      : [],
  );
  const said = (key: string) => {
    const value = values.get(key);
    return value === undefined || /^(n\/a|unknown|)$/i.test(value) ? null : value;
  };
  return {
    index,
    uuid: said("unique id"),
    name: firstLine(said("card series") ?? said("device name") ?? said("card model") ?? "AMD GPU"),
    memoryBytes: parseMemoryBytes(said("vram total memory (b)") ?? "", "B"),
    usedBytes: parseMemoryBytes(said("vram total used memory (b)") ?? "", "B"),
    utilization: parsePercent(said("gpu use (%)") ?? ""),
    healthy: true,
    problem: null,
    processes: [],
  };
}

/** `"PID4242": "python, 1, 29429556000, 0, 0"`: name, number of GPUs, VRAM, SDMA, CU occupancy. A name may hold commas. */
function readProcesses(system: unknown): (GpuProcess & { gpuCount: number })[] {
  if (typeof system !== "object" || system === null) return [];
  return Object.entries(system).flatMap(([key, value]) => {
    const pid = /^PID\s?(\d+)$/.exec(key)?.[1];
    const match = /^(.*), (\d+|UNKNOWN), (\d+|UNKNOWN), [^,]*, [^,]*$/s.exec(String(value));
    if (pid === undefined || !match) return [];
    const [, name = "", gpus = "", vram = ""] = match;
    const gpuCount = gpus === "UNKNOWN" ? 1 : Number(gpus);
    return [{ pid: Number(pid), name: firstLine(name), usedBytes: parseMemoryBytes(vram, "B"), gpuCount }];
  });
}
