import { rmSync } from "node:fs";
import { join } from "node:path";
import type { AttemptId, JobId } from "../../src/core/run.ts";
import { assignAttempts, takeAttempts } from "../../src/store/attempts.ts";
import { insertAudit } from "../../src/store/audit.ts";
import { openChanges } from "../../src/store/changes.ts";
import { settleDependants } from "../../src/store/dependencies.ts";
import { connectSqlite } from "../../src/store/dialect.ts";
import { settleFact } from "../../src/store/facts.ts";
import { insertJob, type NewJob } from "../../src/store/jobs.ts";
import { takeLease } from "../../src/store/lease.ts";
import { ensureMachine, introduceAgent, setMachine } from "../../src/store/machines.ts";
import { migrate } from "../../src/store/migrate.ts";
import { ensurePool } from "../../src/store/pools.ts";
import { recordEnds, recordObserved, recordStarts } from "../../src/store/reports.ts";
import { cancelQueued } from "../../src/store/cancel.ts";
import { openStore } from "../../src/store/store.ts";
import { insertToken } from "../../src/store/tokens.ts";

/**
 * Makes `test/data/<version>.db`, a database as this version of Runyard writes it: `npx node test/data/make.ts 0.1.0`.
 * One is kept of every released version, never changed, and `old_databases.test.ts` opens them all.
 */
const version = process.argv[2];
if (version === undefined) throw new Error("usage: npx node test/data/make.ts VERSION");

const NOW = 1_700_000_000_000;
const path = join(import.meta.dirname, `${version}.db`);
const slot = { devices: "0", gpus: ["0"], cpus: 1, memoryBytes: 0 };

const plain: NewJob = {
  name: "train",
  user: "ada",
  pool: "local",
  priority: 30,
  paused: false,
  work: { kind: "command", command: { kind: "argv", argv: ["python3", "train.py", "--lr={lr}"] }, spaces: [] },
  total: 4,
  demand: { gpus: 1, cpus: null, memoryBytes: null },
  plan: { cwd: "/home/ada", environment: "e1", umask: "022", limits: {}, out: null, snapshot: null, commit: "c0ffee" },
  tags: ["digits"],
  retries: 1,
  timeLimitMs: null,
  expectedMs: null,
  atMost: 2,
  resumable: false,
  after: [],
};
const lines: NewJob = {
  ...plain,
  name: "lines",
  work: { kind: "lines", lines: [[1, "true"], [3, 'echo "a  b"']] },
  total: 2,
  paused: true,
};

for (const suffix of ["", "-wal", "-shm"]) rmSync(path + suffix, { force: true });
const connections = connectSqlite(path);
await migrate(connections, null);
const store = openStore(connections, openChanges());
const { dialect } = store;

await store.write(async (db) => {
  await settleFact(db, "yard", "0a1b2c3d4e");
  await takeLease(db, dialect, "holder", true);
  await ensurePool(db, "local", "agent", "ada");
  await ensureMachine(db, "local", "local");
  const hardware = { cpus: 8, memoryBytes: 2 ** 34, gpus: [], problems: [], unseen: null, reserved: [], blocked: null };
  const where = { bootId: "b1", host: "lab1", address: "10.0.0.5", spool: "/spool" };
  await introduceAgent(db, "local", { agent: "a1", hardware, ...where }, NOW);
  await setMachine(db, "local", { slots: ["0", "1", ""] });
  const token = { id: "t1", user_name: "ada", role: "admin" as const, label: "made at the first start" };
  await insertToken(db, { ...token, hash: "0".repeat(64), created_at: NOW, expires_at: null, revoked_at: null, made_by: null });
  await insertAudit(db, { at: NOW, user: "ada", action: "submit", target: "1", detail: { runs: 4 } });
});

const train = await store.write((db) => insertJob(db, dialect, plain, NOW));
await store.write((db) => insertJob(db, dialect, lines, NOW));
await store.write((db) => insertJob(db, dialect, { ...plain, name: "large", total: 1_000_000 }, NOW));
const dependant = { ...plain, name: "after", total: 1, after: [{ job: 1, any: false }, { job: 2, any: true }] };
await store.write((db) => insertJob(db, dialect, dependant, NOW));

const [first, second] = await assign(train, 2);
await store.write((db) => takeAttempts(db, 1, "a1", 10));
await store.write((db) => recordStarts(db, [first, second].flatMap((id) => (id ? [{ attempt: id, at: NOW + 1000 }] : []))));
if (first) {
  const seen = { progress: { done: 10, of: 10 }, metrics: { loss: "NaN" }, result: { accuracy: 0.97 } };
  await store.write((db) => recordObserved(db, [{ attempt: first, ...seen }]));
  await end(first, 0);
}
if (second) await end(second, 3);
const [again] = await assign(train, 1);
if (again) await end(again, 3);
await assign(train, 1);
await store.write((db) => cancelQueued(db, dialect, [{ job: train, range: { first: 4, last: 4 } }], NOW));
await store.write((db) => cancelQueued(db, dialect, [{ job: 3 as JobId, range: null }], NOW));
await store.write((db) => settleDependants(db, [train], NOW));
await store.close();

async function assign(job: JobId, count: number): Promise<AttemptId[]> {
  const starts = Array.from({ length: count }, () => ({ job, n: null, resumable: false, workers: [{ machine: 1, slot }], port: null, snapshot: null }));
  const id = (job: JobId, n: number, attempt: number) => `${job}.${n}.${attempt}-k3v9x0q2aa` as AttemptId;
  const given = await store.write((db) => assignAttempts(db, dialect, starts, 1, id, NOW));
  return given.flat().map((attempt) => attempt.id);
}

async function end(attempt: AttemptId, exitCode: number): Promise<void> {
  const output = JSON.stringify({ out: { kind: "none" }, err: { kind: "none" }, events: { kind: "none" } });
  const ended = { attempt, startedAt: NOW + 1000, endedAt: NOW + 2000, ending: { kind: "exited" as const, exitCode } };
  const peaks = { memoryPeakBytes: 1_000_000, gpuMemoryPeakBytes: null };
  await store.write((db) => recordEnds(db, [{ ...ended, ...peaks, timeLimitMs: null, symptom: null, output }], NOW + 2000));
}
