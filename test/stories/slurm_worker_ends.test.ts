import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { aClusterYard, bothRun } from "../helpers/a_cluster_yard.ts";
import { until } from "../helpers/until.ts";
import { missingForSlurm } from "../testbed/slurm/programs.ts";
import { type Slurm, startSlurm } from "../testbed/slurm.ts";

const missing = missingForSlurm();
if (missing !== null) test.skip(`ends of workers through Slurm (${missing})`);

/** For longer than a yard leaves in Slurm what nobody waits for. */
const UNWANTED_MS = 33_000;

describe.skipIf(missing !== null)("of several workers through Slurm", () => {
  let slurm: Slurm;
  beforeAll(async () => {
    slurm = await startSlurm();
  });
  afterAll(() => slurm?.stop());

  const gang = ["--workers", "2", "--gpus", "4"];

  test("who has done its part leaves, and the others go on, with a yard that came later too", async () => {
    const yard = await aClusterYard(slurm);
    const text = `[ "$RUNYARD_RANK" = 1 ] || exit 0; trap "echo told; exit 3" TERM; echo up; while :; do sleep 0.1; done`;
    const job = await yard.queue("run", ...gang, text);
    await until(async () => (await yard.run(job)).workers[0]?.status === "succeeded", "the first has ended");
    await yard.killYard();
    await yard.start();
    await pause(UNWANTED_MS);
    expect((await yard.run(job)).workers[1]?.status).toBe("running");
    await yard.client.call("cancel", { body: { select: `${job}`, graceMs: 2000 } });
    await yard.reaches(job, "cancelled");
    expect((await yard.cli(["logs", `${job}.1`, "--worker", "1"])).stdout).toBe("up\ntold\n");
  });

  test("when the node of one goes down, the others end and the run is tried again", async () => {
    const yard = await aClusterYard(slurm);
    const text = 'echo "$RUNYARD_TRY $RUNYARD_RANK"; [ "$RUNYARD_TRY" = 2 ] || sleep 1000.45';
    const job = await yard.queue("run", ...gang, "--retries", "1", text);
    await bothRun(yard, job);
    await slurm.nodes.n2.kill();
    await until(async () => (await yard.run(job)).attempts === 2, "it is tried again");
    await slurm.nodes.n2.start();
    await yard.reaches(job, "succeeded");
    expect((await yard.cli(["logs", `${job}.1`, "--worker", "1"])).stdout).toBe("2 1\n");
    const [first] = await yard.attempts(job);
    expect(first?.cause?.code).toBe("lost");
  });
});
