import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { aClusterYard, tasksIn } from "../helpers/a_cluster_yard.ts";
import { fill } from "../helpers/a_folder.ts";
import { until } from "../helpers/until.ts";
import { missingForSlurm } from "../testbed/slurm/programs.ts";
import { type Slurm, startSlurm } from "../testbed/slurm.ts";

const missing = missingForSlurm();
if (missing !== null) test.skip(`runs through Slurm (${missing})`);

describe.skipIf(missing !== null)("runs through Slurm", () => {
  let slurm: Slurm;
  beforeAll(async () => {
    slurm = await startSlurm();
  });
  afterAll(() => slurm?.stop());

  test("a sweep becomes one array, in which run 7 is task 7, and leaves nothing in the folder", async () => {
    const yard = await aClusterYard(slurm);
    await fill(yard.folder, { "params.json": JSON.stringify({ lr: [0.1, 0.01], seed: [1, 2, 3] }) });
    const before = readdirSync(yard.folder);
    const text = 'echo "$SLURM_ARRAY_TASK_ID $RUNYARD_RUN $CUDA_VISIBLE_DEVICES {lr} {seed}"';
    const job = await yard.queue("sweep", "--runs", "10", "--name", "sixty", text);
    const ended = await yard.ends(job);
    expect(ended.runs).toMatchObject({ total: 60, succeeded: 60 });
    const tasks = await tasksIn(slurm, "%F %K", "--name=sixty");
    expect(new Set(tasks.map((line) => line.split(" ")[0])).size).toBe(1);
    expect(tasks.map((line) => Number(line.split(" ")[1])).sort((a, b) => a - b)).toEqual(
      Array.from({ length: 60 }, (_, index) => index + 1),
    );
    for (const n of [1, 7, 60]) {
      const { run, attempts } = JSON.parse((await yard.cli(["show", `${job}.${n}`, "--json"])).stdout);
      expect(run.machine).toMatch(/^n[12]$/);
      expect(run.gpus).toEqual([expect.stringMatching(/^[0-3]$/)]);
      expect(attempts).toHaveLength(1);
      expect(await yard.output(run.id)).toBe(`${n} ${run.id} ${run.gpus[0]} ${run.params.lr} ${run.params.seed}\n`);
    }
    expect(readdirSync(yard.folder)).toEqual(before);
  });

  test("arguments arrive as they were given, and runs end as their commands do", async () => {
    const yard = await aClusterYard(slurm);
    const words = ["sh", "-c", 'printf "<%s>" "$@"', "sh", "a b", "$HOME", "it's", "-x", ""];
    const said = await yard.queue("run", "--", ...words);
    const code = await yard.cli(["run", "--on", "slurm:gpu", "--wait", "--", "sh", "-c", "echo why >&2; exit 3"]);
    expect(code.code).toBe(1);
    const signal = await yard.queue("run", "--", "sh", "-c", "kill -9 $$");
    const none = await yard.queue("run", "--", "no-such-program");
    await yard.ends(said);
    expect(await yard.output(said)).toBe("<a b><$HOME><it's><-x><>");
    expect(await yard.run(said + 1)).toMatchObject({ exitCode: 3, cause: { code: "exit_code" } });
    expect(await yard.output(said + 1, "err")).toBe("why\n");
    expect(await yard.reaches(signal, "failed")).toMatchObject({ cause: { code: "signal" } });
    expect(await yard.reaches(none, "failed")).toMatchObject({ cause: { code: "could_not_start" } });
  });

  test("--at-most is the array's own limit", async () => {
    const yard = await aClusterYard(slurm);
    const text = "echo + >> witness; sleep 0.3; echo - >> witness";
    const job = await yard.queue("sweep", "--set", "n=1..6", "--at-most", "2", "--name", "two", `: {n}; ${text}`);
    await until(async () => (await tasksIn(slurm, "%i", "--name=two")).length === 6, "all are in Slurm's queue");
    const { stdout } = await slurm.run("scontrol", ["show", "job"]);
    expect(stdout).toMatch(/ArrayTaskThrottle=2\b/);
    await yard.ends(job);
    let now = 0;
    const counts = yard
      .read("witness")
      .trim()
      .split("\n")
      .map((sign) => (now += sign === "+" ? 1 : -1));
    expect([counts.length, Math.max(...counts)]).toEqual([12, 2]);
  });

  test("values of variables stay out of Slurm, and Slurm's own of the submitting terminal are not passed on", async () => {
    const yard = await aClusterYard(slurm);
    const log = join(yard.folder, "..", "sbatch.log");
    await fill(yard.bin, {
      sbatch: { program: `#!/bin/sh\nprintf '%s\\n' "$@" >>'${log}'\nPATH=\${PATH#*:} exec sbatch "$@"\n` },
    });
    const environment = { SBATCH_PARTITION: "nowhere", SLURM_JOB_ID: "99", SLURM_NTASKS: "7", SBATCH_TIMELIMIT: "1" };
    const args = ["run", "--on", "slurm:gpu", "--env", "TOKEN_X=hush-hush", "--json"];
    const text =
      'echo "$TOKEN_X ${SBATCH_PARTITION-none} ${SLURM_NTASKS-none}"; while [ ! -e go ]; do sleep 0.05; done';
    const { stdout } = await yard.cli([...args, text], { environment });
    const job = JSON.parse(stdout).job.id;
    await yard.reaches(job, "running");
    const [id = ""] = await tasksIn(slurm, "%i", "--states=running");
    const script = (await slurm.run("scontrol", ["write", "batch_script", id, "-"])).stdout;
    const shown = (await slurm.run("scontrol", ["show", "job", id])).stdout;
    expect(script).toContain("#!/bin/bash");
    expect(readFileSync(log, "utf8")).toContain("--comment=runyard:");
    expect(`${script}${shown}${readFileSync(log, "utf8")}`).not.toContain("hush-hush");
    expect(shown).not.toContain("TimeLimit=00:01:00");
    await fill(yard.folder, { go: "" });
    await yard.ends(job);
    expect(await yard.output(job)).toBe("hush-hush none none\n");
  });

  test("a batch script with an array runs once for each of its numbers", async () => {
    const yard = await aClusterYard(slurm);
    const script = [
      "#!/bin/bash",
      "#SBATCH --array=0-3 --job-name=four",
      "#SBATCH --cpus-per-task=2",
      'echo "$SLURM_ARRAY_TASK_ID $SLURM_CPUS_PER_TASK $1"',
    ];
    await fill(yard.folder, { "train.sbatch": `${script.join("\n")}\n` });
    const job = await yard.queue("submit", "train.sbatch", "x  y");
    expect((await yard.ends(job)).runs).toMatchObject({ total: 4, succeeded: 4 });
    const outputs = await Promise.all([1, 2, 3, 4].map((n) => yard.output(`${job}.${n}`)));
    expect(outputs).toEqual(["0 2 x  y\n", "1 2 x  y\n", "2 2 x  y\n", "3 2 x  y\n"]);
    expect((await tasksIn(slurm, "%K", "--name=four")).sort()).toEqual(["0", "1", "2", "3"]);
  });

  test("while a run goes on, its output can be followed, and its metrics and progress are seen", async () => {
    const yard = await aClusterYard(slurm);
    const events = ['{"kind":"metric","step":1,"values":{"loss":0.5}}', '{"kind":"progress","done":3,"of":10}'];
    const tell = events.map((line) => `echo '${line}' >> "$RUNYARD_EVENTS"`).join("; ");
    const job = await yard.queue("run", `echo first; ${tell}; while [ ! -e go ]; do sleep 0.05; done; echo last`);
    await yard.reaches(job, "running");
    const logs = yard.cli(["logs", "-f", `${job}`]);
    const seen = await until(async () => {
      const run = await yard.run(job);
      return run.progress === null ? null : run;
    }, "its progress is seen");
    expect(seen).toMatchObject({ status: "running", metrics: { loss: 0.5 }, progress: { done: 3, of: 10 } });
    await until(async () => (await yard.output(job)) === "first\n", "its first line is here");
    await fill(yard.folder, { go: "" });
    expect(await logs).toMatchObject({ code: 0, stdout: "first\nlast\n" });
    expect(await yard.reaches(job, "succeeded")).toMatchObject({ machine: expect.stringMatching(/^n[12]$/) });
  });
});
