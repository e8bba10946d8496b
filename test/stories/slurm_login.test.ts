import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { tasksIn } from "../helpers/a_cluster_yard.ts";
import { aFarYard, type FarYard } from "../helpers/a_far_yard.ts";
import { type Content, fill } from "../helpers/a_folder.ts";
import { until } from "../helpers/until.ts";
import { type LoginNode, startLoginNode } from "../testbed/login_node.ts";
import { missingForSlurm } from "../testbed/slurm/programs.ts";
import { type Slurm, startSlurm } from "../testbed/slurm.ts";

const missing = missingForSlurm();
if (missing !== null) test.skip(`clusters behind a login (${missing})`);

describe.skipIf(missing !== null)("a cluster behind a login", () => {
  let slurm: Slurm;
  let node: LoginNode;
  beforeAll(async () => {
    slurm = await startSlurm();
    node = await startLoginNode(slurm);
  });
  afterAll(() => slurm?.stop());

  /** A text that leaves a trace of its start, prints, and goes on until it is let go. */
  const held = ({ shared }: FarYard) =>
    `echo $RUNYARD_RUN >>${shared}/starts; echo begun; until [ -e ${shared}/go ]; do sleep 0.1; done; echo over; echo made >made`;

  /** The ids of all jobs that Slurm knows of by this name. */
  const jobsOf = async (name: string) => new Set(await tasksIn(slurm, "%F", `--name=${name}`));

  test("the code goes along, and all that runs print, tell, make and keep comes back", async () => {
    const yard = await aFarYard(slurm, node);
    const files: Record<string, Content> = {
      "train.py": `import os, runyard
p = runyard.params(lr=1.0)
kept = os.environ["RUNYARD_CHECKPOINTS"] + "/step"
step = int(open(kept).read()) if os.path.exists(kept) else 0
runyard.metric(step, loss=p.lr / 2)
os.makedirs("out", exist_ok=True)
open("out/weights.bin", "wb").write(bytes(range(256)) * 4096)
print("try", os.environ["RUNYARD_TRY"], "step", step, "token", os.environ["MY_TOKEN"])
if step == 0:
    open(kept, "w").write("7")
    raise SystemExit(3)
runyard.result(score=p.lr)
`,
      ".gitignore": "data/\n",
      "data/large.bin": "stays here",
    };
    await fill(yard.folder, files);
    const weights = Buffer.alloc(
      1024 * 1024,
      Uint8Array.from({ length: 256 }, (_, byte) => byte),
    );
    const named = ["--env", "MY_TOKEN=s3cret", "--retries", "1"];
    const job = await yard.queue(
      "sweep",
      "--set",
      "lr=1.5,2.5",
      ...named,
      "python3 train.py --lr={lr}; code=$?; ls data; exit $code",
    );
    expect((await yard.ends(job)).runs).toMatchObject({ succeeded: 2, failed: 0 });
    for (const [n, lr] of [
      ["1", 1.5],
      ["2", 2.5],
    ] as const) {
      const run = await yard.run(`${job}.${n}`);
      expect(run).toMatchObject({ attempts: 2, metrics: { loss: lr / 2 }, result: { score: lr } });
      expect(run.machine).toMatch(/^n[12]$/);
      expect(await yard.output(run.id)).toBe("try 2 step 7 token s3cret\n");
      expect(await yard.output(run.id, "err")).toContain("data");
      expect(await yard.result(run.id, "out/weights.bin")).toEqual(weights);
    }
    // Nothing is left there but what the next job needs.
    await until(() => yard.spooled().length === 0, "the spool is empty");
    expect(readdirSync(yard.folder)).toEqual(expect.arrayContaining(["train.py"]));
    expect(existsSync(`${yard.folder}/out`)).toBe(false);
  });

  test("a run is followed while it goes on, in the default spool, where only the pool says which cluster it is", async () => {
    const other = await startLoginNode(slurm, "stranger", { knowsCluster: false });
    const yard = await aFarYard(slurm, other, { keys: { conf: slurm.conf }, hasDefaultSpool: true });
    const job = await yard.queue(
      "run",
      "--name",
      "followed",
      `echo '{"t":1,"kind":"metric","step":3,"values":{"loss":0.5}}' >>$RUNYARD_EVENTS; ${held(yard)}`,
    );
    const following = yard.cli(["logs", "-f", `${job}`]);
    await until(async () => (await yard.run(job)).metrics["loss"] === 0.5, "its metric is here");
    expect((await yard.cli(["logs", `${job}`])).stdout).toBe("begun\n");
    expect((await yard.run(job)).status).toBe("running");
    writeFileSync(`${yard.shared}/go`, "");
    expect(await following).toMatchObject({ code: 0, stdout: "begun\nover\n" });
    expect(readdirSync(yard.spool)).toHaveLength(1);
  });

  test("the connection is away for a while: what runs goes on, what waits is not submitted twice", async () => {
    const yard = await aFarYard(slurm, node);
    const job = await yard.queue("run", "--name", "cut", "--runs", "12", held(yard));
    await until(() => yard.starts().length === 8, "as many run as there are GPUs");
    await node.goAway();
    const later = await yard.queue("run", "--name", "later", `echo later >>${yard.shared}/starts`);
    writeFileSync(`${yard.shared}/go`, "");
    await until(() => yard.starts().length === 12, "Slurm goes on without the yard");
    expect((await yard.job(job)).runs).toMatchObject({ succeeded: 0, failed: 0 });
    await node.comeBack();
    expect((await yard.ends(job)).runs).toMatchObject({ succeeded: 12 });
    await yard.reaches(later, "succeeded");
    expect(yard.starts().sort()).toEqual([...Array.from({ length: 12 }, (_, n) => `${job}.${n + 1}`), "later"].sort());
    expect(await yard.output(`${job}.12`)).toBe("begun\nover\n");
    expect(`${await yard.result(`${job}.12`, "made")}`).toBe("made\n");
    for (const name of ["cut", "later"]) expect((await jobsOf(name)).size).toBe(1);
  });

  test("the answer of sbatch is lost with the connection: what it has submitted is found again", async () => {
    const yard = await aFarYard(slurm, node);
    await wrapSbatch(`/usr/bin/sbatch "$@" >/dev/null; touch ${yard.shared}/submitted; sleep 600`);
    const job = await yard.queue("run", "--name", "lost", held(yard));
    await until(() => existsSync(`${yard.shared}/submitted`), "it has been submitted");
    rmSync(`${node.bin}/sbatch`);
    await node.cut();
    await yard.reaches(job, "running");
    writeFileSync(`${yard.shared}/go`, "");
    await yard.reaches(job, "succeeded");
    expect([...(await jobsOf("lost"))].length).toBe(1);
    expect(yard.starts()).toEqual([`${job}.1`]);
  });

  test("an sbatch that comes to Slurm long after the connection was cut has nothing executed a second time", async () => {
    const yard = await aFarYard(slurm, node);
    await wrapSbatch(
      `touch ${yard.shared}/asked; until [ -e ${yard.shared}/on ]; do sleep 0.1; done; /usr/bin/sbatch "$@" >${yard.shared}/late`,
    );
    const job = await yard.queue("run", "--name", "late", held(yard));
    await until(() => existsSync(`${yard.shared}/asked`), "sbatch is under way");
    rmSync(`${node.bin}/sbatch`);
    await node.cut();
    await yard.reaches(job, "running");
    writeFileSync(`${yard.shared}/on`, "");
    await until(
      () => existsSync(`${yard.shared}/late`) && readFileSync(`${yard.shared}/late`, "utf8") !== "",
      "the late one has come",
    );
    const late = readFileSync(`${yard.shared}/late`, "utf8").trim();
    await until(async () => {
      const [state] = await tasksIn(slurm, "%T", `--jobs=${late}`);
      return state === "COMPLETED" || state === "CANCELLED";
    }, "the late one is over");
    expect((await yard.run(job)).status).toBe("running");
    writeFileSync(`${yard.shared}/go`, "");
    await yard.reaches(job, "succeeded");
    expect(yard.starts()).toEqual([`${job}.1`]);
    expect(await yard.output(job)).toBe("begun\nover\n");
  });

  test("the yard is killed and started again: what runs and what waits is found, each once", async () => {
    const yard = await aFarYard(slurm, node);
    const job = await yard.queue("run", "--name", "killed", "--runs", "10", held(yard));
    await until(() => yard.starts().length === 8, "as many run as there are GPUs");
    await yard.killYard();
    writeFileSync(`${yard.shared}/go`, "");
    await until(() => yard.starts().length === 10, "Slurm goes on without the yard");
    await yard.start();
    expect((await yard.ends(job)).runs).toMatchObject({ succeeded: 10 });
    expect(new Set(yard.starts()).size).toBe(10);
    expect((await jobsOf("killed")).size).toBe(1);
    expect(await yard.output(`${job}.10`)).toBe("begun\nover\n");
    await until(() => yard.spooled().length === 0, "the spool is empty");
  });

  test("with an unknown host key a run waits, and explain, check and --accept lead on", async () => {
    const yard = await aFarYard(slurm, node, { knownHosts: "/dev/null" });
    const unseen = await yard.cli(["machines", "check", "slurm:gpu"]);
    expect([unseen.code, unseen.stdout]).toEqual([
      1,
      expect.stringContaining(`ssh-ed25519 ${node.hostKey} is not known`),
    ]);
    const job = await yard.queue("run", "true");
    await until(async () => (await yard.why(job)).includes("runyard machines check slurm:gpu"), "it says what to do");
    const accepted = await yard.cli(["machines", "check", "slurm:gpu", "--accept"]);
    expect(accepted.stdout).toContain(`✓ host key  ssh-ed25519 ${node.hostKey}, new: accepted from now on\n`);
    expect(accepted.stdout).toMatch(/✓ login +root@127\.0\.0\.1:\d+\n +✓ Slurm +Slurm \d/);
    expect(accepted.code).toBe(0);
    await yard.reaches(job, "succeeded");
  });

  test("a login that lets nobody in is named with what to do", async () => {
    const yard = await aFarYard(slurm, node, { keys: { login: "nobody@127.0.0.1" } });
    const job = await yard.queue("run", "true");
    await until(async () => (await yard.why(job)).includes("does not let you in"), "it says so");
    expect(await yard.why(job)).toContain("identity:");
    expect(await yard.cli(["machines", "check", "slurm:gpu"])).toMatchObject({ code: 1 });
  });

  async function wrapSbatch(text: string): Promise<void> {
    await fill(node.bin, { sbatch: { program: `#!/bin/sh\n${text}\n` } });
  }
});
