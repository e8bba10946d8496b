import { spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { listProcesses } from "../src/platform/processes.ts";
import { type Slurm, startSlurm } from "../test/testbed/slurm.ts";
import { type Limit, median, printLimits, printTable, printTitle } from "./figures.ts";
import { cpuMs, reapedCpuMs } from "./memory.ts";
import { openStage } from "./stage.ts";
import { type BenchYard, startYard } from "./yard.ts";

const RUNS = 1000;
const POOL = "slurm:bench";
/** A run needs a core of the bed's sixteen; for so many at once each node says that it has this many. */
const MANY_CORES = 600;

/**
 * A thousand runs of `true` through Slurm beside an array of Slurm's own, on a real Slurm of two nodes on this machine; and
 * what it costs to watch a thousand that run. Needs root.
 */
export async function slurmArray(rounds: number, watchMs: number): Promise<boolean> {
  if (process.getuid?.() !== 0) {
    console.log("\nslurm-array is left out: starting a Slurm here takes root.");
    return true;
  }
  const beside = await besideAnArray(rounds);
  const watched = await watchThousand(watchMs);
  printTitle(`Through Slurm: ${RUNS} × true, median of ${rounds} rounds; then ${RUNS} that run`);
  printTable(
    ["", "s", "runyard takes"],
    [
      ["runyard", beside.oursS.toFixed(2), "1.00 ×"],
      ["Slurm's own array", beside.slurmS.toFixed(2), `${(beside.oursS / beside.slurmS).toFixed(2)} ×`],
    ],
  );
  return printLimits([
    { what: "from Enter to all in Slurm's queue", value: beside.acceptedMs / 1000, atMost: 1.5, unit: "s" },
    endToEnd(beside),
    { what: `yard while ${RUNS} run, of a core`, value: watched.yardPercent, atMost: 2, unit: "%" },
    { what: "its commands and looks, of a core", value: watched.commandsPercent, atMost: 2, unit: "%" },
  ]);
}

/** 1.15 ×, or three seconds more. */
function endToEnd({ oursS, slurmS }: { oursS: number; slurmS: number }): Limit {
  const atMost = Number(Math.max(1.15, (slurmS + 3) / slurmS).toFixed(2));
  return { what: "end to end, beside Slurm's own array", value: oursS / slurmS, atMost, unit: "×" };
}

async function besideAnArray(rounds: number) {
  const slurm = await startSlurm({ settings: { MaxArraySize: "10001", MaxJobCount: "20000" } });
  const stage = openStage();
  try {
    const yard = await startYardWithPool(slurm, stage);
    const found: { oursS: number; slurmS: number; acceptedMs: number }[] = [];
    for (let round = 0; round <= rounds; round += 1) {
      const ours = await throughRunyard(yard, round + 1);
      const slurmS = await throughSlurm(slurm, stage.folder, round);
      // The first one makes what later ones find.
      if (round > 0) found.push({ ...ours, slurmS });
    }
    await yard.stop();
    return {
      oursS: median(found.map(({ oursS }) => oursS)),
      slurmS: median(found.map(({ slurmS }) => slurmS)),
      acceptedMs: Math.max(...found.map(({ acceptedMs }) => acceptedMs)),
    };
  } finally {
    stage.clear();
    await slurm.stop();
  }
}

async function startYardWithPool(slurm: Slurm, stage: ReturnType<typeof openStage>): Promise<BenchYard> {
  const pools = { [POOL]: { conf: slurm.conf, resources: { mem: "1" } } };
  mkdirSync(`${stage.folder}/.config/runyard`, { recursive: true });
  writeFileSync(`${stage.folder}/.config/runyard/runyard.yaml`, JSON.stringify({ pools }));
  return startYard(stage, "slurm");
}

async function throughRunyard(yard: BenchYard, job: number): Promise<{ oursS: number; acceptedMs: number }> {
  const startedAt = performance.now();
  const done = yard.cli(["run", "--yes", "--wait", "--on", POOL, "--runs", `${RUNS}`, "--", "true"]);
  const accepted = allAccepted(yard, job).then(() => performance.now() - startedAt);
  const { code } = await done;
  const oursS = (performance.now() - startedAt) / 1000;
  const { job: ended } = await yard.client.call("showJob", { params: { job } });
  if (code !== 0 || ended.runs.succeeded !== RUNS) {
    const { runs } = await yard.client.call("listRuns", { params: { job }, query: { status: "failed" } });
    throw new Error(`not all ${RUNS} have succeeded: ${JSON.stringify(runs.slice(0, 3))}`);
  }
  return { oursS, acceptedMs: await accepted };
}

/** As soon as the last run has the id that Slurm has given it. */
async function allAccepted(yard: BenchYard, job: number): Promise<void> {
  for (;;) {
    const shown = await yard.client.call("showRun", { params: { job, n: RUNS } }).catch(() => null);
    if (shown?.attempts.at(-1)?.ticket) return;
    await sleep(20);
  }
}

async function throughSlurm(slurm: Slurm, folder: string, round: number): Promise<number> {
  const out = `${folder}/array-${round}`;
  mkdirSync(out);
  const startedAt = performance.now();
  // Its own --wait looks every few seconds only.
  const submit = `sbatch -Q --array=1-${RUNS} --mem=1 -D / -o '${out}/%a.out' --wrap true >/dev/null
    while [ -n "$(squeue -h -o %t)" ]; do sleep 0.1; done`;
  const environment = { ...process.env, SLURM_CONF: slurm.conf };
  const child = spawn("sh", ["-c", submit], { env: environment, stdio: ["ignore", "ignore", "inherit"] });
  await new Promise((resolve) => child.once("close", resolve));
  return (performance.now() - startedAt) / 1000;
}

/** What works for the yard: what has ended, Slurm's commands, and the shell that looks into spools. */
function othersMs(yard: number | null): number {
  const living = listProcesses().filter(({ ppid }) => ppid === yard);
  return living.reduce((sum, { pid }) => sum + cpuMs(pid) + reapedCpuMs(pid), reapedCpuMs(yard));
}

async function watchThousand(watchMs: number): Promise<{ yardPercent: number; commandsPercent: number }> {
  const slurm = await startSlurm({ settings: { MaxArraySize: "10001", MaxJobCount: "20000" }, cores: MANY_CORES });
  const stage = openStage();
  try {
    const yard = await startYardWithPool(slurm, stage);
    await yard.cli(["run", "--yes", "--on", POOL, "--runs", `${RUNS}`, "--", "sleep", "3600"]);
    for (let running = 0; running < RUNS; ) {
      await sleep(500);
      const { runs } = await yard.client.call("listRuns", {
        params: { job: 1 },
        query: { status: "running", limit: RUNS },
      });
      running = runs.length;
    }
    await sleep(5000);
    const { yard: pid } = yard.pids();
    const before = { at: performance.now(), own: cpuMs(pid), others: othersMs(pid) };
    await sleep(watchMs);
    const spent = performance.now() - before.at;
    const percent = (ms: number) => (100 * ms) / spent;
    const found = {
      yardPercent: percent(cpuMs(pid) - before.own),
      commandsPercent: percent(othersMs(pid) - before.others),
    };
    await yard.stop();
    return found;
  } finally {
    stage.clear();
    await slurm.stop();
  }
}
