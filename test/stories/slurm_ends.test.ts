import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { aClusterYard, aHeldRun, HELD, tasksIn } from "../helpers/a_cluster_yard.ts";
import { fill } from "../helpers/a_folder.ts";
import { linesOf } from "../helpers/the_stopped.ts";
import { until } from "../helpers/until.ts";
import { missingForSlurm } from "../testbed/slurm/programs.ts";
import { type Slurm, startSlurm } from "../testbed/slurm.ts";

const missing = missingForSlurm();
if (missing !== null) test.skip(`ends of runs in Slurm (${missing})`);

const settings = { PreemptType: "preempt/partition_prio", PreemptMode: "CANCEL" };
const partitions = ["PartitionName=urgent Nodes=n1,n2 PriorityTier=10"];

describe.skipIf(missing !== null).each([
  { accounts: "with", accounting: true, by: "root" },
  { accounts: "without", accounting: false, by: "somebody" },
])("ends of runs in a Slurm $accounts accounts", ({ accounting, by }) => {
  let slurm: Slurm;
  beforeAll(async () => {
    slurm = await startSlurm({ accounting, settings, partitions });
  });
  afterAll(() => slurm?.stop());

  async function control(...args: string[]): Promise<void> {
    expect(await slurm.run("scontrol", args)).toMatchObject({ code: 0 });
  }

  test("who cancels a run in Slurm has cancelled it, running or waiting", async () => {
    const yard = await aClusterYard(slurm);
    const { job, id } = await aHeldRun(slurm, yard);
    await slurm.run("scancel", [id]);
    const cause = { code: "cancelled_there", text: expect.stringContaining(by) };
    expect(await yard.reaches(job, "cancelled")).toMatchObject({ cause, attempts: 1 });
    const waiting = await yard.queue("run", "--sbatch", "begin=now+1hour", HELD);
    await until(async () => /BeginTime/.test(await yard.why(waiting)), "explain says what it waits for");
    const [pending = ""] = await tasksIn(slurm, "%A", "--states=pending");
    await slurm.run("scancel", [pending]);
    expect(await yard.reaches(waiting, "cancelled")).toMatchObject({ cause });
    expect(linesOf(yard, "starts")).toBe(1);
  });

  test("a node that is drained lets its run end well", async () => {
    const yard = await aClusterYard(slurm);
    const { job } = await aHeldRun(slurm, yard, "--sbatch", "nodelist=n2");
    await control("update", "nodename=n2", "state=drain", "reason=cleaning");
    await fill(yard.folder, { go: "" });
    expect(await yard.reaches(job, "succeeded")).toMatchObject({ attempts: 1, machine: "n2" });
    await control("update", "nodename=n2", "state=resume");
  });

  test("what Slurm queues again goes on as a new attempt of the yard's", async () => {
    const yard = await aClusterYard(slurm);
    const { job, id } = await aHeldRun(slurm, yard);
    await control("update", `jobid=${id}`, "requeue=1");
    await control("requeue", id);
    await until(() => linesOf(yard, "starts") === 2, "it has started once more");
    await fill(yard.folder, { go: "" });
    expect(await yard.reaches(job, "succeeded")).toMatchObject({ attempts: 2 });
    await until(async () => (await tasksIn(slurm, "%i", "--states=PD,R")).length === 0, "nothing of it is left");
    expect(linesOf(yard, "starts")).toBe(2);
  });

  test("a run that Slurm takes back for another is run again", async () => {
    const yard = await aClusterYard(slurm, { resources: { gres: "gpu:fake:4" } });
    const first = await aHeldRun(slurm, yard, "--sbatch", "nodelist=n1");
    const urgent = ["--partition=urgent", "--nodelist=n1", "--gres=gpu:4", "--output=/dev/null", "--wrap=sleep 2"];
    expect(await slurm.run("sbatch", urgent)).toMatchObject({ code: 0 });
    await until(() => linesOf(yard, "starts") === 2, "it has started once more");
    await fill(yard.folder, { go: "" });
    expect(await yard.reaches(first.job, "succeeded")).toMatchObject({ attempts: 2 });
  });

  test("explain says what Slurm says of a run that waits, and machines says it too", async () => {
    const yard = await aClusterYard(slurm);
    const held = ["--gres=gpu:4", "--output=/dev/null", "--wrap=sleep 600"];
    const blockers = await Promise.all(
      ["n1", "n2"].map((node) => slurm.run("sbatch", ["--parsable", `--nodelist=${node}`, ...held])),
    );
    const job = await yard.queue("run", HELD);
    await until(async () => /Resources|Priority/.test(await yard.why(job)), "explain says why it waits");
    await slurm.run(
      "scancel",
      blockers.map(({ stdout }) => stdout.trim()),
    );
    await fill(yard.folder, { go: "" });
    await yard.reaches(job, "succeeded");
  });
});
