import { readFileSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { aClusterYard, aHeldRun, tasksIn } from "../helpers/a_cluster_yard.ts";
import { linesOf } from "../helpers/the_stopped.ts";
import { until } from "../helpers/until.ts";
import { missingForSlurm } from "../testbed/slurm/programs.ts";
import { type Slurm, startSlurm } from "../testbed/slurm.ts";

const missing = missingForSlurm();
if (missing !== null) test.skip(`what Slurm forgets (${missing})`);

describe.skipIf(missing !== null).each([
  { accounts: "with", accounting: true },
  { accounts: "without", accounting: false },
])("what a Slurm $accounts accounts forgets", ({ accounting }) => {
  let slurm: Slurm;
  beforeAll(async () => {
    slurm = await startSlurm({ accounting });
  });
  afterAll(() => slurm?.stop());

  test("what was cancelled, and is forgotten when the yard is back, is no success", async () => {
    const yard = await aClusterYard(slurm);
    const { job, id } = await aHeldRun(slurm, yard);
    const waiting = await yard.queue("run", "--sbatch", "begin=now+1hour", "echo ran >> waiting");
    await until(async () => /BeginTime/.test(await yard.why(waiting)), "the other one waits");
    const [pending = ""] = await tasksIn(slurm, "%A", "--states=pending");
    await yard.killYard();
    writeFileSync(slurm.conf, `${readFileSync(slurm.conf, "utf8")}MinJobAge=2\n`);
    expect(await slurm.run("scontrol", ["reconfigure"])).toMatchObject({ code: 0 });
    await slurm.run("scancel", [id, pending]);
    await until(async () => (await tasksIn(slurm, "%A")).length === 0, "Slurm has forgotten both");
    await yard.start();
    if (accounting) {
      for (const run of [job, waiting])
        expect(await yard.reaches(run, "cancelled")).toMatchObject({ cause: { code: "cancelled_there" } });
    } else {
      expect(await yard.reaches(job, "failed")).toMatchObject({ cause: { code: "signal" } });
      // It has not run, and nobody knows who did not want it to.
      await until(async () => (await tasksIn(slurm, "%A", "--states=pending")).length === 1, "it waits again");
    }
    expect([linesOf(yard, "starts"), yard.read("waiting")]).toEqual([1, ""]);
  });
});
