import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { fill } from "../helpers/a_folder.ts";
import { aYard, type TestYard, type YardOptions } from "../helpers/a_yard.ts";
import { onATerminal } from "../helpers/on_a_terminal.ts";
import { until } from "../helpers/until.ts";
import { missingForSlurm } from "../testbed/slurm/programs.ts";
import { type Slurm, startSlurm } from "../testbed/slurm.ts";

const missing = missingForSlurm();
if (missing !== null) test.skip(`clusters (${missing})`);

/** What `slurm:gpu` does before each command: it tells that it did, and sets a variable. */
const ENV = `export GREETING="it's here"; echo ready-$((1 + 1))`;

describe.skipIf(missing !== null)("a cluster", () => {
  let slurm: Slurm;
  beforeAll(async () => {
    slurm = await startSlurm();
  }, 60_000);
  afterAll(() => slurm?.stop());

  /** A yard whose user has a pool for the cluster, with one GPU unless more are asked for. */
  async function aYardWithPool(options: YardOptions = {}): Promise<TestYard> {
    const yard = await aYard(options);
    const pool = { conf: slurm.conf, env: ENV, resources: { partition: "gpu", gres: "gpu:fake:1" } };
    const pools = JSON.stringify({ pools: { "slurm:gpu": pool } });
    // The user's own file; on a terminal the home is the yard's folder.
    for (const home of [join(dirname(yard.folder), "user"), yard.folder])
      await fill(home, { ".config/runyard/runyard.yaml": pools });
    return yard;
  }

  async function queue(...options: string[]): Promise<string> {
    const { stdout } = await slurm.run("sbatch", ["--parsable", "--output=/dev/null", ...options, "--wrap=sleep 600"]);
    return stdout.trim();
  }

  const jobs = async () => (await slurm.run("squeue", ["--noheader", "--array", "--format=%T %r"])).stdout;

  test("machines --on tells where there is room, which node is out of use, and who waits for what", async () => {
    const yard = await aYardWithPool();
    const running = await queue("--nodelist=n1", "--gres=gpu:3");
    const waiting = await queue("--nodelist=n1", "--gres=gpu:4", "--array=1-5");
    const wait = "PENDING Resources\n".repeat(5);
    await until(
      async () => (await jobs()).split("\n").sort().join("\n").trim() === `${wait}RUNNING None`,
      "one job runs and five wait",
    );
    await slurm.run("scontrol", ["update", "nodename=n2", "state=drain", "reason=a disk = full"]);
    const { code, stdout } = await yard.cli(["machines", "--on", "slurm:gpu"]);
    const { nodes, queue: shares } = JSON.parse((await yard.cli(["machines", "--on", "slurm:gpu", "--json"])).stdout);
    await slurm.run("scontrol", ["update", "nodename=n2", "state=resume"]);
    await slurm.run("scancel", [running, waiting]);
    expect(code).toBe(0);
    expect(stdout).toContain("1 of 8 GPUs are free: n1 1; 5 jobs wait ahead\n");
    expect(stdout).toMatch(/^n2 +gpu +idle\+drain +8\/8 +4\.0 GB +fake 4\/4 +a disk = full \[root@\d{4}-/m);
    expect(stdout).toMatch(/^gpu +\S+ +1 +3 +5 +20 +Resources/m);
    expect(nodes[0]).toMatchObject({ name: "n1", state: "mixed", gpus: [{ type: "fake", total: 4, used: 3 }] });
    expect(shares).toMatchObject([{ partition: "gpu", running: 1, pending: 5, gpusRunning: 3, gpusPending: 20 }]);
  });

  test("a machine of the yard is no cluster, and is shown as it is", async () => {
    const yard = await aYardWithPool();
    const { stdout } = await yard.cli(["machines", "--on", "local", "--json"]);
    expect(JSON.parse(stdout).machines).toMatchObject([{ name: "local" }]);
    expect(await yard.cli(["machines", "--on", "nowhere"])).toMatchObject({ code: 4 });
  });

  test("shell executes a command on a node, behind the pool's env, with what was asked for, and ends as it did", async () => {
    const yard = await aYardWithPool({ asleep: true });
    const command = ["sh", "-c", 'echo "$GREETING|$1|$CUDA_VISIBLE_DEVICES"; exit 7', "sh", "a  b"];
    const environment = { SLURM_JOB_ID: "99", SBATCH_PARTITION: "nowhere", SLURM_PARTITION: "nowhere" };
    const ran = await yard.cli(["shell", "--on", "slurm:gpu", "--gpus", "2", "--", ...command], { environment });
    expect(ran).toMatchObject({ code: 7, stdout: "ready-2\nit's here|a  b|0,1\n" });
  });

  test("shell opens a session in the terminal", async () => {
    const yard = await aYardWithPool({ asleep: true });
    const typing = [{ after: "ready-2", type: 'echo "<$GREETING>" in $(tty); exit 3\n' }];
    const { code, screen } = await onATerminal(yard, ["shell", "--on", "slurm:gpu"], { typing });
    expect(screen).toContain("<it's here> in /dev/pts/");
    expect(code).toBe(3);
  });

  test("a session needs a terminal, a pool, and one that is Slurm's", async () => {
    const yard = await aYardWithPool({ asleep: true });
    const refusals: [string[], string][] = [
      [["--on", "slurm:gpu"], "A session needs a terminal."],
      [[], "Name where"],
      [["--on", "local", "--", "true"], "You are on this machine already"],
      [["--on", "lab1", "--", "true"], "lab1 is no pool of Slurm's."],
      [["--on", "local,slurm:gpu", "--", "true"], "Name one pool."],
    ];
    for (const [args, why] of refusals) {
      const { code, stderr } = await yard.cli(["shell", ...args]);
      expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining(why) });
    }
  });

  test("while the controller is away, that is said in Slurm's own words", async () => {
    const yard = await aYardWithPool();
    await yard.cli(["machines", "--on", "slurm:gpu"]);
    await slurm.controller.stop();
    const { code, stderr } = await yard.cli(["machines", "--on", "slurm:gpu"]);
    expect(stderr).toMatch(/slurm:gpu cannot be asked now: .*Unable to contact slurm controller/);
    expect(code).toBe(3);
  });
});
