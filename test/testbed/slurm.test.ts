import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { isRunning, killNow, processesOf } from "../helpers/processes_of.ts";
import { until } from "../helpers/until.ts";
import { commandLine, slurmProcesses } from "./slurm/processes.ts";
import { missingForSlurm } from "./slurm/programs.ts";
import { type Slurm, startSlurm } from "./slurm.ts";

const missing = missingForSlurm();
if (missing !== null) test.skip(`real Slurm (${missing})`);

/** Fails with what the command has said, where it fails. */
async function ask(slurm: Slurm, program: string, ...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await slurm.run(program, args);
  if (code !== 0) throw new Error(`${program} ${args.join(" ")}: ${stderr}`);
  return stdout.trim();
}

const submit = (slurm: Slurm, command: string, ...options: string[]) =>
  ask(slurm, "sbatch", "--parsable", ...options, `--wrap=${command}`);

const stateOf = (slurm: Slurm, job: string) =>
  ask(slurm, "squeue", "--noheader", "--states=all", `--jobs=${job}`, "--format=%T %r");

const untilState = (slurm: Slurm, job: string, state: string) =>
  until(async () => (await stateOf(slurm, job)) === state, `job ${job} is ${state}`);

describe.skipIf(missing !== null)("several at the same time", () => {
  let plain: Slurm;
  let withAccounting: Slurm;
  beforeAll(async () => {
    const enforce = { AccountingStorageEnforce: "limits", MaxArraySize: "10", MinJobAge: "2" };
    const partitions = ["PartitionName=short Nodes=n2 MaxTime=1"];
    [plain, withAccounting] = await Promise.all([
      startSlurm(),
      startSlurm({ accounting: true, settings: enforce, partitions }),
    ]);
  });
  afterAll(() => Promise.all([plain?.stop(), withAccounting?.stop()]));

  test.concurrent("a job runs on both nodes, and sees as many GPUs as it asked for", async () => {
    const both = await ask(plain, "srun", "--nodes=2", "printenv", "SLURMD_NODENAME");
    expect(both.split("\n").sort()).toEqual(["n1", "n2"]);
    const gpus = await ask(plain, "srun", "--gpus=2", "printenv", "CUDA_VISIBLE_DEVICES");
    expect(gpus).toBe("0,1");
    const { code, stderr } = await plain.run("srun", ["--gpus-per-node=5", "true"]);
    expect([code, stderr]).toEqual([1, expect.stringContaining("Requested node configuration is not available")]);
  });

  test.concurrent("each has its own settings, partitions, jobs and accounting", async () => {
    const array = ["--array=8-10", "--output=%a.out", "--job-name=numbers"];
    const job = await submit(plain, "echo $SLURM_ARRAY_TASK_ID", ...array, "--wait");
    const outputs = [8, 9, 10].map((index) => readFileSync(join(plain.folder, `${index}.out`), "utf8"));
    expect(outputs).toEqual(["8\n", "9\n", "10\n"]);
    expect(await stateOf(plain, `${job}_9`)).toBe("COMPLETED None");
    await expect(submit(withAccounting, "true", ...array)).rejects.toThrow("Invalid job array specification");

    expect(await ask(withAccounting, "sinfo", "--noheader", "--format=%R %D %l")).toBe("gpu 2 infinite\nshort 1 1:00");
    expect(await ask(withAccounting, "squeue", "--noheader", "--states=all", "--name=numbers")).toBe("");
    const { code, stderr } = await plain.run("sacct");
    expect([code, stderr]).toEqual([1, "Slurm accounting storage is disabled\n"]);
  });

  test.concurrent("accounts have limits, and sacct tells of jobs that the controller has forgotten", async () => {
    await ask(withAccounting, "sacctmgr", "-i", "add", "account", "lab", "GrpTRES=cpu=1");
    await ask(withAccounting, "sacctmgr", "-i", "add", "user", "root", "account=lab");
    const first = await submit(withAccounting, "exit 7", "--account=lab");
    const tooMuch = await submit(withAccounting, "true", "--account=lab", "--ntasks=2");
    await untilState(withAccounting, tooMuch, "PENDING AssocGrpCpuLimit");
    const states = ["--noheader", "--allocations", "--parsable2", "--format=JobID,State,ExitCode"];
    await until(
      async () => (await ask(withAccounting, "sacct", ...states)).startsWith(`${first}|FAILED|7:0\n`),
      "sacct tells how it ended",
    );
    await until(
      async () => (await withAccounting.run("squeue", ["--states=all", `--jobs=${first}`])).code !== 0,
      "the controller has forgotten it",
    );
    await withAccounting.accounting?.stop();
    expect((await withAccounting.run("sacct", states)).stderr).toContain("Connection refused");
    await withAccounting.accounting?.start();
    expect(await ask(withAccounting, "sacct", ...states)).toContain(`${first}|FAILED|7:0\n`);
  });

  test.concurrent("jobs outlive the controller and slurmd, but not their node", async ({ onTestFinished }) => {
    const slurm = await startSlurm({ settings: { MessageTimeout: "2", SlurmdTimeout: "3" } });
    onTestFinished(() => slurm.stop());
    const job = await submit(slurm, "sleep 7172.5", "--nodelist=n1", "--no-requeue");
    const step = await until(() => slurm.stepsOf(job).at(0), "the job runs");
    await slurm.controller.stop();
    expect((await slurm.run("squeue")).code).toBe(1);
    await slurm.controller.start();
    killNow(slurm.nodes.n1.pid());
    await until(() => !slurm.nodes.n1.isUp(), "slurmd is killed");
    await slurm.nodes.n1.start();
    expect([await stateOf(slurm, job), slurm.stepsOf(job)]).toEqual(["RUNNING None", [step]]);

    await slurm.nodes.n1.kill();
    expect([isRunning(step), slurm.nodes.n2.isUp()]).toEqual([false, true]);
    expect(processesOf(slurm.conf).filter(({ command }) => command.includes("7172.5"))).toEqual([]);
    await untilState(slurm, job, "NODE_FAIL NodeDown");
    await slurm.nodes.n1.start();
    expect(await ask(slurm, "srun", "--nodelist=n1", "printenv", "SLURMD_NODENAME")).toBe("n1");
  });

  test.concurrent("nothing is left of one whose test was killed", async ({ onTestFinished }) => {
    const module = new URL("slurm.ts", import.meta.url).href;
    const program = `const { startSlurm } = await import(${JSON.stringify(module)});
      const slurm = await startSlurm();
      await slurm.run("sbatch", ["--wrap=sleep 7175.5"]);
      console.log(slurm.folder);
      setInterval(() => {}, 1000);`;
    const child = spawn(process.execPath, ["--input-type=module", "-e", program], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    onTestFinished(() => void killNow(child.pid ?? 0));
    const [folder] = (await once(createInterface(child.stdout), "line")) as [string];
    await until(() => slurmProcesses(folder).some((pid) => commandLine(pid).includes("7175.5")), "its job runs");
    const all = slurmProcesses(folder);
    killNow(child.pid ?? 0);
    await until(() => !existsSync(folder), "the folder is gone");
    expect(all.filter(isRunning)).toEqual([]);
  });

  test("nothing is left of one that was stopped, and the other goes on", async () => {
    const job = await submit(withAccounting, "setsid env -i sleep 7173.5 & setsid sleep 7174.5", "--account=lab");
    const sleepers = () => slurmProcesses(withAccounting.folder).filter((pid) => /717[34]/.test(commandLine(pid)));
    await until(() => sleepers().length === 2, `job ${job} runs`);
    const all = withAccounting.processes();
    await withAccounting.stop();
    expect([all.filter(isRunning), existsSync(withAccounting.folder)]).toEqual([[], false]);
    expect(await ask(plain, "srun", "echo", "still here")).toBe("still here");
  });
});
