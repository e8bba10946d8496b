import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, writeFileSync } from "node:fs";
import { afterAll, expect, test } from "vitest";
import type { SubmissionInput } from "../../src/api/job.ts";
import { connectPostgres } from "../../src/store/dialect.ts";
import { ensurePool, selectPools } from "../../src/store/pools.ts";
import { opened } from "../conformance/store/a_store.ts";
import { aYard, type TestYard } from "../helpers/a_yard.ts";
import { until } from "../helpers/until.ts";
import { startPostgres } from "../testbed/postgres.ts";

const server = await startPostgres();
afterAll(async () => {
  if ("stop" in server) await server.stop();
});

const CODES = [0, 3, 5, 0];

function heldLines(): SubmissionInput["work"] {
  const line = (code: number) =>
    `echo begun; echo start >> "starts.$RUNYARD_RUN"; until [ -e go ]; do sleep 0.03; done; echo over; exit ${code}`;
  return { kind: "lines", lines: CODES.map((code, index): [number, string] => [index + 1, line(code)]) };
}

async function expectEnds(yard: TestYard): Promise<void> {
  await yard.ends(1);
  for (const [index, code] of CODES.entries()) {
    const run = await yard.run(`1.${index + 1}`);
    expect(run).toMatchObject({ exitCode: code, attempts: 1 });
    expect(await yard.output(run.id)).toBe("begun\nover\n");
    expect(yard.read(`starts.${run.id}`)).toBe("start\n");
  }
}

/** Follows the output of a run into a file of the yard's folder. Resolves with the exit code. */
async function follow({ folder, program }: TestYard, run: string, file: string): Promise<number> {
  const [node = "", ...words] = program.command;
  const out = openSync(`${folder}/${file}`, "w");
  const child = spawn(node, [...words, "logs", "-f", run], {
    env: program.environment,
    stdio: ["ignore", out, "ignore"],
  });
  closeSync(out);
  const [code] = await once(child, "exit");
  return code;
}

async function aYardOnPostgres(): Promise<TestYard> {
  if ("missing" in server) throw new Error(server.missing);
  return aYard({ slots: ["", "", ""], environment: { RUNYARD_DATABASE: await server.database() } });
}

test.skipIf("missing" in server)("killed on PostgreSQL, a yard goes on where it was", async () => {
  const yard = await aYardOnPostgres();
  await yard.submit("", { work: heldLines() });
  for (const run of ["1.1", "1.2", "1.3"]) await yard.reaches(run, "running");
  await yard.killYard();
  writeFileSync(`${yard.folder}/go`, "");
  await yard.start();
  await expectEnds(yard);
});

test.skipIf("missing" in server)(
  "a connection that breaks in the middle of a change fails that change, and no more",
  async () => {
    if ("missing" in server) return;
    const url = await server.database();
    const store = await opened(() => connectPostgres(url));
    const change = store.write(async (db) => {
      await ensurePool(db, "lost", "agent", "ada");
      // Nothing is being asked when the server goes: nobody but the connection itself can tell.
      await server.crash(async () => {});
      await ensurePool(db, "lost too", "agent", "ada");
    });
    await expect(change).rejects.toThrow(/[Cc]onnection/);
    await store.write((db) => ensurePool(db, "kept", "agent", "ada"));
    expect((await selectPools(store.read)).map(({ name }) => name)).toEqual(["kept"]);
  },
);

test.skipIf("missing" in server)(
  "while PostgreSQL is gone a yard says so; when it is back no run is lost",
  async () => {
    if ("missing" in server) return;
    const yard = await aYardOnPostgres();
    await yard.submit("", { work: heldLines() });
    for (const run of ["1.1", "1.2", "1.3"]) await yard.reaches(run, "running");
    const pids = [yard.yardPid(), yard.agentPid()];
    const followed = follow(yard, "1.1", "followed");
    await until(() => yard.read("followed") === "begun\n", "it is followed");
    await server.crash(async () => {
      await expect(yard.submit("true")).rejects.toMatchObject({
        problem: { code: "store_away", status: 503, exitCode: 3, detail: expect.stringMatching(/What runs goes on/) },
      });
      const ready = await yard.request("GET", "/readyz", { authorization: `Bearer ${yard.token()}` });
      expect(ready.status).toBe(503);
      writeFileSync(`${yard.folder}/go`, "");
      await until(() => yard.read("starts.1.3") !== "", "three have started");
    });
    await expectEnds(yard);
    expect([yard.yardPid(), yard.agentPid()]).toEqual(pids);
    expect(await followed).toBe(0);
    expect(yard.read("followed")).toBe("begun\nover\n");
  },
);
