import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { fill } from "../helpers/a_folder.ts";
import { aYard, type TestYard } from "../helpers/a_yard.ts";
import { until } from "../helpers/until.ts";
import { missingForSlurm } from "../testbed/slurm/programs.ts";
import { type Slurm, startSlurm } from "../testbed/slurm.ts";

const missing = missingForSlurm();
if (missing !== null) test.skip(`here or through Slurm (${missing})`);

describe.skipIf(missing !== null)("a job that may run here or through Slurm", () => {
  let slurm: Slurm;
  beforeAll(async () => {
    slurm = await startSlurm();
  }, 60_000);
  afterAll(() => slurm?.stop());

  /** With two places of its own, and a pool of a core each. */
  async function aYardWithBoth(): Promise<TestYard> {
    const yard = await aYard({ slots: ["", ""] });
    const pools = { "slurm:cpu": { conf: slurm.conf, resources: { partition: "gpu", "cpus-per-task": 1 } } };
    const user = join(dirname(yard.folder), "user");
    await fill(user, { ".config/runyard/runyard.yaml": JSON.stringify({ pools }) });
    return yard;
  }

  /** Each run tells where it is when it begins, then waits for a file `go`. */
  const command = 'echo "$RUNYARD_RUN ${SLURM_JOB_ID:+in Slurm}" >>begun; until [ -e go ]; do sleep 0.1; done';

  function begun(yard: TestYard): string[] {
    return yard.read("begun").split("\n").slice(0, -1);
  }

  const inQueue = async () => (await slurm.run("squeue", ["--noheader", "--array", "--format=%T"])).stdout.trim();

  async function submit(yard: TestYard, ...options: string[]): Promise<void> {
    const { code, stderr } = await yard.cli(["run", "--yes", "--on", "local,slurm:cpu", ...options, command]);
    expect(code, stderr).toBe(0);
  }

  test("it starts where a slot is free, and the rest is handed over and starts there", async () => {
    const yard = await aYardWithBoth();
    await submit(yard, "--runs", "5");
    await until(async () => (await yard.job(1)).runs.running === 5 && begun(yard).length === 5, "all five have begun");
    await fill(yard.folder, { go: "" });
    const { stdout } = await yard.cli(["wait", "1", "--json"]);
    expect(JSON.parse(stdout).job.runs).toMatchObject({ succeeded: 5 });
    expect(begun(yard).sort()).toEqual(["1.1 ", "1.2 ", "1.3 in Slurm", "1.4 in Slurm", "1.5 in Slurm"]);
  });

  test("what waits in Slurm is withdrawn when a slot here is free, and starts here, once", async () => {
    const yard = await aYardWithBoth();
    // Slurm is to start nothing of it for an hour.
    await submit(yard, "--runs", "5", "--sbatch", "begin=now+1hour");
    await until(async () => (await inQueue()) === "PENDING\nPENDING\nPENDING", "three wait in Slurm's queue");
    await fill(yard.folder, { go: "" });
    const { stdout } = await yard.cli(["wait", "1", "--json"]);
    expect(JSON.parse(stdout).job.runs).toMatchObject({ succeeded: 5 });
    expect(begun(yard).sort()).toEqual(["1.1 ", "1.2 ", "1.3 ", "1.4 ", "1.5 "]);
    // What was taken back before it began was no attempt.
    expect((await yard.attempts("1.5")).map(({ try: attempt }) => attempt)).toEqual([1]);
    await until(async () => (await inQueue()) === "", "nothing of it is left in Slurm's queue");
  });

  test("what waits in a cluster that cannot be asked stays there", async () => {
    const yard = await aYardWithBoth();
    await submit(yard, "--runs", "4", "--sbatch", "begin=now+1hour");
    await until(async () => (await inQueue()) === "PENDING\nPENDING", "two wait in Slurm's queue");
    await slurm.controller.stop();
    await until(async () => {
      return (await yard.cli(["machines"])).stdout.includes("Unable to contact slurm controller");
    }, "the yard knows that the controller is away");
    await fill(yard.folder, { go: "" });
    await until(async () => (await yard.job(1)).runs.succeeded === 2, "those here have ended");
    expect((await yard.run("1.3")).status).toBe("starting");
    await slurm.controller.start();
    const { stdout } = await yard.cli(["wait", "1", "--json"]);
    expect(JSON.parse(stdout).job.runs).toMatchObject({ succeeded: 4 });
    expect(begun(yard).sort()).toEqual(["1.1 ", "1.2 ", "1.3 ", "1.4 "]);
  });

  test("a yard that is killed finds again what it had handed over, and calls it back", async () => {
    const yard = await aYardWithBoth();
    await submit(yard, "--runs", "4", "--sbatch", "begin=now+1hour");
    await until(async () => (await inQueue()) === "PENDING\nPENDING", "two wait in Slurm's queue");
    await yard.killYard();
    await fill(yard.folder, { go: "" });
    await yard.start();
    const { stdout } = await yard.cli(["wait", "1", "--json"]);
    expect(JSON.parse(stdout).job.runs).toMatchObject({ succeeded: 4 });
    expect(begun(yard).sort()).toEqual(["1.1 ", "1.2 ", "1.3 ", "1.4 "]);
  });
});
