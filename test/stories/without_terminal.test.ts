import { existsSync, mkdirSync } from "node:fs";
import { expect, test } from "vitest";
import type { SubmissionInput } from "../../src/api/job.ts";
import { type Client, isRefusedCall, type Problem } from "../../src/client/client.ts";
import { aYard, type TestYard } from "../helpers/a_yard.ts";

function shell(text: string): SubmissionInput["work"] {
  return { kind: "command", command: { kind: "shell", text } };
}

async function refusalOf(call: Promise<unknown>): Promise<Problem> {
  try {
    await call;
  } catch (error) {
    if (isRefusedCall(error)) return error.problem;
    throw error;
  }
  throw new Error("it was not refused");
}

async function filesOf({ client }: { client: Client }, job: number, path = "") {
  return (await client.call("listFiles", { params: { job, n: 1 }, query: { path } })).entries;
}

async function endedJob(yard: TestYard, body: SubmissionInput): Promise<number> {
  const { job } = await yard.client.call("submit", { body });
  await yard.ends(job.id);
  return job.id;
}

test("a job that comes without a folder works in an empty one of its own, and what it makes there are its results", async () => {
  const yard = await aYard();
  const job = await endedJob(yard, { work: shell('ls -A | wc -l; echo kept >made.txt; basename "$PWD"') });
  expect(await yard.output(job)).toBe("0\nwork\n");
  const names = (await filesOf(yard, job, "results")).map(({ name, kind }) => `${kind} ${name}`);
  expect(names).toEqual(["file made.txt"]);
});

test("a job without an environment has that of a login, and nothing else of the yard's", async () => {
  const yard = await aYard({ environment: { SECRET_OF_THE_YARD: "s3cret", LC_ALL: "C.UTF-8" } });
  const job = await endedJob(yard, { work: shell("env"), variables: { WANDB_MODE: "offline" } });
  const output = await yard.output(job);
  const names = output.split("\n").map((line) => line.split("=")[0] ?? "");
  for (const name of ["PATH", "HOME", "LANG", "LC_ALL", "WANDB_MODE"]) expect(names).toContain(name);
  expect(output).toContain("WANDB_MODE=offline");
  expect(output).not.toContain("s3cret");
  expect(names.filter((name) => name === "RUNYARD_HOME" || name === "RUNYARD_STOP_FILE")).toEqual([]);
});

test("~ is the home folder of the yard's account, and an output file may lie in the folder that is named", async () => {
  const yard = await aYard();
  const home = yard.program.environment["HOME"] ?? "";
  mkdirSync(`${home}/project`);
  const job = await endedJob(yard, { work: shell("pwd"), cwd: "~/project", out: "log.txt" });
  expect(existsSync(`${home}/project/log.txt`)).toBe(true);
  expect((await filesOf(yard, job)).map(({ name, kind }) => `${kind} ${name}`)).toEqual(["file out"]);
  expect(await yard.output(job)).toBe(`${home}/project\n`);
});

test("a folder that is not there, and an output file that would lie nowhere, are refused at once", async () => {
  const yard = await aYard();
  const missing = await refusalOf(yard.client.call("submit", { body: { work: shell("true"), cwd: "~/nowhere" } }));
  expect(missing.detail).toMatch(/^There is no folder .*\/nowhere on the yard's machine\./);
  const nowhere = await refusalOf(yard.client.call("submit", { body: { work: shell("true"), out: "log.txt" } }));
  expect(nowhere.detail).toMatch(/^The output file "log.txt" has no folder to lie in\./);
  const own = await refusalOf(
    yard.client.call("submit", { body: { work: shell("true"), variables: { RUNYARD_RUN: "x" } } }),
  );
  expect(own.detail).toMatch(/^Runyard sets RUNYARD_RUN itself/);
  expect((await yard.client.call("listJobs")).jobs).toEqual([]);
});

test("jobs that come together are queued in their order", async () => {
  const yard = await aYard();
  const jobs = ["one", "two", "three"].map((name) => ({
    name,
    work: shell(`echo ${name}`),
    out: `${yard.folder}/${name}.out`,
  }));
  const checked = await yard.client.call("submitAll", { body: { jobs, check: true } });
  expect(checked).toEqual({ jobs: [], runs: 3 });
  expect(existsSync(`${yard.folder}/one.out`)).toBe(false);
  const { jobs: queued } = await yard.client.call("submitAll", { body: { jobs } });
  expect(queued.map(({ id, name }) => `${id} ${name}`)).toEqual(["1 one", "2 two", "3 three"]);
  for (const { id } of queued) await yard.ends(id);
  expect(yard.read("three.out")).toBe("three\n");
});

test("of jobs that come together none is queued where one is refused, and each mistake is told", async () => {
  const yard = await aYard();
  const out = (name: string) => `${yard.folder}/${name}`;
  const jobs = [
    { work: shell("true"), out: out("a.out") },
    { work: shell("true"), pool: "nowhere" },
    { work: shell("true"), out: out("a.out") },
    { work: shell("true"), out: out("missing/b.out") },
    { work: shell("true"), demand: { cpus: 90_000 } },
  ];
  const { code, status, problems = [] } = await refusalOf(yard.client.call("submitAll", { body: { jobs } }));
  expect({ code, status }).toEqual({ code: "refused_together", status: 422 });
  expect(problems.map(({ at, code }) => `${at} ${code}`)).toEqual([
    "1 pool_missing",
    "2 bad_request",
    "3 bad_request",
    "4 can_never_run",
  ]);
  expect(problems[1]?.detail).toContain("another one of these jobs has it");
  expect(existsSync(out("a.out"))).toBe(false);
  expect((await yard.client.call("listJobs")).jobs).toEqual([]);
});

test("a job for a cluster goes through Slurm as the last one of its user's in that pool", async () => {
  const yard = await aYard();
  const slurm = {
    conf: `${yard.folder}/slurm.conf`,
    resources: [["partition", "gpu"]] as [string, string][],
    env: "module load cuda",
  };
  await yard.client.call("addCluster", { body: { pool: "slurm:gpu", slurm } });
  const body = { work: shell("true"), pool: "slurm:gpu", paused: true };
  // Nobody has said yet how: what the pool says to Slurm stands in its user's own configuration.
  const unsaid = await refusalOf(yard.client.call("submit", { body }));
  expect(unsaid.detail).toContain("Submit one with the command line (--on slurm:gpu): the next ones go as that did.");
  await yard.client.call("submit", { body: { ...body, slurm: { ...slurm, options: [["time", "5"]] } } });
  const { job } = await yard.client.call("submit", { body });
  const { definition } = await yard.client.call("showJob", { params: { job: job.id } });
  expect(definition["slurm"]).toEqual({ resources: slurm.resources, options: [], env: slurm.env, array: null });
  expect((definition["demand"] as { cluster: string }).cluster).toBe("slurm:gpu");
  // Of one user nothing is taken for another.
  await yard.client.call("setPool", { params: { pool: "slurm:gpu" }, body: { shared: true } });
  const { secret } = await yard.client.call("createToken", { body: { user: "ada", role: "user" } });
  const other = await refusalOf(yard.clientWith(secret).call("submit", { body }));
  expect(other.code).toBe("bad_request");
});
