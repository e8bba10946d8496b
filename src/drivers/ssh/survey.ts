import type { FreeGpu, FreeMachine } from "../../core/free_machine.ts";
import type { ForeignProcess, Gpu, Hardware } from "../../core/machine.ts";
import { type Peaks, UNSEEN } from "../../core/peaks.ts";
import { formatBytes } from "../../core/quantity.ts";
import type { DetectedGpu } from "../../platform/detected_gpu.ts";
import { parseNvidiaGpus, parseNvidiaProcesses } from "../../platform/nvidia_smi.ts";

/** What a look at a machine behind ssh has found. */
export interface RemoteSurvey {
  hardware: Hardware;
  /** What is missing there that Runyard needs, or would use, by its name. */
  missing: string[];
  freeDiskBytes: number | null;
  /** Its clock when it was asked, epoch ms. */
  now: number;
  /** What the processes of this yard's attempts hold now, together. */
  held: Map<string, Peaks>;
}

/** A run's folder takes some KiB; what it prints comes on top. */
const FLOOR_BYTES = 4 * 1024 * 1024;
/** How long survey.sh waits for nvidia-smi. */
const TOOL_SECONDS = 5;
/**
 * @param isOurs  whether an attempt is one of this yard's on that machine
 */
export function readSurvey(text: string, isOurs: (attempt: string) => boolean, yard: string): RemoteSurvey | null {
  if (!/^== end$/m.test(text)) return null;
  const sections = sectionsOf(text);
  const section = (name: string) => sections.get(name)?.join("\n") ?? "";
  const memoryText = section("memory");
  const freeDiskBytes = freeDisk(section("disk"));
  const { gpus, problems, unseen, owners } = readGpus(sections, isOurs, yard);
  const cpus = Number.parseInt(section("cpus"), 10) || 1;
  const missing = section("missing")
    .split("\n")
    .filter((tool) => tool !== "");
  return {
    hardware: {
      cpus,
      memoryBytes: memoryBytes(memoryText),
      gpus,
      problems,
      unseen,
      reserved: [],
      blocked: blocker(missing, freeDiskBytes),
      ...measured(freeOf(sections, cpus, gpus, (attempt) => attempt !== null && isOurs(attempt), owners)),
    },
    missing,
    freeDiskBytes,
    now: Number.parseInt(section("now"), 10) * 1000,
    held: heldBy(sections, isOurs, owners),
  };
}

function measured(free: FreeMachine | undefined): { free?: FreeMachine } {
  return free ? { free } : {};
}

function blocker(missing: readonly string[], freeDiskBytes: number | null): string | null {
  if (missing.includes("tar")) return "tar is missing there, and nothing can be sent without it; install it";
  if (freeDiskBytes === null || freeDiskBytes >= FLOOR_BYTES) return null;
  return `the disk of its spool has only ${formatBytes(freeDiskBytes)} free: nothing is started until there is space; what waits is kept`;
}

function sectionsOf(text: string): Map<string, string[]> {
  const sections = new Map<string, string[]>();
  let lines: string[] = [];
  for (const line of text.split("\n")) {
    const [, name] = /^== (.*)$/.exec(line) ?? [];
    if (name === undefined) lines.push(line);
    else {
      lines = sections.get(name) ?? [];
      sections.set(name, lines);
    }
  }
  return sections;
}

