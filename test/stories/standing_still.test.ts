import { rmSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { SILENCE_MS } from "../../src/core/presence.ts";
import { type Boundary, boundaries } from "../../src/platform/boundary.ts";
import { aFolder } from "../helpers/a_folder.ts";
import { aYard, type TestYard } from "../helpers/a_yard.ts";
import { linesOf, slurmBoundaries, theStopped } from "../helpers/the_stopped.ts";
import { until } from "../helpers/until.ts";

const PATIENCE_MS = SILENCE_MS + 20_000;

/** A yard of which one process stands still at the boundary, on the way of run 1. */
async function stoppedAt(boundary: Boundary) {
  const stopFile = `${await aFolder()}/stop`;
  const yard = await aYard({ environment: { RUNYARD_STOP_FILE: stopFile } });
  writeFileSync(stopFile, boundary);
  const submission = yard.submit("echo once >> count; echo out; exit 3", { retries: 0 }).catch(() => null);
  const pid = await theStopped(yard);
  rmSync(stopFile);
  return { boundary, yard, pid, submission };
}

/** A yard with a run of which launcher and agent stand still, although the command has ended. */
async function withoutLauncherAndAgent() {
  const yard = await aYard();
  await yard.submit("echo once >> count; echo out; until [ -e go ]; do sleep 0.03; done; exit 3");
  await yard.reaches(1, "running");
  const launcher = yard.launcherOf((await yard.attempts(1))[0]?.id ?? "")?.pid ?? 0;
  const pids = [launcher, yard.agentPid() ?? 0];
  for (const pid of pids) process.kill(pid, "SIGSTOP");
  writeFileSync(`${yard.folder}/go`, "");
  return { yard, pids };
}

async function expectOneEnd(yard: TestYard, about: string): Promise<void> {
  const run = await yard.reaches(1, "failed");
  expect(run, about).toMatchObject({ exitCode: 3, attempts: 1, cause: { code: "exit_code" } });
  expect(await yard.output(1), about).toBe("out\n");
  expect(linesOf(yard, "count"), about).toBe(1);
}

test("who stands still for longer than the lease, wherever that is, forgets no run and starts none twice", async () => {
  const here = boundaries.filter((boundary) => !slurmBoundaries.some((one) => one === boundary));
  const stopped = await Promise.all(here.map(stoppedAt));
  const silent = await withoutLauncherAndAgent();
  const isUnreachable = async () => (await silent.yard.client.call("status")).machines.unreachable === 1;
  await until(isUnreachable, "the yard has missed its agent for longer than the lease", PATIENCE_MS);
  expect((await silent.yard.run(1)).status).toBe("running");
  await silent.yard.submit("true");
  const why = async () => (await silent.yard.client.call("explain", { query: { select: "2" } })).runs[0]?.because.text;
  await until(async () => (await why()) === "no machine can take it: local cannot be reached", "it says so");

  for (const { pid } of stopped) process.kill(pid, "SIGCONT");
  for (const { boundary, yard, submission } of stopped) {
    await submission;
    await expectOneEnd(yard, boundary);
  }
  for (const pid of silent.pids) process.kill(pid, "SIGCONT");
  await expectOneEnd(silent.yard, "launcher and agent");
  await silent.yard.reaches(2, "succeeded");
}, 150_000);
