import { setTimeout as sleep } from "node:timers/promises";
import { printLimits, printTitle, timed } from "./figures.ts";
import { cpuMs, residentMb } from "./memory.ts";
import { openStage } from "./stage.ts";
import { type BenchYard, startYard } from "./yard.ts";

const YARD_MB = 140;
const AGENT_MB = 85;
const READY_MS = 3000;
const QUEUED = 100_000;
const SLEEPING = 1000;

/** What a yard and its agent hold when nothing happens, and how soon they are back after kill -9. */
export async function idle(idleMs: number): Promise<boolean> {
  const quiet = await afterWork(idleMs);
  const back = await afterKill();
  return quiet && back;
}

async function afterWork(idleMs: number): Promise<boolean> {
  const stage = openStage();
  const yard = await startYard(stage, "yard");
  const job = await yard.submit({ work: truth(1000) });
  await yard.ended(job.id);
  const { yard: yardPid, agent } = yard.pids();
  await sleep(idleMs / 2);
  const [yardBefore, agentBefore] = [cpuMs(yardPid), cpuMs(agent)];
  await sleep(idleMs / 2);
  printTitle(`After 1,000 runs and ${idleMs / 1000} s of nothing`);
  const isKept = printLimits([
    { what: "the yard holds", value: residentMb(yardPid), atMost: YARD_MB, unit: "MB" },
    { what: "the agent holds", value: residentMb(agent), atMost: AGENT_MB, unit: "MB" },
  ]);
  const share = (ms: number) => `${((ms / (idleMs / 2)) * 100).toFixed(2)} %`;
  console.log(`of one core: yard ${share(cpuMs(yardPid) - yardBefore)}, agent ${share(cpuMs(agent) - agentBefore)}`);
  await yard.stop();
  stage.clear();
  return isKept;
}

async function afterKill(): Promise<boolean> {
  const stage = openStage();
  const yard = await startYard(stage, "yard", { slots: SLEEPING });
  const command = { kind: "argv" as const, argv: ["sleep", "900"] };
  const sleeping = await yard.submit({ work: { kind: "command", command, space: { repeat: SLEEPING } } });
  while ((await running(yard, sleeping.id)) < SLEEPING) await sleep(100);
  await yard.submit({ work: truth(QUEUED), paused: true });
  await sleep(3000);

  killAll(yard, ["yard"]);
  const yardAlone = await timed(() => yard.start());
  const stillRunning = await running(yard, sleeping.id);
  await sleep(1000);
  killAll(yard, ["yard", "agent"]);
  const both = await timed(() => yard.start());
  const atLast = await running(yard, sleeping.id);
  if (stillRunning !== SLEEPING || atLast !== SLEEPING)
    throw new Error(`${stillRunning}, ${atLast} of ${SLEEPING} still run`);

  printTitle(`Ready again after kill -9, with ${QUEUED} runs queued and ${SLEEPING} running`);
  const isKept = printLimits([
    { what: "yard killed", value: yardAlone.ms, atMost: READY_MS, unit: "ms" },
    { what: "yard and agent killed", value: both.ms, atMost: READY_MS, unit: "ms" },
  ]);
  await yard.client.call("cancel", { body: { select: "all", graceMs: 0 } });
  while ((await running(yard, sleeping.id)) > 0) await sleep(100);
  await yard.stop();
  stage.clear();
  return isKept;
}

function truth(repeat: number) {
  return { kind: "command" as const, command: { kind: "argv" as const, argv: ["true"] }, space: { repeat } };
}

async function running(yard: BenchYard, job: number): Promise<number> {
  return (await yard.client.call("showJob", { params: { job } })).job.runs.running;
}

function killAll(yard: BenchYard, which: ("yard" | "agent")[]): void {
  const pids = yard.pids();
  for (const name of which) {
    const pid = pids[name];
    if (pid !== null) process.kill(pid, "SIGKILL");
  }
}
