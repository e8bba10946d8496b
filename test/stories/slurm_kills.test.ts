import { existsSync, rmSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { aClusterYard, type ClusterYard, HELD, tasksIn } from "../helpers/a_cluster_yard.ts";
import { aFolder, fill } from "../helpers/a_folder.ts";
import { killNow, processesOf } from "../helpers/processes_of.ts";
import { linesOf, theStopped } from "../helpers/the_stopped.ts";
import { until } from "../helpers/until.ts";
import { missingForSlurm } from "../testbed/slurm/programs.ts";
import { type Slurm, startSlurm } from "../testbed/slurm.ts";

const missing = missingForSlurm();
if (missing !== null) test.skip(`deaths around Slurm (${missing})`);

describe.skipIf(missing !== null)("deaths around Slurm", () => {
  let slurm: Slurm;
  beforeAll(async () => {
    slurm = await startSlurm();
  });
  afterAll(() => slurm?.stop());

  async function startsOf(yard: ClusterYard, runs: number): Promise<void> {
    await until(() => linesOf(yard, "starts") === runs, `${runs} runs have started`);
  }

  /** All have run once, and succeeded. */
  async function expectOnce(yard: ClusterYard, job: number, runs: number): Promise<void> {
    expect((await yard.ends(job)).runs).toMatchObject({ total: runs, succeeded: runs });
    const starts = yard.read("starts").trim().split("\n");
    expect(starts.sort()).toEqual(Array.from({ length: runs }, (_, index) => `${job}.${index + 1}`).sort());
    expect((await yard.run(job)).attempts).toBe(1);
    expect(await yard.output(job)).toBe("over\n");
  }

  test.each([
    "yard: submitting",
    "yard: handed over",
  ])("a yard that is killed at the boundary “%s” has submitted its array once", async (boundary) => {
    const stopFile = `${await aFolder()}/stop`;
    const yard = await aClusterYard(slurm, { environment: { RUNYARD_STOP_FILE: stopFile } });
    writeFileSync(stopFile, boundary);
    const name = `killed-${boundary.replaceAll(/\W+/g, "-")}`;
    const job = await yard.queue("sweep", "--set", "n=1..5", "--name", name, `: {n}; ${HELD}`);
    await theStopped(yard);
    rmSync(stopFile);
    await yard.killYard();
    await yard.start();
    await startsOf(yard, 5);
    await fill(yard.folder, { go: "" });
    await expectOnce(yard, job, 5);
    const tasks = await tasksIn(slurm, "%F %K", `--name=${name}`);
    expect([tasks.length, new Set(tasks.map((line) => line.split(" ")[0])).size]).toEqual([5, 1]);
  });

  test("what ends while no yard is there is told by the next one", async () => {
    const yard = await aClusterYard(slurm);
    const job = await yard.queue("sweep", "--set", "n=1..12", `: {n}; ${HELD}`);
    await startsOf(yard, 8);
    await yard.killYard();
    await fill(yard.folder, { go: "" });
    await until(async () => (await tasksIn(slurm, "%i", "--states=PD,R,CG")).length === 0, "all have ended");
    await yard.start();
    await expectOnce(yard, job, 12);
  });

  test("a controller that is away is shown, and nothing is lost or submitted again", async () => {
    const yard = await aClusterYard(slurm);
    const job = await yard.queue("sweep", "--set", "n=1..3", "--name", "before", `: {n}; ${HELD}`);
    await startsOf(yard, 3);
    onTestFinished(async () => {
      if (!slurm.controller.isUp()) await slurm.controller.start();
    });
    await slurm.controller.stop();
    const later = await yard.queue("run", "--name", "after", HELD);
    const isShown = async () => /Unable to contact slurm controller/.test(await yard.why(later));
    await until(isShown, "explain says that the controller cannot be asked");
    for (const n of [1, 2, 3]) await yard.reaches(`${job}.${n}`, "running");
    await fill(yard.folder, { go: "" });
    await slurm.controller.start();
    expect((await yard.ends(later)).status).toBe("succeeded");
    await yard.ends(job);
    expect(linesOf(yard, "starts")).toBe(4);
    expect(await tasksIn(slurm, "%i", "--name=before,after")).toHaveLength(4);
  });

  test("a controller that is slow while it is given an array gets it once", async () => {
    const stopFile = `${await aFolder()}/stop`;
    const yard = await aClusterYard(slurm, { environment: { RUNYARD_STOP_FILE: stopFile } });
    writeFileSync(stopFile, "yard: submitting");
    const job = await yard.queue("sweep", "--set", "n=1..3", "--name", "slow", `: {n}; ${HELD}`);
    const stopped = await theStopped(yard);
    rmSync(stopFile);
    onTestFinished(() => void killNow(slurm.controller.pid(), "SIGCONT"));
    killNow(slurm.controller.pid(), "SIGSTOP");
    killNow(stopped, "SIGCONT");
    // sbatch gives up, but what it has asked for is done once the controller gets to it.
    await until(() => /Slurm cannot be asked: .*timed out/.test(yard.log()), "sbatch has had no answer");
    killNow(slurm.controller.pid(), "SIGCONT");
    await fill(yard.folder, { go: "" });
    await expectOnce(yard, job, 3);
    expect(await tasksIn(slurm, "%i", "--name=slow")).toHaveLength(3);
  });

  test("a run outlives the slurmd of its node", async () => {
    const yard = await aClusterYard(slurm);
    const job = await yard.queue("run", "--sbatch", "nodelist=n1", HELD);
    await startsOf(yard, 1);
    killNow(slurm.nodes.n1.pid());
    await until(() => !slurm.nodes.n1.isUp(), "slurmd is killed");
    await slurm.nodes.n1.start();
    await fill(yard.folder, { go: "" });
    await expectOnce(yard, job, 1);
  });

  test("a run whose slurmstepd is killed goes on, and its end is told as it was", async () => {
    const yard = await aClusterYard(slurm);
    const job = await yard.queue("run", "--name", "orphan", `${HELD}; exit 7`);
    await startsOf(yard, 1);
    const [id = ""] = await tasksIn(slurm, "%A", "--name=orphan");
    for (const pid of slurm.stepsOf(id)) killNow(pid);
    await until(() => slurm.stepsOf(id).length === 0, "nothing of Slurm's serves it");
    await fill(yard.folder, { go: "" });
    expect(await yard.reaches(job, "failed")).toMatchObject({ exitCode: 7, attempts: 1 });
    expect(linesOf(yard, "starts")).toBe(1);
  });

  test("a run whose slurmstepd is killed can be cancelled, and is gone then", async () => {
    const yard = await aClusterYard(slurm);
    const job = await yard.queue("run", "--name", "orphan2", `${HELD}; exit 7`);
    await startsOf(yard, 1);
    const [id = ""] = await tasksIn(slurm, "%A", "--name=orphan2");
    for (const pid of slurm.stepsOf(id)) killNow(pid);
    await until(() => slurm.stepsOf(id).length === 0, "nothing of Slurm's serves it");
    await yard.cli(["cancel", `${job}`, "--grace", "1s", "--yes"]);
    await yard.reaches(job, "cancelled");
    expect(await leftOf(yard, job)).toEqual([]);
  });

  test("what ignores SIGTERM, and what has called setsid, is gone after the grace", async () => {
    const yard = await aClusterYard(slurm);
    const stubborn = `trap '' TERM; setsid sh -c "trap '' TERM; echo $$ > child; while :; do sleep 0.1; done" &`;
    const job = await yard.queue("run", `${stubborn} ${HELD}`);
    await startsOf(yard, 1);
    await until(() => existsSync(`${yard.folder}/child`), "its child is there");
    await yard.cli(["cancel", `${job}`, "--grace", "1s", "--yes"]);
    await yard.reaches(job, "cancelled");
    expect(await leftOf(yard, job)).toEqual([]);
  });

  /** Processes that carry the mark of a run's attempts. */
  async function leftOf(yard: ClusterYard, job: number): Promise<string[]> {
    const marks = (await yard.attempts(job)).map(({ id }) => `RUNYARD_ATTEMPT=${id}`);
    return marks.flatMap(processesOf).map(({ command }) => command);
  }
});