function readGpus(
  sections: Map<string, string[]>,
  isOurs: (attempt: string) => boolean,
  yard: string,
): { gpus: Gpu[]; problems: string[]; unseen: string | null; owners: GpuProcesses } {
  const lines = sections.get("gpus");
  if (!lines) return { gpus: [], problems: [], unseen: null, owners: new Map() };
  const parsed = parseNvidiaGpus(lines.join("\n"));
  const code = Number([...sections.keys()].find((name) => name.startsWith("gpu tool "))?.slice("gpu tool ".length));
  const problems = [...parsed.problems];
  let { unseen } = parsed;
  if (parsed.gpus.length === 0 && problems.length === 0 && code !== 0) {
    const what = code === 124 ? `did not answer within ${TOOL_SECONDS} s` : `failed with exit code ${code}`;
    unseen = `nvidia-smi ${what} there. Its GPUs are not used until it answers.`;
    problems.push(unseen);
  }
  const owners = ownersIn(sections.get("processes") ?? []);
  const processes = parseNvidiaProcesses((sections.get("processes") ?? []).join("\n"));
  const claims = claimsIn(sections.get("claim") ?? []).filter((claim) => claim.yard !== yard);
  const gpus = parsed.gpus.map(({ healthy: _, processes: __, ...gpu }: DetectedGpu): Gpu => {
    const foreign = (gpu.uuid === null ? [] : (processes.get(gpu.uuid) ?? []))
      .filter(({ pid }) => !isOurs(owners.get(pid)?.attempt ?? ""))
      .map(
        ({ pid, name, usedBytes }): ForeignProcess => ({ pid, name, usedBytes, user: owners.get(pid)?.user ?? null }),
      );
    const held = claims
      .filter((claim) => claim.gpu === (gpu.uuid ?? `gpu-${gpu.index}`))
      .map(({ pid }): ForeignProcess => ({ pid, name: "a run of another yard", usedBytes: null, user: null }));
    return { ...gpu, others: [...foreign, ...held] };
  });
  return { gpus, problems, unseen, owners: withOwners(processes, owners) };
}

/** By the GPU's UUID: who uses it, and how much of its memory. */
type GpuProcesses = Map<string, { attempt: string | null; usedBytes: number | null }[]>;

function withOwners(
  processes: ReturnType<typeof parseNvidiaProcesses>,
  owners: ReturnType<typeof ownersIn>,
): GpuProcesses {
  return new Map(
    [...processes].map(([uuid, list]) => [
      uuid,
      list.map(({ pid, usedBytes }) => ({ attempt: owners.get(pid)?.attempt ?? null, usedBytes })),
    ]),
  );
}

/** What would be free if this yard's runs were not there; undefined where the machine does not say. */
function freeOf(
  sections: Map<string, string[]>,
  cpus: number,
  gpus: readonly Gpu[],
  isOurs: (attempt: string | null) => boolean,
  processes: GpuProcesses,
): FreeMachine | undefined {
  const [before, after] = ["before", "after"].map((name) => readBusy(sections.get(name) ?? []));
  const available = /^MemAvailable:\s+(\d+) kB/m.exec(sections.get("memory")?.join("\n") ?? "")?.[1];
  if (!before || !after || available === undefined || after.total <= before.total) return undefined;
  const page = Number(sections.get("page")?.[0]) || 4096;
  const own = marked(sections.get("own") ?? []).flatMap(({ pid, attempt }) => (isOurs(attempt) ? [pid] : []));
  const ownTicks = own.reduce(
    (sum, pid) => sum + (after.ticks.get(pid)?.ticks ?? 0) - (before.ticks.get(pid)?.ticks ?? 0),
    0,
  );
  const ownPages = own.reduce((sum, pid) => sum + (after.ticks.get(pid)?.pages ?? 0), 0);
  const total = after.total - before.total;
  const busy = (total - (after.idle - before.idle) - Math.max(0, ownTicks)) / total;
  return {
    cpus,
    cpuUsage: Math.min(1, Math.max(0, busy)),
    freeMemoryBytes: Number(available) * 1024 + ownPages * page,
    gpus: gpus.map((gpu) => freeGpu(gpu, gpu.uuid === null ? [] : (processes.get(gpu.uuid) ?? []), isOurs)),
  };
}

