import { writeFileSync } from "node:fs";
import { median, printTable, printTitle } from "./figures.ts";
import { check, checkedLoad, type Load, plainLoad } from "./load.ts";
import { clearAfterPeer, installedPeers } from "./peers.ts";
import { runWithSlurm } from "./slurm.ts";
import { openStage } from "./stage.ts";
import { type BenchYard, startYard } from "./yard.ts";

export interface ThroughputOptions {
  runs: number;
  pairs: number;
  /** Also 100,000 runs in one job: the last must go as fast as the first. */
  long: boolean;
  /** Also with Slurm, which is installed (as root, by apt) where it is missing. */
  slurm: boolean;
}

type Seconds = Map<string, number[]>;

const OURS = { native: "runyard", sh: "runyard, sh launcher" } as const;

/** Runs a second side by side with others, interleaved; a round of ours counts only if a checker finds nothing wrong. */
export async function throughput({ runs, pairs, long, slurm }: ThroughputOptions): Promise<boolean> {
  const stage = openStage();
  const peers = installedPeers(stage);
  const yards = {
    native: await startYard(stage, "native"),
    sh: await startYard(stage, "sh", { launcher: "sh" }),
  };
  let isSound = true;
  for (const load of [plainLoad(runs), checkedLoad(stage, runs)]) {
    const seconds: Seconds = new Map();
    const contestants: [string, () => Promise<number>][] = [
      [OURS.native, () => runOurs(yards.native, load)],
      [OURS.sh, () => runOurs(yards.sh, load)],
      ...peers.map((peer): [string, () => Promise<number>] => [
        peer.name,
        async () => {
          const folder = `${stage.folder}/peer`;
          const took = await timeOf(() => peer.run(load, folder));
          clearAfterPeer(stage, folder);
          return took;
        },
      ]),
    ];
    for (let round = 0; round < pairs; round += 1) {
      // Everybody is first once: what slows a round down as it goes on hits them all.
      for (let at = 0; at < contestants.length; at += 1) {
        const [name, run] = contestants[(at + round) % contestants.length] ?? contestants[0] ?? never();
        seconds.set(name, [...(seconds.get(name) ?? []), await run()]);
      }
    }
    printRatios(`${load.title}: ${runs} runs, 8 at once, median of ${pairs} rounds`, runs, seconds);
  }
  if (slurm) await runWithSlurm(stage, yards.native, Math.min(runs, 500), pairs);
  if (long) await runLong(yards.native);
  for (const yard of Object.values(yards)) await yard.stop();
  stage.clear();
  return isSound;

  async function runOurs(yard: BenchYard, load: Load): Promise<number> {
    if (load.starts !== "") writeFileSync(load.starts, "");
    let job = 0;
    const took = await timeOf(async () => {
      job = await runToTheEnd(yard, load);
    });
    const problems = load.lines === null ? await checkPlain(yard, job, load) : await check(stage, yard, job, load);
    for (const problem of problems.slice(0, 5)) console.log(`  DOES NOT COUNT: ${problem}`);
    isSound &&= problems.length === 0;
    return problems.length === 0 ? took : Number.NaN;
  }
}

/** As a user does it, by the command line; the id of the job. */
async function runToTheEnd(yard: BenchYard, load: Load): Promise<number> {
  const what = load.lines === null ? ["--runs", String(load.runs), "--", "true"] : ["--from", load.lines];
  const { stdout, stderr } = await yard.cli(["run", "--yes", "--wait", "--json", ...what]);
  const id = stdout === "" ? undefined : JSON.parse(stdout)?.job?.id;
  if (typeof id !== "number") throw new Error(`no job came of it: ${stderr}`);
  return id;
}

async function checkPlain(yard: BenchYard, job: number, load: Load): Promise<string[]> {
  const answer = await yard.client.call("showJob", { params: { job } });
  const { succeeded } = answer.job.runs;
  return succeeded === load.runs ? [] : [`${succeeded} of ${load.runs} runs have succeeded`];
}

function printRatios(title: string, runs: number, seconds: Seconds): void {
  printTitle(title);
  const ratios = (ours: string, theirs: number[]) => {
    const own = seconds.get(ours) ?? [];
    return median(theirs.map((took, round) => took / (own[round] ?? Number.NaN))).toFixed(2);
  };
  const rows = [...seconds].map(([name, list]) => [
    name,
    (runs / median(list)).toFixed(0),
    ratios(OURS.native, list),
    ratios(OURS.sh, list),
  ]);
  printTable(["", "runs/s", "runyard is × as fast", "with sh launcher"], rows);
}

/** 100,000 runs in one job: the rate of the first and of the last 10,000. */
async function runLong(yard: BenchYard): Promise<void> {
  const total = 100_000;
  const part = 10_000;
  const command = { kind: "argv" as const, argv: ["true"] };
  const job = await yard.submit({ work: { kind: "command", command, space: { repeat: total } } });
  const marks = new Map<number, number>([[0, performance.now()]]);
  for (let ended = 0; ended < total; ) {
    const answer = await yard.client.call("showJob", { params: { job: job.id } });
    const { succeeded, failed } = answer.job.runs;
    ended = succeeded + failed;
    const mark = Math.floor(ended / part);
    if (!marks.has(mark)) marks.set(mark, performance.now());
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  const rates = Array.from({ length: total / part }, (_, i) => {
    const took = (marks.get(i + 1) ?? Number.NaN) - (marks.get(i) ?? Number.NaN);
    return (part / took) * 1000;
  });
  printTitle(`${total} runs in one job, runs/s of each ${part}`);
  console.log(rates.map((rate) => rate.toFixed(0)).join("  "));
  console.log(`the last are ${((rates.at(-1) ?? 0) / (rates[0] ?? 1)).toFixed(2)} × as fast as the first`);
}

async function timeOf(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return (performance.now() - startedAt) / 1000;
}

function never(): never {
  throw new Error("there is always a contestant");
}
