import { copyFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import type { AttemptId, JobId } from "../src/core/run.ts";
import { assignAttempts, selectAttemptsOfRun, selectOpenAttempts } from "../src/store/attempts.ts";
import { selectAudit } from "../src/store/audit.ts";
import { openChanges } from "../src/store/changes.ts";
import { selectAfter } from "../src/store/dependencies.ts";
import { connectSqlite } from "../src/store/dialect.ts";
import { readFact } from "../src/store/facts.ts";
import { makeNextRuns, selectJob, selectLines, setJob } from "../src/store/jobs.ts";
import { selectMachines } from "../src/store/machines.ts";
import { migrate } from "../src/store/migrate.ts";
import { selectPools } from "../src/store/pools.ts";
import { selectResultPage, selectRunPage } from "../src/store/run_page.ts";
import { selectRun } from "../src/store/runs.ts";
import { openStore } from "../src/store/store.ts";
import { selectValidToken } from "../src/store/tokens.ts";
import { aFolder } from "./helpers/a_folder.ts";

const data = join(import.meta.dirname, "data");
const versions = readdirSync(data).filter((name) => name.endsWith(".db"));

/** A copy of the database as `data/make.ts` of that version left it, brought to today's form. */
async function reopened(name: string) {
  const path = join(await aFolder(), "yard.db");
  copyFileSync(join(data, name), path);
  const connections = connectSqlite(path);
  await migrate(connections, null);
  const store = openStore(connections, openChanges());
  onTestFinished(() => store.close());
  return store;
}

const wholeList = { descending: false, after: null, limit: 10 };
const ofJob1 = { job: 1 as JobId, statuses: null };

test.for(versions)("the database of %s opens with everything in it", async (name) => {
  const { read } = await reopened(name);
  expect(await readFact(read, "yard")).toBe("0a1b2c3d4e");
  expect(await selectPools(read)).toMatchObject([{ name: "local", driver: "agent", owner: "ada", paused: false }]);
  expect(await selectMachines(read)).toMatchObject([{ name: "local", slots: ["0", "1", ""], agent: "a1" }]);
  expect(await selectValidToken(read, "0".repeat(64), Date.now())).toMatchObject({ user_name: "ada", role: "admin" });
  expect(
    await selectAudit(read, { user: null, action: null, target: null }, { ...wholeList, key: "id" }),
  ).toMatchObject([{ action: "submit", target: "1" }]);
  expect(await selectJob(read, 1)).toMatchObject({
    name: "train",
    tags: ["digits"],
    counts: { total: 4, running: 1, succeeded: 1, failed: 1, cancelled: 1 },
    endedAt: null,
  });
  const runs = await selectRunPage(read, { ...ofJob1, range: null, machine: null }, { ...wholeList, key: "n" });
  expect(runs.map((run) => run.status)).toEqual(["succeeded", "failed", "starting", "cancelled"]);
  expect(runs[0]).toMatchObject({ metrics_json: '{"loss":"NaN"}', result_json: '{"accuracy":0.97}', exit_code: 0 });
  const best = await selectResultPage(read, ofJob1, { ...wholeList, key: "accuracy" });
  expect(best.map((run) => run.n)).toEqual([1]);
  expect((await selectAttemptsOfRun(read, 1 as JobId, 2)).map((row) => [row.try, row.status])).toEqual([
    [1, "ended"],
    [2, "ended"],
  ]);
  expect((await selectOpenAttempts(read, null)).map((row) => row.n)).toEqual([3]);
  expect(await selectLines(read, 2 as JobId)).toEqual([
    [1, "true"],
    [3, 'echo "a  b"'],
  ]);
  expect(await selectJob(read, 3)).toMatchObject({ counts: { total: 1_000_000, cancelled: 1_000_000 } });
  expect((await selectAfter(read, [4 as JobId])).get(4)).toEqual([
    { job: 1, any: false, met: false },
    { job: 2, any: true, met: false },
  ]);
});

test.for(versions)("a yard goes on with the database of %s", async (name) => {
  const store = await reopened(name);
  const { dialect, read } = store;
  const job = 2 as JobId;
  const slot = { devices: "", gpus: [], cpus: 1, memoryBytes: 0 };
  const start = { job, n: null, resumable: false, workers: [{ machine: 1, slot }], port: 0, snapshot: null };
  const id = (job: JobId, n: number, attempt: number) => `${job}.${n}.${attempt}-new` as AttemptId;
  await store.write((db) => setJob(db, job, { priority: 50 }));
  const given = await store.write((db) => assignAttempts(db, dialect, [start], 1, id, 1));
  expect(given).toMatchObject([[{ id: "2.1.1-new", n: 1 }]]);
  await store.write((db) => makeNextRuns(db, dialect, 3 as JobId, 5000));
  expect(await selectRun(read, 3 as JobId, 6000)).toMatchObject({ status: "cancelled" });
});
