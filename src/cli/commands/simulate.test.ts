import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { syntheticTrace } from "../../simulator/synthetic.ts";
import { runProgram } from "../program.ts";
import { parseTrace } from "../trace_file.ts";
import { isTraceRefused } from "../trace_problem.ts";

const examples = fileURLToPath(new URL("../../../examples/traces", import.meta.url));

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "runyard-test-"));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

async function runyard(...words: string[]) {
  const said = { stdout: "", stderr: "" };
  const spies = (["stdout", "stderr"] as const).map((stream) =>
    vi.spyOn(process[stream], "write").mockImplementation((chunk) => {
      said[stream] += String(chunk);
      return true;
    }),
  );
  const never = () => Promise.reject(new Error("nothing is started"));
  try {
    const code = await runProgram(["node", "runyard", ...words], { serve: never, agent: never });
    return { code, ...said };
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
}

const philly = ["simulate", `${examples}/philly-992.csv`, "--gpus", "64"];
const tiresias = ["simulate", `${examples}/tiresias-60.csv`, "--gpus", "16"];

test("a trace is replayed under several policies, a line each", async () => {
  const { code, stdout } = await runyard(...philly, "--policy", "las,srtf");
  expect(code).toBe(0);
  const [head, ...lines] = stdout.trimEnd().split("\n");
  expect(head).toMatch(/^POLICY +AVERAGE +MEDIAN +P95 +P99 +QUEUEING +MAKESPAN +PREEMPTIONS +USED +FAIR +TOOK$/);
  expect(lines).toHaveLength(2);
  expect(lines[0]).toMatch(/^las +327,259\.4 .* 8,171,961 +1,387 +80\.3 % +0\.\d\d +\d+\.\d\d s$/);
  expect(lines[1]).toMatch(/^srtf +180,116\.3 .* 8,171,961 .* \d+\.\d\d s$/);
});

test("--json is one policy's figures, or a list of them", async () => {
  const one = await runyard(...tiresias, "--policy", "fifo", "--json");
  expect(JSON.parse(one.stdout)).toMatchObject({ policy: "fifo", jobs: 60, makespanSeconds: 3335, preemptions: 0 });
  expect(JSON.parse(one.stdout).averageCompletionSeconds).toBeCloseTo(200.8, 1);
  const all = await runyard(...tiresias, "--policy", "all", "--no-estimates", "--json");
  const names = JSON.parse(all.stdout).policies.map(({ policy }: { policy: string }) => policy);
  expect(names).toEqual(["fifo", "backfill", "fair-share", "smallest", "las"]);
});

test("--csv has a line a job", async () => {
  const { stdout } = await runyard(...tiresias, "--policy", "smallest", "--csv");
  const lines = stdout.trimEnd().split("\n");
  expect(lines).toHaveLength(61);
  expect(lines[2]).toBe("smallest,1,8,30,147,30,177,147,0,0");
});

test("GPUs are counted, or on machines, on which a job has to fit", async () => {
  const trace = join(folder, "three.csv");
  writeFileSync(trace, "num_gpu,submit_time,duration\n2,0,10\n2,0,10\n2,0,10\n");
  const endsOn = async (...words: string[]) => {
    const { stdout } = await runyard("simulate", trace, "--policy", "srtf", "--csv", ...words);
    return stdout
      .split("\n")
      .slice(1, 4)
      .map((line) => Number(line.split(",")[6]));
  };
  expect(await endsOn("--gpus", "6")).toEqual([10, 10, 10]);
  expect(await endsOn("--machines", "1x6")).toEqual([10, 10, 10]);
  expect(await endsOn("--machines", "2x3")).toEqual([10, 10, 20]);
});

test("to take GPUs away costs what is said, and as much as in a yard where that is said", async () => {
  const averageWith = async (...words: string[]) =>
    JSON.parse((await runyard(...philly, "--policy", "srtf", "--json", ...words)).stdout).averageCompletionSeconds;
  const ideal = await averageWith();
  const costly = await averageWith("--preempt-cost", "10m", "--min-quantum", "1h");
  expect(costly).toBeGreaterThan(ideal);
  expect(await averageWith("--as-live")).toBeGreaterThan(ideal);
  expect(await averageWith("--as-live", "--preempt-cost", "0", "--min-quantum", "0")).toBe(ideal);
});

test("las takes its limits and its patience", async () => {
  const averageWith = async (...words: string[]) =>
    JSON.parse((await runyard(...philly, "--policy", "las", "--json", ...words)).stdout).averageCompletionSeconds;
  const usual = await averageWith("--las-limits", "3250,7200", "--starvation", "0");
  expect(usual).toBeCloseTo(327259.4, 1);
  expect(await averageWith("--las-limits", "100000")).not.toBe(usual);
  expect(await averageWith("--starvation", "2")).not.toBe(usual);
});

const made = ["simulate", "--jobs", "300", "--seed", "7", "--gpus", "32"];

test("jobs are made where there is no trace, the same again for a seed", async () => {
  const figures = async (...words: string[]) => {
    const { tookSeconds, ...rest } = JSON.parse((await runyard(...made, "--json", ...words)).stdout);
    return rest;
  };
  const usual = await figures();
  expect(usual).toMatchObject({ policy: "backfill", jobs: 300 });
  expect(await figures("--load", "0.9")).toEqual(usual);
  expect(await figures("--seed", "8")).not.toEqual(usual);
  expect((await figures("--load", "3")).averageQueueingSeconds).toBeGreaterThan(usual.averageQueueingSeconds);
});

test("a trace that is printed is read back as the same", async () => {
  const { stdout } = await runyard(...made, "--print-trace");
  expect(stdout).toMatch(/^job_id,num_gpu,submit_time,duration,priority,user\n0,\d+,0,\d+,30,user\d\n/);
  expect(stdout.trimEnd().split("\n")).toHaveLength(301);
  const path = join(folder, "made.csv");
  writeFileSync(path, stdout);
  expect((await runyard("simulate", path, "--gpus", "32", "--print-trace")).stdout).toBe(stdout);
  const trace = parseTrace(stdout, 32);
  expect(isTraceRefused(trace) ? trace : trace.jobs).toEqual(
    syntheticTrace({ seed: 7, jobs: 300, gpus: 32, load: 0.9 }),
  );
});

test("elastic jobs are made, printed and read back, and end sooner under optimus, which says how often it resized", async () => {
  const elastic = [...made, "--elastic", "0.5"];
  const { stdout } = await runyard(...elastic, "--print-trace");
  expect(stdout).toMatch(/^job_id,num_gpu,submit_time,duration,priority,user,min_gpus,max_gpus,serial\n/);
  expect(stdout).toMatch(/,1,16,0\.\d+$/m);
  expect(stdout).toMatch(/,,,$/m);
  const path = join(folder, "made.csv");
  writeFileSync(path, stdout);
  const trace = parseTrace(stdout, 32);
  expect(isTraceRefused(trace) ? trace : trace.jobs).toEqual(
    syntheticTrace({ seed: 7, jobs: 300, gpus: 32, load: 0.9, elastic: 0.5 }),
  );

  const again = ["simulate", path, "--gpus", "32", "--policy"];
  const [backfill, optimus] = JSON.parse((await runyard(...again, "backfill,optimus", "--json")).stdout).policies;
  expect(backfill.resizes).toBe(0);
  expect(optimus.resizes).toBeGreaterThan(100);
  expect(optimus.averageCompletionSeconds).toBeLessThan(backfill.averageCompletionSeconds);
  expect((await runyard(...again, "backfill,optimus")).stdout).toMatch(/^POLICY .* PREEMPTIONS +RESIZES +USED /);
  expect((await runyard(...again, "optimus", "--csv")).stdout).toMatch(/,preemptions,resizes\n/);
  expect((await runyard(...again, "backfill", "--csv")).stdout).toMatch(/,preemptions\n/);
});

test("an export of sacct is simulated, and what is left out is said", async () => {
  const path = join(folder, "jobs.txt");
  const lines = [
    "1|ada|1-00:00:00|gres/gpu=2",
    "1.0|ada|1-00:00:00|gres/gpu=2",
    "2|ben|00:00:00|",
    "3|ben|00:01:00|cpu=1",
  ];
  writeFileSync(
    path,
    `JobID|User|Elapsed|AllocTRES|Submit\n${lines.map((line) => `${line}|2024-01-05T10:00:00\n`).join("")}`,
  );
  const { code, stdout, stderr } = await runyard("simulate", path, "--gpus", "2", "--json");
  expect([code, stderr]).toEqual([0, `${path}: 1 job; left out: 1 never ran, 1 had no GPUs.\n`]);
  expect(JSON.parse(stdout)).toMatchObject({ jobs: 1, makespanSeconds: 86_400 });
});

test("--plot draws into a new file, along with what else is printed", async () => {
  const path = join(folder, "p.svg");
  const { code, stdout, stderr } = await runyard(...tiresias, "--policy", "las,fifo", "--json", "--plot", path);
  expect([code, stderr]).toEqual([0, `The plot is in ${path}.\n`]);
  expect(JSON.parse(stdout).policies).toHaveLength(2);
  const svg = readFileSync(path, "utf8");
  expect(svg).toMatch(/^<svg .*>tiresias-60\.csv: 60 jobs on 16 GPUs<\/text>.*<\/svg>\n$/s);
  const again = await runyard(...tiresias, "--plot", path);
  expect(again).toMatchObject({ code: 2, stdout: "" });
  expect(again.stderr).toContain(`--plot ${path}: The file exists already. Remove it, or choose another name.`);
  expect(readFileSync(path, "utf8")).toBe(svg);
});

test.each([
  [["--plot", "FOLDER/none/p.svg"], "There is no such folder. Make it, or choose another one."],
  [["--plot", "p.png"], "--plot p.png: The plot is an SVG. Choose a name that ends in .svg."],
  [["--plot", "p.svg", "--print-trace"], "--print-trace simulates nothing"],
  [["--csv", "--print-trace"], "exclude each other"],
  [["t.csv"], "--jobs makes a trace, and t.csv is one. Leave out one of the two."],
  [["--jobs", "0"], "--jobs 0: It takes a whole number from 1"],
  [["--seed", "-1"], "--seed -1: It takes a whole number from 0"],
  [["--elastic", "1.1"], "--elastic 1.1: It takes a number from 0 to 1"],
  [["--elastic", "all"], "--elastic all: It takes a number from 0 to 1"],
  [["--load", "0"], "--load 0: It takes a number from 0.05"],
])("jobs that are made, with %j: refused", async (words, said) => {
  const { code, stderr } = await runyard(...made, ...words.map((word) => word.replace("FOLDER", folder)));
  expect(code).toBe(2);
  expect(stderr).toContain(said);
});

test("without jobs there is nothing to simulate", async () => {
  const { code, stderr } = await runyard("simulate", "--gpus", "4", "--seed", "7");
  expect(code).toBe(2);
  expect(stderr).toContain("Which jobs? Name the file of a trace, or have some made: --jobs 500; or replay");
});

test.each([
  [["--policy", "fifo"], "--gpus 64, or how many machines"],
  [["--gpus", "0"], "--gpus 0: It takes a whole number from 1"],
  [["--gpus", "4", "--policy", "lass"], 'there is no policy "lass"; did you mean "las"?'],
  [["--gpus", "4", "--policy", "fifo,srtf", "--no-estimates"], "--no-estimates: srtf goes by how long jobs take."],
  [["--gpus", "4", "--las-limits", "7200,3250"], "--las-limits 7200,3250: It takes rising whole numbers"],
  [["--gpus", "4", "--starvation", "-1"], "--starvation -1: It takes a number from 0"],
  [["--gpus", "4", "--csv", "--json"], "exclude each other"],
  [["--gpus", "4"], "TRACE:3:3: the job asks for 8 GPUs; there are 4."],
])("%j is refused", async (words, said) => {
  const path = join(folder, "t.csv");
  writeFileSync(path, "job_id,num_gpu,submit_time,duration\n0,1,0,5\n1,8,0,5\n");
  const { code, stdout, stderr } = await runyard("simulate", path, ...words);
  expect(code).toBe(2);
  expect(stdout + stderr).toContain(said.replace("TRACE", path));
});

test("policies are listed with what they do", async () => {
  const { stdout } = await runyard("policies");
  expect(stdout).toMatch(/^las +yes +The least attained service first/m);
  const names = JSON.parse((await runyard("policies", "--json")).stdout).policies.map(
    (one: { name: string }) => one.name,
  );
  expect(names).toEqual(["fifo", "backfill", "fair-share", "smallest", "srtf", "srsf", "las", "optimus"]);
});
