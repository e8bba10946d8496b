import { readFileSync, writeFileSync } from "node:fs";
import type { Stage } from "./stage.ts";
import type { BenchYard } from "./yard.ts";

/** What is run: the same for everybody. */
export interface Load {
  title: string;
  runs: number;
  /** A file with a shell command a line; null: each run is `true`. */
  lines: string | null;
  /** Every command appends its number here when it starts. */
  starts: string;
}

export function plainLoad(runs: number): Load {
  return { title: "true", runs, lines: null, starts: "" };
}

/** Distinct commands that speak on both streams; some fail in their own way, some leave a child in a session of its own. */
export function checkedLoad(stage: Stage, runs: number): Load {
  const lines = `${stage.folder}/lines`;
  const starts = `${stage.folder}/starts`;
  const texts = Array.from({ length: runs }, (_, i) => {
    const n = i + 1;
    const leaves = leavesChild(n) ? "setsid -f sleep 900 >/dev/null 2>&1; " : "";
    return `echo ${n} >>${starts}; ${leaves}echo ${n}; echo ${n} >&2; exit ${exitCodeOf(n)}\n`;
  });
  writeFileSync(lines, texts.join(""));
  return { title: "checked", runs, lines, starts };
}

function exitCodeOf(n: number): number {
  return n % 10 === 0 ? 1 + (n % 199) : 0;
}

function leavesChild(n: number): boolean {
  return n % 50 === 7;
}

/** Whether this is such a child, also one that has not come to its `sleep` yet. */
export function isLeftover(command: string): boolean {
  return /^(setsid -f )?sleep 900$/.test(command);
}

const PAGE = 1000;
const AT_ONCE = 16;

/** Everything about the job's runs that is not as the load says; empty: a run of it counts. */
export async function check(stage: Stage, yard: BenchYard, job: number, load: Load): Promise<string[]> {
  const survivors = stage.processes().filter(({ command }) => isLeftover(command));
  const problems = survivors.map(({ pid }) => `process ${pid} of a run that has ended is still there`);
  const starts = readFileSync(load.starts, "utf8").trimEnd().split("\n");
  if (starts.length !== load.runs) problems.push(`${starts.length} starts instead of ${load.runs}`);
  if (new Set(starts).size !== load.runs) problems.push(`${new Set(starts).size} of ${load.runs} runs have started`);
  for (let after = 0; after < load.runs; after += PAGE) {
    const { runs } = await yard.client.call("listRuns", { params: { job }, query: { first: after + 1, limit: PAGE } });
    if (runs.length !== Math.min(PAGE, load.runs - after)) problems.push(`${runs.length} runs after ${after}`);
    for (const [at, { exitCode }] of runs.entries()) {
      const n = after + at + 1;
      if (exitCode !== exitCodeOf(n)) problems.push(`run ${n} ended with ${exitCode}, not ${exitCodeOf(n)}`);
    }
  }
  const left = Array.from({ length: load.runs }, (_, i) => i + 1);
  const compare = async () => {
    for (let n = left.pop(); n !== undefined; n = left.pop()) {
      for (const stream of ["out", "err"]) {
        const { body } = await yard.get(`/api/v1/jobs/${job}/runs/${n}/output?stream=${stream}`);
        if (body.toString() !== `${n}\n`) problems.push(`${stream} of run ${n} is ${JSON.stringify(body.toString())}`);
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, compare));
  return problems;
}
