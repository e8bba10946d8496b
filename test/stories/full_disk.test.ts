import { writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import type { SubmissionInput } from "../../src/api/job.ts";
import { aSmallDisk, noSmallDisk } from "../helpers/a_small_disk.ts";
import { aYard, type TestYard } from "../helpers/a_yard.ts";
import { until } from "../helpers/until.ts";

const onAFullDisk = test.skipIf(noSmallDisk !== null);
/** A little more than the floor below which a yard takes nothing on. */
const HOME_MB = 230;
const SPOOL_MB = 8;

/**
 * Leaves a trace of every start on a disk with room, speaks when it is let go, and ends with its code. What it says then
 * still fits beside what it said before: more than that a full disk takes from nobody.
 */
function held(codes: number[]): SubmissionInput["work"] {
  const line = (code: number) =>
    `echo start >> "starts.$RUNYARD_RUN"; echo begun; until [ -e go ]; do sleep 0.03; done; echo over; exit ${code}`;
  return { kind: "lines", lines: codes.map((code, index): [number, string] => [index + 1, line(code)]) };
}

async function expectEnds(yard: TestYard, codes: number[]): Promise<void> {
  await yard.ends(1);
  for (const [index, code] of codes.entries()) {
    const run = await yard.run(`1.${index + 1}`);
    expect(run).toMatchObject({ exitCode: code });
    expect(await yard.output(run.id)).toBe("begun\nover\n");
    expect(yard.read(`starts.${run.id}`)).toBe("start\n");
  }
}

onAFullDisk("on a full disk a yard says so, keeps what it has, and goes on by itself when there is space", async () => {
  const disk = await aSmallDisk(HOME_MB);
  const codes = [0, 3, 5, 7];
  const yard = await aYard({ slots: ["", "", ""], disk: disk.path });
  const room = await aYard({ asleep: true });
  await yard.submit("", { work: held(codes), cwd: room.folder });
  for (const run of ["1.1", "1.2", "1.3"]) await yard.reaches(run, "running");
  const before = [yard.yardPid(), yard.agentPid()];
  disk.fill();
  await expect(yard.submit("true")).rejects.toMatchObject({
    problem: {
      code: "disk_full",
      status: 507,
      detail: expect.stringMatching(/nearly full: 0 B free.*Free some space/),
    },
  });
  const setting = yard.client.call("setJob", { params: { job: 1 }, body: { priority: 50 } });
  await expect(setting).rejects.toMatchObject({ problem: { code: "disk_full" } });
  const ready = await yard.request("GET", "/readyz", { authorization: `Bearer ${yard.token()}` });
  expect([ready.status, JSON.parse(ready.body.toString("utf8")).checks.store]).toEqual([
    503,
    expect.stringMatching(/^cannot be written: .*full/),
  ]);
  writeFileSync(`${room.folder}/go`, "");
  await until(() => room.read("starts.1.3") !== "", "the third has started");
  expect((await yard.run("1.1")).status).toBe("running");
  disk.free();
  await expectEnds({ ...yard, read: room.read }, codes);
  expect([yard.yardPid(), yard.agentPid()]).toEqual(before);
});

onAFullDisk("killed on a full disk, yard and agent find everything again when there is space", async () => {
  const disk = await aSmallDisk(HOME_MB);
  const codes = [0, 3, 5, 7];
  const yard = await aYard({ slots: ["", "", ""], disk: disk.path });
  const room = await aYard({ asleep: true });
  await yard.submit("", { work: held(codes), cwd: room.folder });
  for (const run of ["1.1", "1.2", "1.3"]) await yard.reaches(run, "running");
  disk.fill();
  writeFileSync(`${room.folder}/go`, "");
  await Promise.all([yard.killYard(), yard.killAgent()]);
  disk.free();
  await yard.start();
  await expectEnds({ ...yard, read: room.read }, codes);
});

onAFullDisk("while the disk of the spool is full nothing is started, and nothing of the queue is lost", async () => {
  const disk = await aSmallDisk(SPOOL_MB);
  const yard = await aYard({ slots: ["", "", ""], environment: { RUNYARD_SPOOL: `${disk.path}/spool` } });
  const codes = [0, 3, 5, 7];
  writeFileSync(`${yard.folder}/go`, "");
  disk.fill();
  await yard.submit("", { work: held(codes) });
  await until(async () => {
    const { runs } = await yard.client.call("explain", { query: { select: "1" } });
    const words = /^no machine can take it: .*spool has only 0 B free: nothing is started until/;
    return runs.every(({ because }) => words.test(because.text));
  }, "it says why nothing starts");
  expect((await yard.job(1)).runs).toMatchObject({ queued: 4, failed: 0 });
  disk.free();
  await expectEnds(yard, codes);
});
