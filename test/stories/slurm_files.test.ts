import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { aClusterYard, type ClusterYard } from "../helpers/a_cluster_yard.ts";
import { fill } from "../helpers/a_folder.ts";
import { until } from "../helpers/until.ts";
import { missingForSlurm } from "../testbed/slurm/programs.ts";
import { type Slurm, startSlurm } from "../testbed/slurm.ts";

const missing = missingForSlurm();
if (missing !== null) test.skip(`files through Slurm (${missing})`);

const MB = 1024 ** 2;

describe.skipIf(missing !== null)("files of runs through Slurm, where its nodes share them with the yard", () => {
  let slurm: Slurm;
  beforeAll(async () => {
    slurm = await startSlurm();
  });
  afterAll(() => slurm?.stop());

  async function shown(yard: ClusterYard, job: number) {
    const { run, attempts } = await yard.client.call("showRun", { params: { job, n: 1 } });
    return { results: run.workers[0]?.results ?? null, stays: attempts[0]?.stays ?? null };
  }

  test("a run works in the folder it was submitted from, and what it makes is there", async () => {
    const yard = await aClusterYard(slurm);
    await fill(yard.folder, {
      "train.py": 'import runyard\nrunyard.metric(1, loss=0.5)\nopen("made", "w").write("x")\n',
    });
    const job = await yard.queue("run", "pwd; umask; python3 train.py; printenv SLURM_TIME_FORMAT; true");
    expect(await yard.reaches(job, "succeeded")).toMatchObject({ metrics: { loss: 0.5 } });
    expect(await yard.output(job)).toBe(`${yard.folder}\n0022\n`);
    expect(readdirSync(yard.folder).sort()).toEqual(["made", "train.py"]);
    expect(await shown(yard, job)).toEqual({ results: null, stays: null });
  });

  test("with --snapshot it works in a copy of the code as it was, and what it makes is collected", async () => {
    const yard = await aClusterYard(slurm);
    await fill(yard.folder, { "train.sh": "cat words; echo made >made\n", words: "before\n" });
    const job = await yard.queue("run", "--snapshot", "--sbatch", "begin=now+3", "sh train.sh; pwd >where");
    writeFileSync(`${yard.folder}/words`, "after\n");
    await yard.reaches(job, "succeeded");
    expect(await yard.output(job)).toBe("before\n");
    const { results } = await shown(yard, job);
    expect(readdirSync(`${results}`).sort()).toEqual(["made", "where"]);
    expect(readFileSync(`${results}/where`, "utf8")).not.toBe(`${yard.folder}\n`);
    expect(readdirSync(yard.folder).sort()).toEqual(["train.sh", "words"]);
  });

  test("--outputs names what is collected, and --keep leaves the whole folder where it is", async () => {
    const yard = await aClusterYard(slurm);
    await fill(yard.folder, { a: "a" });
    const text = "mkdir out; echo 1 >out/model; echo 2 >rest";
    const job = await yard.queue("run", "--snapshot", "--outputs", "out", "--keep", text);
    await yard.reaches(job, "succeeded");
    const { results, stays } = await shown(yard, job);
    expect(readdirSync(`${results}`, { recursive: true }).sort()).toEqual(["out", "out/model"]);
    await until(() => existsSync(`${stays}/0/work/rest`), "its folder is where it stays");
    expect(readdirSync(`${stays}/0/work`).sort()).toEqual(["a", "out", "rest"]);
  });

  test("--out takes both streams, of every try", async () => {
    const yard = await aClusterYard(slurm);
    const text = 'echo "try $RUNYARD_TRY"; echo oops >&2; exit $((2 - RUNYARD_TRY))';
    const job = await yard.queue("run", "--out", "both.log", "--retries", "1", text);
    await yard.reaches(job, "succeeded");
    expect(yard.read("both.log")).toBe("try 1\noops\ntry 2\noops\n");
  });

  test("output is kept byte by byte, however much there is of it", async () => {
    const yard = await aClusterYard(slurm);
    const make = `import hashlib, os, sys
data = os.urandom(${MB})
whole = hashlib.sha256()
for _ in range(50):
    sys.stdout.buffer.write(data)
    whole.update(data)
print(whole.hexdigest(), file=sys.stderr)
`;
    await fill(yard.folder, { "make.py": make });
    const job = await yard.queue("run", "python3", "make.py");
    await yard.reaches(job, "succeeded");
    const [hash, headers] = [createHash("sha256"), { authorization: `Bearer ${yard.token()}` }];
    let bytes = 0;
    for (let read = -1; read !== 0; bytes += read) {
      const path = `/api/v1/jobs/${job}/runs/1/output?stream=out&from=${bytes}`;
      const { body } = await yard.request("GET", path, headers);
      hash.update(body);
      read = body.length;
    }
    expect([bytes, hash.digest("hex")]).toEqual([50 * MB, (await yard.output(job, "err")).trim()]);
  });
});
