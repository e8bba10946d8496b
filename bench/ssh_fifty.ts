import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import type { Job } from "../src/api/job.ts";
import type { Run } from "../src/api/run.ts";
import { type CpuTimes, cpuTimes } from "./cpu_times.ts";
import { type Limit, percentile, printLimits, printTable, printTitle } from "./figures.ts";
import { type BenchLab, openLab } from "./lab.ts";

const HOSTS = 50;
const RUNS_EACH = 20;
const RUNS = HOSTS * RUNS_EACH;
const DELAY_S = 3;
const CPU_PERCENT = 5;
const SETTLE_MS = 2000;

interface Seen {
  /** When the yard said of a run that it has ended, by its line. */
  endedAt: Map<number, number>;
  /** What had been taken when it was submitted, when all ran, shortly before the first ended, and when all had. */
  times: { submitted: CpuTimes; running: CpuTimes; ending: CpuTimes; ended: CpuTimes };
}

/**
 * A thousand runs at once on fifty hosts, each printing a line a second: how soon the yard says of each that it has ended,
 * and what it takes of a core meanwhile. Once as they end that were started together, and once with their ends spread: what
 * the hosts do at an end all takes of this machine's cores, which fifty real ones do not share.
 *
 * @param seconds  how long a run lasts at least: longer than it takes to start them all
 * @param spread  seconds over which their ends are spread, the second time
 */
export async function sshFifty(seconds: number, spread: number): Promise<boolean> {
  const names = Array.from({ length: HOSTS }, (_, i) => `lab${i + 1}`);
  const lab = await openLab(names, RUNS_EACH);
  if (lab === null) return true;
  const together = await measure(lab, "as they were started", () => seconds);
  const apart = await measure(lab, `spread over ${spread} s`, (n) => seconds + (n % (spread + 1)));
  await lab.close();
  return together && apart;
}

async function measure(lab: BenchLab, ends: string, secondsOf: (n: number) => number): Promise<boolean> {
  const lines = Array.from({ length: RUNS }, (_, i) => lineOf(secondsOf(i + 1))).join("");
  const folder = lab.folder(ends, { lines });
  const { endedAt, times } = await watch(lab, folder);
  const { lateS, problems } = compare(folder, secondsOf, endedAt);
  for (const problem of problems.slice(0, 5)) console.log(`  DOES NOT COUNT: ${problem}`);
  printTitle(`${RUNS_EACH} runs of ${secondsOf(0)} s or more on each of ${HOSTS} hosts, their ends ${ends}`);
  const { submitted, running, ending, ended } = times;
  const phase = (name: string, from: CpuTimes, to: CpuTimes) => {
    const share = (part: "yardMs" | "sshMs") => `${percent(from, to, part).toFixed(1)} %`;
    return [name, ((to.at - from.at) / 1000).toFixed(1), share("yardMs"), share("sshMs")];
  };
  printTable(
    ["of one core", "seconds", "the yard", "its ssh processes"],
    [
      phase("until all run", submitted, running),
      phase("all run", running, ending),
      phase("until all have ended", ending, ended),
    ],
  );
  const late = (name: string, part: number): Limit => {
    const value = percentile(lateS, part);
    return { what: `from a run's end to the yard's word: ${name}`, value, atMost: DELAY_S, unit: "s" };
  };
  const share = percent(running, ending, "yardMs");
  const isKept = printLimits([
    late("p50", 0.5),
    late("p99", 0.99),
    late("worst", 1),
    { what: "the yard, of one core, while all run", value: share, atMost: CPU_PERCENT, unit: "%" },
  ]);
  return isKept && problems.length === 0;
}

/** Waits without a process of its own: a thousand sleeps a second would be what is measured. */
function lineOf(seconds: number): string {
  return `exec 3<> <(:); for i in {1..${seconds}}; do echo $i; read -rt 1 -u 3; done; echo $EPOCHREALTIME\n`;
}

function percent(from: CpuTimes, to: CpuTimes, part: "yardMs" | "sshMs"): number {
  return ((to[part] - from[part]) / (to.at - from.at)) * 100;
}

async function watch(lab: BenchLab, folder: string): Promise<Seen> {
  const endedAt: Seen["endedAt"] = new Map();
  const now = () => cpuTimes(lab.stage, lab.yard.pids().yard);
  const submitted = now();
  const job: number = JSON.parse(await lab.batch(folder, "lines", ["--on", lab.pool, "--detach", "--json"])).job.id;
  const told = (run: Run) => {
    if (run.line !== null && run.endedAt !== null && !endedAt.has(run.line)) endedAt.set(run.line, Date.now());
  };
  let between: Promise<Pick<Seen["times"], "running" | "ending">> | null = null;
  for await (const { event, data } of lab.yard.events(job)) {
    if (event === "run") told(JSON.parse(data));
    if (event !== "job") continue;
    const { runs, endedAt: jobEndedAt }: Job = JSON.parse(data);
    if (runs.running === RUNS) between ??= whileAllRun();
    // Of many changes at once only some are told one by one.
    if (runs.succeeded + runs.failed > endedAt.size) await listEnded();
    if (jobEndedAt !== null) break;
  }
  if (between === null) throw new Error("the runs never all ran at once: make them last longer");
  return { endedAt, times: { submitted, ...(await between), ended: now() } };

  async function whileAllRun() {
    await sleep(SETTLE_MS);
    const running = now();
    let ending = running;
    while (endedAt.size === 0) {
      ending = now();
      await sleep(500);
    }
    return { running, ending };
  }

  async function listEnded(): Promise<void> {
    const { runs } = await lab.yard.client.call("listRuns", { params: { job }, query: { limit: RUNS } });
    for (const run of runs) told(run);
  }
}

/** How much later than each run's own last word the yard's came, in seconds; and what is wrong with the outputs. */
function compare(folder: string, secondsOf: (n: number) => number, endedAt: Map<number, number>) {
  const lateS: number[] = [];
  const problems: string[] = [];
  for (let n = 1; n <= RUNS; n += 1) {
    const counted = Array.from({ length: secondsOf(n) }, (_, i) => `${i + 1}\n`).join("");
    const text = readFileSync(`${folder}/job_results/lines.${n}.out`, "utf8");
    const last = text.startsWith(counted) ? /^\d+\.\d{6}\n$/.exec(text.slice(counted.length)) : null;
    const saidAt = endedAt.get(n);
    if (last === null) problems.push(`the output of line ${n} is not what it printed`);
    else if (saidAt === undefined) problems.push(`the yard never said that line ${n} has ended`);
    else lateS.push(saidAt / 1000 - Number(last[0]));
  }
  return { lateS, problems };
}
