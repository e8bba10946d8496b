import type { CommandResult } from "./subprocess.ts";

export interface GpuProcess {
  pid: number;
  name: string;
  /** Null where the tool does not say. */
  usedBytes: number | null;
}

/** A GPU as the vendor's tool tells of it. */
export interface DetectedGpu {
  /** As the tool counts, which is PCI order: `0`. */
  index: string;
  uuid: string | null;
  name: string;
  /** Null where the tool does not say. */
  memoryBytes: number | null;
  usedBytes: number | null;
  /** 0 to 1. */
  utilization: number | null;
  /** Whether a run may be given it. A value that is only not available does not make it unhealthy. */
  healthy: boolean;
  /** Why it is not healthy, for people; null where it is. */
  problem: string | null;
  /** Compute processes of anybody, ours among them. */
  processes: GpuProcess[];
}

export type GpuTool = "nvidia-smi" | "amd-smi" | "rocm-smi";

export interface GpuSurvey {
  gpus: DetectedGpu[];
  /** What stood in the way of looking: what happened, then what to do. */
  problems: string[];
  /** That of the problems for which GPUs that are there may not be listed; null: all are. */
  unseen: string | null;
  /** The tool that was there and answered or failed; null: none is installed. */
  tool: GpuTool | null;
}

/** The first line of what a program printed, without control characters, in at most 200 characters. */
export function firstLine(...texts: string[]): string {
  const lines = texts
    .flatMap((text) => text.split("\n"))
    .map((line) =>
      line
        .replace(/\s/g, " ")
        .replace(/\p{Cc}|\p{Cf}/gu, "")
        .trim(),
    );
  return (lines.find((line) => line !== "") ?? "").slice(0, 200);
}

/** What to tell of a tool that gave no answer; null where it did (`exited` with 0) or is not installed. */
export function toolProblem(tool: GpuTool, result: CommandResult): string | null {
  const advice = `Its GPUs are not used until it answers; try \`${tool}\` in a terminal.`;
  switch (result.kind) {
    case "missing":
      return null;
    case "timed_out":
      return `${tool} did not answer within ${result.deadlineMs / 1000} s and was stopped. ${advice}`;
    case "not_started":
      return `${tool} could not be started: ${firstLine(result.reason)}. ${advice}`;
    case "exited": {
      if (result.code === 0) return null;
      const said = firstLine(result.stdout, result.stderr);
      return `${tool} failed with exit code ${result.code}${said === "" ? "" : `: ${said}`}. ${advice}`;
    }
  }
}

const unitBytes: Record<string, number> = {
  b: 1,
  kb: 1024,
  kib: 1024,
  mb: 1024 ** 2,
  mib: 1024 ** 2,
  gb: 1024 ** 3,
  gib: 1024 ** 3,
};

/** `40960`, `40960 MiB`, `24 GB` → bytes (both vendors mean powers of 1024); null where it is no such text. */
export function parseMemoryBytes(text: string, unitWhereNone: "B" | "MiB"): number | null {
  const match = /^(\d+(?:\.\d+)?)\s*([a-z]*)$/i.exec(text.trim());
  if (!match) return null;
  const bytes = Number(match[1]) * (unitBytes[(match[2] || unitWhereNone).toLowerCase()] ?? Number.NaN);
  return Number.isFinite(bytes) ? Math.round(bytes) : null;
}

/** `37`, `37 %` → 0.37, held within 0 and 1; null where it is no such text. */
export function parsePercent(text: string): number | null {
  const match = /^(\d+(?:\.\d+)?)\s*%?$/.exec(text.trim());
  return match ? Math.min(1, Number(match[1]) / 100) : null;
}
