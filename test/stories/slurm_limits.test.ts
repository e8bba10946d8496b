import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { aClusterYard, aHeldRun, HELD } from "../helpers/a_cluster_yard.ts";
import { fill } from "../helpers/a_folder.ts";
import { linesOf } from "../helpers/the_stopped.ts";
import { until } from "../helpers/until.ts";
import { missingForSlurm } from "../testbed/slurm/programs.ts";
import { type Slurm, startSlurm } from "../testbed/slurm.ts";

const missing = missingForSlurm();
if (missing !== null) test.skip(`limits of Slurm (${missing})`);

/** Slurm looks for those whose time is over twice a minute. */
const A_LOOK_MS = 60_000;

/** Tells what it finds of an earlier try; the first goes on until it is warned. */
const RESUMABLE = `echo start >> resumed; cat "$RUNYARD_CHECKPOINTS/steps" 2>/dev/null
  trap 'echo 7 steps > "$RUNYARD_CHECKPOINTS/steps"; exit 0' USR1
  [ -e "$RUNYARD_CHECKPOINTS/steps" ] || while :; do sleep 0.1; done`;

describe.skipIf(missing !== null).each([
  { accounts: "with", accounting: true },
  { accounts: "without", accounting: false },
])("limits of a Slurm $accounts accounts", ({ accounting }) => {
  let slurm: Slurm;
  beforeAll(async () => {
    slurm = await startSlurm({ accounting, settings: { MessageTimeout: "2", SlurmdTimeout: "3" } });
  });
  afterAll(() => slurm?.stop());

  test("a run ends at the yard's limit and at Slurm's, and a resumable one goes on from its checkpoint", async () => {
    const yard = await aClusterYard(slurm);
    const { job: limited, id } = await aHeldRun(slurm, yard, "--time-limit", "1m");
    expect(await slurm.run("scontrol", ["update", `jobid=${id}`, "endtime=now+1"])).toMatchObject({ code: 0 });
    const ours = await yard.queue("run", "--time-limit", "2s", HELD);
    // Slurm warns up to a minute earlier than it is told to.
    const options = ["--resumable", "--time-limit", "1m", "--sbatch", "signal=B:USR1@55"];
    const resumed = await yard.queue("run", ...options, "--", "bash", "-c", RESUMABLE);
    expect(await yard.reaches(ours, "failed")).toMatchObject({ cause: { code: "time_limit" }, attempts: 1 });
    await until(async () => (await yard.job(resumed)).endedAt !== null, "it has gone on", A_LOOK_MS);
    expect(await yard.run(resumed)).toMatchObject({ status: "succeeded", attempts: 2 });
    expect([await yard.output(resumed), linesOf(yard, "resumed")]).toEqual(["7 steps\n", 2]);
    await until(async () => (await yard.job(limited)).endedAt !== null, "its time is over", A_LOOK_MS);
    expect(await yard.run(limited)).toMatchObject({ status: "failed", cause: { code: "time_limit" }, attempts: 1 });
  }, 120_000);

  test.skipIf(accounting)("a run whose node dies is lost, and runs again elsewhere where it may", async () => {
    const yard = await aClusterYard(slurm);
    const lost = await yard.queue("run", "--sbatch", "nodelist=n1", HELD);
    const again = await yard.queue("run", "--retries", "1", HELD);
    await yard.reaches(lost, "running");
    await yard.reaches(again, "running");
    await slurm.nodes.n1.kill();
    expect(await yard.reaches(lost, "failed")).toMatchObject({ cause: { code: "lost" }, attempts: 1 });
    await fill(yard.folder, { go: "" });
    expect(await yard.reaches(again, "succeeded")).toMatchObject({ attempts: 2, machine: "n2" });
    await slurm.nodes.n1.start();
  });
});
