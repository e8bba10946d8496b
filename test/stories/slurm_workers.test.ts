import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { aClusterYard, bothRun, tasksIn } from "../helpers/a_cluster_yard.ts";
import { aFarYard } from "../helpers/a_far_yard.ts";
import { fill } from "../helpers/a_folder.ts";
import { until } from "../helpers/until.ts";
import { findTorchrun, reduce } from "../helpers/worker_programs.ts";
import { type LoginNode, startLoginNode } from "../testbed/login_node.ts";
import { missingForSlurm } from "../testbed/slurm/programs.ts";
import { type Slurm, startSlurm } from "../testbed/slurm.ts";

const missing = missingForSlurm();
if (missing !== null) test.skip(`workers through Slurm (${missing})`);

const torchrun = findTorchrun("torchrun through Slurm");

describe.skipIf(missing !== null)("workers through Slurm", () => {
  let slurm: Slurm;
  beforeAll(async () => {
    slurm = await startSlurm();
  });
  afterAll(() => slurm?.stop());

  const gang = ["--workers", "2", "--gpus", "4"];

  test("are one job of Slurm's on as many nodes, find each other, and are shown one by one", async () => {
    const yard = await aClusterYard(slurm);
    await fill(yard.folder, { "reduce.py": reduce });
    const job = await yard.queue(
      "run",
      "--name",
      "reduce",
      ...gang,
      'python3 reduce.py && echo "$CUDA_VISIBLE_DEVICES"',
    );
    await yard.reaches(job, "succeeded");
    const { run } = JSON.parse((await yard.cli(["show", `${job}.1`, "--json"])).stdout);
    expect(run).toMatchObject({ machine: "n1", gpus: ["0", "1", "2", "3"] });
    for (const rank of [0, 1]) {
      const worker = { rank, machine: `n${rank + 1}`, gpus: ["0", "1", "2", "3"], status: "succeeded", exitCode: 0 };
      expect(run.workers[rank]).toMatchObject(worker);
      const { stdout } = await yard.cli(["logs", `${job}.1`, "--worker", `${rank}`]);
      expect(stdout).toBe(`rank ${rank} of 2 on n${rank + 1} total 30\n0,1,2,3\n`);
    }
    expect(await tasksIn(slurm, "%D %b", "--name=reduce")).toEqual(["2 gres:gpu:fake:4"]);
  });

  test("all end when one fails, and its end is that of the run", async () => {
    const yard = await aClusterYard(slurm);
    const text = 'if [ "$RUNYARD_RANK" = 1 ]; then echo broken >&2; exit 7; fi; echo waiting; sleep 1000.41';
    const job = await yard.queue("run", ...gang, text);
    const run = await yard.reaches(job, "failed");
    expect(run).toMatchObject({ exitCode: 7, cause: { code: "exit_code" }, attempts: 1 });
    expect(run.workers).toMatchObject([
      { rank: 0, status: "cancelled" },
      { rank: 1, status: "failed", exitCode: 7 },
    ]);
    expect((await yard.cli(["logs", `${job}.1`, "--worker", "1"])).stderr).toContain("broken");
    await until(async () => (await tasksIn(slurm, "%T", "--states=running")).length === 0, "Slurm has its nodes back");
  });

  test("are cancelled as one run", async () => {
    const yard = await aClusterYard(slurm);
    const job = await yard.queue("run", ...gang, 'trap "echo told; exit 3" TERM; echo up; while :; do sleep 0.1; done');
    await bothRun(yard, job);
    await yard.client.call("cancel", { body: { select: `${job}`, graceMs: 2000 } });
    const run = await yard.reaches(job, "cancelled");
    expect(run.workers.map(({ status }) => status)).toEqual(["cancelled", "cancelled"]);
    for (const rank of ["0", "1"])
      expect((await yard.cli(["logs", `${job}.1`, "--worker", rank])).stdout).toBe("up\ntold\n");
  });

  test("end at their time limit", async () => {
    const yard = await aClusterYard(slurm);
    const job = await yard.queue("run", ...gang, "--time-limit", "3s", "echo up; sleep 1000.43");
    const run = await yard.reaches(job, "failed");
    expect(run.cause?.code).toBe("time_limit");
    expect((await yard.cli(["logs", `${job}.1`, "--worker", "1"])).stdout).toBe("up\n");
  });

  test("are ended from outside by scancel", async () => {
    const yard = await aClusterYard(slurm);
    const job = await yard.queue("run", ...gang, "--name", "outside", "sleep 1000.46");
    await bothRun(yard, job);
    await slurm.run("scancel", ["--name=outside"]);
    const { workers } = await yard.reaches(job, "cancelled");
    expect(workers.map(({ status }) => status)).toEqual(["cancelled", "cancelled"]);
  });

  test("a sweep of them is one array of jobs of several nodes", async () => {
    const yard = await aClusterYard(slurm);
    await fill(yard.folder, { "reduce.py": reduce });
    const job = await yard.queue(
      "sweep",
      "--name",
      "gangs",
      "--set",
      "x=1,2,3",
      "--workers",
      "2",
      "--gpus",
      "2",
      "python3 reduce.py; echo {x} $CUDA_VISIBLE_DEVICES $RUNYARD_PORT",
    );
    expect((await yard.ends(job)).runs).toMatchObject({ succeeded: 3 });
    for (const n of [1, 2, 3])
      expect(await yard.output(`${job}.${n}`)).toMatch(new RegExp(`total 30\n${n} \\d,\\d 2\\d{4}\n$`));
    expect(new Set(await tasksIn(slurm, "%F %D", "--name=gangs"))).toEqual(new Set([expect.stringMatching(/^\d+ 2$/)]));
  });

  test.skipIf(torchrun === null)(
    "train with torchrun and gloo on two nodes",
    async () => {
      const yard = await aClusterYard(slurm);
      await fill(yard.folder, { "train.py": readFileSync("examples/torchrun/train.py", "utf8") });
      const text = `exec ${torchrun} --nnodes=$RUNYARD_WORLD_SIZE --node-rank=$RUNYARD_RANK --nproc-per-node=1 \\
      --master-addr=\${RUNYARD_HOSTS%%,*} --master-port=$RUNYARD_PORT train.py`;
      const job = await yard.queue("run", "--workers", "2", text);
      await yard.ends(job);
      const said = await Promise.all(["0", "1"].map((rank) => yard.cli(["logs", `${job}.1`, "--worker", rank])));
      const run = await yard.run(job);
      expect(run.status, JSON.stringify(said)).toBe("succeeded");
      expect(run.result).toMatchObject({ agree: true });
    },
    120_000,
  );

  describe("behind a login, from where no process on a node is seen", () => {
    let node: LoginNode;
    beforeAll(async () => {
      node = await startLoginNode(slurm);
    });

    test("they work in the code that goes along, and what each has made and kept comes back", async () => {
      const yard = await aFarYard(slurm, node);
      await fill(yard.folder, { "reduce.py": reduce });
      const text = `kept=$RUNYARD_CHECKPOINTS/rank; [ "$RUNYARD_TRY" = 1 ] || cat $kept; echo $RUNYARD_RANK >$kept
        [ "$RUNYARD_TRY$RUNYARD_RANK" = 11 ] && exit 4; python3 reduce.py; echo $RUNYARD_RANK >rank`;
      const job = await yard.queue("run", ...gang, "--retries", "1", text);
      expect(await yard.reaches(job, "succeeded")).toMatchObject({ attempts: 2 });
      for (const rank of [0, 1]) {
        const { stdout } = await yard.cli(["logs", `${job}.1`, "--worker", `${rank}`]);
        expect(stdout).toBe(`${rank}\nrank ${rank} of 2 on n${rank + 1} total 30\n`);
        expect(`${await yard.result(`${job}.1`, "rank", rank)}`).toBe(`${rank}\n`);
      }
      await until(() => yard.spooled().length === 0, "the spool is empty");
    });

    test("all are told to end where one fails, and where the run is cancelled", async () => {
      const yard = await aFarYard(slurm, node);
      const up = 'trap "echo told; exit 3" TERM; echo up; while :; do sleep 0.1; done';
      for (const [rank, other] of ["01", "10"]) {
        const failing = await yard.queue("run", ...gang, `[ $RUNYARD_RANK = ${other} ] || { sleep 1; exit 7; }; ${up}`);
        expect(await yard.reaches(failing, "failed")).toMatchObject({ exitCode: 7 });
        const logs = await yard.cli(["logs", `${failing}.1`, "--worker", `${other}`]);
        expect([rank, logs.stdout]).toEqual([rank, "up\ntold\n"]);
      }
      const cancelled = await yard.queue("run", ...gang, up);
      await bothRun(yard, cancelled);
      await yard.client.call("cancel", { body: { select: `${cancelled}`, graceMs: 2000 } });
      await yard.reaches(cancelled, "cancelled");
      for (const rank of ["0", "1"])
        expect((await yard.cli(["logs", `${cancelled}.1`, "--worker", rank])).stdout).toBe("up\ntold\n");
    });
  });
});

/** Where PyTorch's launcher is; null: nowhere. */