function heldBy(
  sections: Map<string, string[]>,
  isOurs: (attempt: string) => boolean,
  processes: GpuProcesses,
): Map<string, Peaks> {
  const page = Number(sections.get("page")?.[0]) || 4096;
  const { ticks } = readBusy(sections.get("after") ?? []) ?? { ticks: new Map<string, { pages: number }>() };
  const held = new Map<string, Peaks>();
  for (const { pid, attempt } of marked(sections.get("own") ?? [])) {
    const pages = ticks.get(pid)?.pages;
    if (pages === undefined || !isOurs(attempt)) continue;
    const before = held.get(attempt) ?? UNSEEN;
    held.set(attempt, { ...before, memoryPeakBytes: (before.memoryPeakBytes ?? 0) + pages * page });
  }
  for (const { attempt, usedBytes } of [...processes.values()].flat()) {
    if (attempt === null || usedBytes === null || !isOurs(attempt)) continue;
    const before = held.get(attempt) ?? UNSEEN;
    held.set(attempt, { ...before, gpuMemoryPeakBytes: (before.gpuMemoryPeakBytes ?? 0) + usedBytes });
  }
  return held;
}

function freeGpu(
  gpu: Gpu,
  processes: { attempt: string | null; usedBytes: number | null }[],
  isOurs: (attempt: string | null) => boolean,
): FreeGpu {
  const { index, memoryBytes, usedBytes, utilization, problem } = gpu;
  const own = processes.filter(({ attempt }) => isOurs(attempt));
  const ownBytes = own.reduce((sum, process) => sum + (process.usedBytes ?? 0), 0);
  const isOnlyOurs = own.length > 0 && own.length === processes.length;
  return {
    index,
    freeMemoryBytes:
      memoryBytes === null || usedBytes === null ? null : memoryBytes - Math.max(0, usedBytes - ownBytes),
    utilization: isOnlyOurs ? 0 : utilization,
    problem,
  };
}

/** The first line of /proc/stat, and of processes the ticks they have used and the pages they hold. */
function readBusy(lines: readonly string[]) {
  const [first = "", ...rest] = lines;
  const times = first.split(/\s+/).slice(1, 9).map(Number);
  if (times.length < 5 || times.some(Number.isNaN)) return null;
  const ticks = new Map<string, { ticks: number; pages: number }>();
  for (const line of rest) {
    const [, pid = "", used, pages] = line.split(" ");
    ticks.set(pid, { ticks: Number(used), pages: Number(pages) });
  }
  // user nice system idle iowait irq softirq steal (proc(5))
  return { total: times.reduce((sum, time) => sum + time, 0), idle: (times[3] ?? 0) + (times[4] ?? 0), ticks };
}

/** The processes that bear the mark of an attempt. */
function marked(lines: readonly string[]): { pid: string; attempt: string }[] {
  return lines.flatMap((line) => {
    const [, pid, attempt] = /^own (\d+) RUNYARD_ATTEMPT=(.*)$/.exec(line) ?? [];
    return pid === undefined || attempt === undefined ? [] : [{ pid, attempt }];
  });
}

function ownersIn(lines: readonly string[]): Map<number, { user: string | null; attempt: string | null }> {
  const owners = new Map<number, { user: string | null; attempt: string | null }>();
  for (const line of lines) {
    const [, pid, user = "?", attempt = ""] = /^owner (\d+) (\S+) ?(?:RUNYARD_ATTEMPT=)?(.*)$/.exec(line) ?? [];
    if (pid !== undefined) owners.set(Number(pid), { user: user === "?" ? null : user, attempt: attempt || null });
  }
  return owners;
}

function claimsIn(paths: readonly string[]): { gpu: string; yard: string; pid: number }[] {
  return paths.flatMap((path) => {
    const [gpu = "", name = ""] = path.split("/").slice(-2);
    const [, , yard = "", , pid] = name.split(",");
    return pid === undefined ? [] : [{ gpu: decodeURIComponent(gpu), yard, pid: Number(pid) }];
  });
}

function memoryBytes(text: string): number {
  const total = /^MemTotal:\s+(\d+) kB/m.exec(text)?.[1];
  return total === undefined ? Number.parseInt(text, 10) || 0 : Number(total) * 1024;
}

function freeDisk(text: string): number | null {
  const [, available] = /\s(\d+)\s+\d+%\s/.exec(text) ?? [];
  return available === undefined ? null : Number(available) * 1024;
}
