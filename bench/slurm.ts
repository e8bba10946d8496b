import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { median, printTable, printTitle } from "./figures.ts";
import type { Stage } from "./stage.ts";
import type { BenchYard } from "./yard.ts";

const PACKAGES = "slurmctld slurmd slurm-client munge";

/** An array of `true` in a Slurm of one node with eight processors, side by side with Runyard. Needs root. */
export async function runWithSlurm(stage: Stage, yard: BenchYard, runs: number, pairs: number): Promise<void> {
  if (process.getuid?.() !== 0) return console.log("\nSlurm is left out: starting one here takes root.");
  if (!isThere("slurmctld") || !isThere("munged")) sh(`apt-get install -y --no-install-recommends ${PACKAGES}`, {});
  const folder = `${stage.folder}/slurm`;
  const environment = startSlurm(stage, folder);
  const rounds: { ours: number; slurm: number }[] = [];
  for (let round = 0; round < pairs; round += 1) {
    const ours = await timeOf(async () => {
      await yard.cli(["run", "--yes", "--wait", "--runs", String(runs), "--", "true"]);
    });
    rounds.push({ ours, slurm: await timeOf(() => runArray(runs, folder, environment)) });
  }
  const ratio = median(rounds.map(({ ours, slurm }) => slurm / ours));
  printTitle(`true: ${runs} runs, 8 at once, median of ${pairs} rounds`);
  printTable(
    ["", "runs/s", "runyard is × as fast"],
    [
      ["runyard", (runs / median(rounds.map(({ ours }) => ours))).toFixed(0), "1.00"],
      ["Slurm's array", (runs / median(rounds.map(({ slurm }) => slurm))).toFixed(0), ratio.toFixed(2)],
    ],
  );
}

function startSlurm(stage: Stage, folder: string): Record<string, string> {
  const host = hostname().split(".")[0] ?? "localhost";
  for (const part of ["state", "spool", "log", "out"]) mkdirSync(`${folder}/${part}`, { recursive: true });
  // Slurm's daemons go on as another user where the spool is not open to them.
  sh(`chmod 755 '${stage.folder}' '${folder}' '${folder}/out'`, {});
  writeFileSync(`${folder}/slurm.conf`, configuration(host, folder));
  sh(
    "install -d -o munge -g munge -m 755 /run/munge && { pgrep -x munged >/dev/null || runuser -u munge -- /usr/sbin/munged; }",
    stage.environment,
  );
  const environment = { ...stage.environment, SLURM_CONF: `${folder}/slurm.conf` };
  sh(`slurmctld -f '${folder}/slurm.conf' -c && slurmd -f '${folder}/slurm.conf' -N n1 -c`, environment);
  sh('for try in $(seq 200); do [ "$(sinfo -h -o %T)" = idle ] && exit 0; sleep .1; done; exit 1', environment);
  return environment;
}

function configuration(host: string, folder: string): string {
  return `ClusterName=bench
SlurmctldHost=${host}(127.0.0.1)
SlurmctldPort=16917
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
CredType=cred/munge
StateSaveLocation=${folder}/state
SlurmdSpoolDir=${folder}/spool
SlurmctldPidFile=${folder}/slurmctld.pid
SlurmdPidFile=${folder}/slurmd.pid
SlurmctldLogFile=${folder}/log/slurmctld
SlurmdLogFile=${folder}/log/slurmd
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
MpiDefault=none
ReturnToService=2
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerType=sched/backfill
SchedulerParameters=sched_interval=1,sched_min_interval=10000,batch_sched_delay=0,defer,bf_interval=1
SlurmdParameters=config_overrides
AccountingStorageType=accounting_storage/none
JobCompType=jobcomp/none
MaxJobCount=20000
MaxArraySize=10001
NodeName=n1 NodeHostname=${host} NodeAddr=127.0.0.1 Port=17901 CPUs=8 RealMemory=1024 State=UNKNOWN
PartitionName=all Nodes=n1 Default=YES MaxTime=INFINITE State=UP
`;
}

async function runArray(runs: number, folder: string, environment: Record<string, string>): Promise<void> {
  const out = `${folder}/out/%a`;
  // Its own --wait looks every few seconds only.
  const submit = `sbatch -Q --array=1-${runs} --mem=1 -D / -o ${out}.out -e ${out}.err --wrap true >/dev/null
    while [ -n "$(squeue -h -o %t)" ]; do sleep 0.1; done`;
  const child = spawn("sh", ["-c", submit], { env: environment, stdio: ["ignore", "ignore", "inherit"] });
  await new Promise((resolve) => child.once("close", resolve));
}

function isThere(program: string): boolean {
  return (
    spawnSync("sh", ["-c", `command -v ${program}`], { env: { PATH: `${process.env["PATH"]}:/usr/sbin` } }).status === 0
  );
}

function sh(text: string, environment: Record<string, string>): void {
  const env = { ...process.env, ...environment, PATH: `${process.env["PATH"]}:/usr/sbin:/sbin` };
  const { status } = spawnSync("sh", ["-c", text], { env, stdio: ["ignore", "ignore", "inherit"] });
  if (status !== 0) throw new Error(`this failed: ${text}`);
}

async function timeOf(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return (performance.now() - startedAt) / 1000;
}
