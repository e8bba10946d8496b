import { userInfo } from "node:os";
import { onTestFinished } from "vitest";
import { oneLook } from "../../src/core/gpu_use.ts";
import { type Gpu, plainHardware } from "../../src/core/machine.ts";
import type { Report } from "../../src/core/report.ts";
import { coarseGrain, startOf } from "../../src/core/use_history.ts";
import { homeOf, readToken } from "../../src/platform/home.ts";
import { openChanges } from "../../src/store/changes.ts";
import { connectSqlite } from "../../src/store/dialect.ts";
import { ensureMachine, selectMachineNames, updateHardware } from "../../src/store/machines.ts";
import { ensurePool } from "../../src/store/pools.ts";
import { openStore } from "../../src/store/store.ts";
import { addUse } from "../../src/store/use.ts";
import type { TestYard } from "./a_yard.ts";

const GIB = 1024 ** 3;
const HOUR_MS = 3_600_000;
/** A machine that is not heard for 20 s counts as unreachable. */
const WORD_EVERY_MS = 5000;

export interface MadeUpMachine {
  name: string;
  pool: string;
  /** Of what differs from an idle A100. One that is idle since some time was held meanwhile. */
  gpus: Partial<Gpu>[];
  /** It never says a word. */
  isSilent?: boolean;
}

/** How busy each GPU of a machine was in the last hours; null: nobody has looked. */
export type Past = (machine: number, gpu: number, hoursAgo: number) => number | null;

/**
 * Makes machines in a yard's store, with hours of history, and then speaks for them as their agents do. What is assigned to
 * them has begun two hours ago, as they say, and ends with the test.
 */
export async function madeUpMachines(yard: TestYard, machines: readonly MadeUpMachine[], past: Past): Promise<void> {
  const home = homeOf({ RUNYARD_HOME: yard.home });
  await yard.stop();
  await fill(home.database, machines, past);
  await yard.start();
  const agents = yard.clientWith(readToken(home.agentToken) ?? "");
  const speaking = machines.flatMap(({ name, gpus, isSilent }) => (isSilent ? [] : [{ name, hardware: whole(gpus) }]));
  let epoch = 0;
  const running = new Map<string, string>();
  for (const { name, hardware } of speaking) {
    const body = {
      agent: `agent of ${name}`,
      machine: name,
      hardware,
      bootId: "b",
      host: name,
      address: "",
      spool: "/s",
    };
    const welcome = await agents.call("hello", { params: { machine: name }, body });
    epoch = welcome.epoch;
  }

  async function speak(): Promise<void> {
    for (const { name, hardware } of speaking) {
      const who = { agent: `agent of ${name}`, epoch };
      const orders = await agents.call("poll", { params: { machine: name }, body: { ...who, waitMs: 0 } });
      const at = Date.now() - 2 * HOUR_MS;
      const reports = orders.assignments.map(({ attempt }) => ({ kind: "started" as const, attempt, at, pid: 1 }));
      for (const { attempt } of reports) running.set(attempt, name);
      await agents.call("report", { params: { machine: name }, body: { ...who, reports, hardware } });
    }
  }

  await speak();
  let speech: Promise<void> = Promise.resolve();
  const speaker = setInterval(() => {
    speech = speech.then(speak).catch(() => undefined);
  }, WORD_EVERY_MS);
  onTestFinished(async () => {
    clearInterval(speaker);
    await speech;
    await yard.client.call("cancel", { body: { select: "all", graceMs: 0 } });
    await speak();
    for (const [name, some] of Map.groupBy(running, ([, name]) => name)) {
      const reports = some.map(([attempt]) => anEnd(attempt));
      await agents.call("report", { params: { machine: name }, body: { agent: `agent of ${name}`, epoch, reports } });
    }
  });
}

function anEnd(attempt: string): Extract<Report, { kind: "ended" }> {
  const none = { kind: "none" as const };
  return {
    kind: "ended",
    attempt,
    startedAt: 1,
    endedAt: 2,
    ending: { kind: "exited", exitCode: 0 },
    timeLimitMs: null,
    out: none,
    err: none,
    events: none,
    symptom: null,
    memoryPeakBytes: null,
    gpuMemoryPeakBytes: null,
  };
}

function whole(gpus: readonly Partial<Gpu>[]) {
  const usual = { name: "NVIDIA A100-SXM4-80GB", memoryBytes: 80 * GIB, usedBytes: 0, utilization: 0 };
  const [plain] = plainHardware(1).gpus;
  if (!plain) throw new Error("a machine with one GPU has one");
  return {
    ...plainHardware(0, { cpus: 64, memoryBytes: 512 * GIB }),
    gpus: gpus.map((gpu, index) => ({ ...plain, ...usual, index: String(index), ...gpu })),
  };
}

async function fill(database: string, machines: readonly MadeUpMachine[], past: Past): Promise<void> {
  const store = openStore(connectSqlite(database), openChanges());
  const now = Date.now();
  try {
    await store.write(async (db) => {
      for (const { name, pool, gpus } of machines) {
        await ensurePool(db, pool, "agent", userInfo().username);
        await ensureMachine(db, name, pool);
        const id = (await selectMachineNames(db)).find((one) => one.name === name)?.id ?? 0;
        await updateHardware(db, id, whole(gpus), now);
      }
    });
    const ids = new Map((await selectMachineNames(store.read)).map(({ id, name }) => [name, id]));
    for (let at = startOf(coarseGrain, now - 6 * HOUR_MS); at < now; at += coarseGrain.spanMs) {
      const hoursAgo = (now - at) / HOUR_MS;
      const seen = machines.flatMap(({ name, gpus }, machine) => {
        const looks = gpus.flatMap(({ usedBytes = 0, idleSince = null }, gpu) => {
          const share = past(machine, gpu, hoursAgo);
          const idleMs = idleSince !== null && idleSince <= at ? coarseGrain.spanMs : 0;
          const use = { heldMs: coarseGrain.spanMs, idleMs };
          return share === null ? [] : [[String(gpu), { ...oneLook(share, usedBytes), ...use }] as const];
        });
        return looks.length === 0 ? [] : [{ machine: ids.get(name) ?? 0, at, gpus: new Map(looks) }];
      });
      await store.write((db) => addUse(db, seen));
    }
  } finally {
    await store.close();
  }
}
