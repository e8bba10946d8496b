import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { aClusterYard, HELD } from "../helpers/a_cluster_yard.ts";
import { fill } from "../helpers/a_folder.ts";
import { linesOf } from "../helpers/the_stopped.ts";
import { until } from "../helpers/until.ts";
import { missingForSlurm } from "../testbed/slurm/programs.ts";
import { type Slurm, startSlurm } from "../testbed/slurm.ts";

const missing = missingForSlurm();
if (missing !== null) test.skip(`what Slurm refuses (${missing})`);

describe.skipIf(missing !== null).each([
  { accounts: "with", accounting: true },
  { accounts: "without", accounting: false },
])("what a Slurm $accounts accounts refuses", ({ accounting }) => {
  let slurm: Slurm;
  beforeAll(async () => {
    const enforced = accounting ? { AccountingStorageEnforce: "limits" } : {};
    slurm = await startSlurm({ accounting, settings: { MaxArraySize: "10", ...enforced } });
    if (!accounting) return;
    await admin("add", "account", "lab");
    await admin("add", "user", "root", "account=lab");
    await admin("add", "account", "small", "GrpSubmitJobs=2");
    await admin("add", "user", "root", "account=small");
  });
  afterAll(() => slurm?.stop());

  async function admin(...args: string[]): Promise<void> {
    expect(await slurm.run("sacctmgr", ["-i", ...args])).toMatchObject({ code: 0 });
  }

  test("what Slurm refuses fails in its words, and has never run", async () => {
    const yard = await aClusterYard(slurm);
    const refused: [string, RegExp][] = [
      ["partition=nowhere", /invalid partition/i],
      ["gres=gpu:nonsense:1", /invalid generic resource|not available/i],
      ["time=soon", /invalid --time|time limit/i],
      ...(accounting ? [["account=nobody", /invalid account/i] satisfies [string, RegExp]] : []),
    ];
    for (const [option, words] of refused) {
      const job = await yard.queue("run", "--sbatch", option, HELD);
      const run = await yard.reaches(job, "failed");
      expect(run).toMatchObject({ cause: { code: "could_not_start", text: expect.stringMatching(words) } });
      expect(run.startedAt).toBeNull();
    }
    expect(yard.read("starts")).toBe("");
  });

  test("more runs than an array may hold become several", async () => {
    const yard = await aClusterYard(slurm);
    await fill(yard.folder, { go: "" });
    const job = await yard.queue("sweep", "--set", "n=1..25", `: {n}; ${HELD}`);
    expect((await yard.ends(job)).runs).toMatchObject({ succeeded: 25 });
    expect(new Set(yard.read("starts").trim().split("\n")).size).toBe(25);
    expect(linesOf(yard, "starts")).toBe(25);
  });

  test.runIf(accounting)(
    "a limit on what may be submitted holds runs back in the yard",
    async () => {
      const yard = await aClusterYard(slurm);
      const job = await yard.queue("sweep", "--set", "n=1..5", "--sbatch", "account=small", `: {n}; ${HELD}`);
      await until(() => linesOf(yard, "starts") === 2, "two have started");
      const isSaid = async () => /limit/i.test(await yard.why(`${job}.5`));
      await until(isSaid, "explain tells of the limit");
      await fill(yard.folder, { go: "" });
      await until(async () => (await yard.job(job)).endedAt !== null, "it has ended", 90_000);
      expect((await yard.job(job)).runs).toMatchObject({ succeeded: 5 });
      expect(linesOf(yard, "starts")).toBe(5);
    },
    150_000,
  );
});
