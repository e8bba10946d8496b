import { setTimeout as sleep } from "node:timers/promises";
import { type Limit, printLimits, printTitle, timed } from "./figures.ts";
import { residentMb } from "./memory.ts";
import { openStage } from "./stage.ts";
import { type BenchYard, startYard } from "./yard.ts";

const ACCEPT_MS = 1000;
const MORE_MB = 150;
const ASK_MS = 500;
const thirds = Array.from({ length: 333 }, (_, i) => ["--exclude", `b=${3 * i + 3}`]).flat();

/** Sweeps of a million runs, and what extends each by another value. */
const sweeps: { title: string; args: string[]; extend: string[] }[] = [
  { title: "product", args: ["--set", "a=1..1000", "--set", "b=1..1000"], extend: ["--set", "a=1001..1100"] },
  {
    title: "--zip",
    args: ["--set", "a=1..1000000", "--set", "b=1000001..2000000", "--zip", "a,b"],
    extend: ["--set", "a=1000001..1100000", "--set", "b=2000001..2100000"],
  },
  {
    title: "--exclude of every third",
    args: ["--set", "a=1..1500", "--set", "b=1..1000", ...thirds],
    extend: ["--set", "a=1501..1600"],
  },
  {
    title: "--sample 1000000 of 10^12",
    args: ["--set", "a=1..1000000", "--set", "b=1..1000000", "--sample", "1000000"],
    extend: ["--set", "a=1000001..1100000"],
  },
];

export async function bigSweep(): Promise<boolean> {
  let isKept = true;
  for (const { title, args, extend } of sweeps) {
    const stage = openStage();
    const yard = await startYard(stage, "yard");
    await sleep(2000);
    const before = residentMb(yard.pids().yard);
    let most = 0;
    const watching = setInterval(() => {
      most = Math.max(most, residentMb(yard.pids().yard) - before);
    }, 20);
    const { ms: acceptMs, value: answer } = await timed(() =>
      must(yard, ["sweep", "--yes", "--paused", "--json", ...args, "--", "true"]),
    );
    const { id, runs } = JSON.parse(answer).job;
    const asks: [string, () => Promise<unknown>][] = [
      [`show ${id}.777777`, () => must(yard, ["show", `${id}.777777`])],
      ["ls", () => must(yard, ["ls"])],
      [`explain ${id}`, () => must(yard, ["explain", `${id}`])],
      [`cancel ${id}.500000-600000`, () => must(yard, ["cancel", "--yes", `${id}.500000-600000`])],
      [`extend ${id}`, () => must(yard, ["extend", "--yes", `${id}`, ...extend])],
      [`results ${id} --sort accuracy`, () => must(yard, ["results", `${id}`, "--sort", "accuracy"])],
      ["GET /api/v1/jobs/…/runs", () => yard.get(`/api/v1/jobs/${id}/runs`)],
    ];
    const limits: Limit[] = [
      { what: `sweep: ${runs.total} runs accepted`, value: acceptMs, atMost: ACCEPT_MS, unit: "ms" },
    ];
    for (const [what, ask] of asks) limits.push({ what, value: (await timed(ask)).ms, atMost: ASK_MS, unit: "ms" });
    clearInterval(watching);
    limits.push({ what: "more memory of the yard, at its most", value: most, atMost: MORE_MB, unit: "MB" });
    printTitle(`A sweep of a million runs, ${title}: in the first seconds, each with the command line's own start-up`);
    isKept = printLimits(limits) && isKept;
    await yard.stop();
    stage.clear();
  }
  return isKept;
}

async function must(yard: BenchYard, args: string[]): Promise<string> {
  const { code, stdout, stderr } = await yard.cli(args);
  if (code !== 0) throw new Error(`runyard ${args.slice(0, 6).join(" ")} ended with ${code}: ${stderr}`);
  return stdout;
}
