import { expect, test } from "vitest";
import { parseTrace } from "../trace_file.ts";
import { describeTraceProblem } from "../trace_problem.ts";

const HEAD = "JobID|User|Submit|Start|End|Elapsed|ElapsedRaw|AllocTRES|ReqTRES|NNodes|NCPUS|State|Priority";

function read(...lines: string[]) {
  const trace = parseTrace(lines.join("\n"), 8);
  return "problem" in trace ? describeTraceProblem("t.txt", trace.problem) : trace;
}

/** A line below HEAD. */
function jobLine(id: string, resources: string, elapsed = "01:00:00", start = "2024-01-05T10:00:30") {
  const [hours = 0, minutes = 0, seconds = 0] = elapsed.split(":").map(Number);
  const raw = hours * 3600 + minutes * 60 + seconds;
  const times = `2024-01-05T10:00:00|${start}|Unknown|${elapsed}|${raw}`;
  return `${id}|ada|${times}|${resources}|billing=9,gres/gpu=9|1|8|COMPLETED|4294901759`;
}

const at = Date.UTC(2024, 0, 5, 10) / 1000;

test("jobs are read with the time they came, how long they ran and the GPUs they got", () => {
  const trace = read(HEAD, jobLine("12", "billing=8,cpu=8,gres/gpu=4,mem=64G,node=1"), jobLine("13_7", "gres/gpu=1"));
  const job = { id: "12", user: "ada", gpus: 4, submittedAt: at, durationSeconds: 3600, priority: 30 };
  expect(trace).toEqual({ jobs: [job, { ...job, id: "13_7", gpus: 1 }], leftOut: { neverRan: 0, noGpus: 0 } });
});

test.each([
  ["gres/gpu=4,gres/gpu:a100=4", 4],
  ["gres/gpu:a100=4,gres/gpu=4", 4],
  ["cpu=2,gres/gpu:a100=2,gres/gpu:h100=3", 5],
  ["gres/gpu=1,gres/gpumem=80G,gres/gpuutil=97", 1],
])("GPUs in %s are counted once", (resources, gpus) => {
  expect(read(HEAD, jobLine("12", resources))).toMatchObject({ jobs: [{ gpus }] });
});

test("steps are no jobs; what never ran or had no GPUs is left out, and counted", () => {
  const gpu = "cpu=8,gres/gpu=1";
  const trace = read(
    HEAD,
    ...[jobLine("1", gpu), jobLine("1.batch", gpu), jobLine("1.extern", gpu), jobLine("1.0", gpu)],
    ...[
      jobLine("2", gpu, "00:00:00", "Unknown"),
      jobLine("3_[4-9]", "", "00:00:00", "None"),
      jobLine("4", gpu, "00:00:00"),
    ],
    ...[jobLine("5", "cpu=8,mem=4G"), jobLine("6", "gres/gpu=0")],
  );
  expect(trace).toMatchObject({ jobs: [{ id: "1" }], leftOut: { neverRan: 3, noGpus: 2 } });
});

test("few fields suffice, in any order; what was asked for counts where nothing is told of what was given", () => {
  const job = { id: "7", user: "", gpus: 2, submittedAt: at, durationSeconds: 93600, priority: 30 };
  const trace = read("ReqTRES|Elapsed|JobID|Submit|", "gres/gpu=2|1-02:00:00|7|2024-01-05T10:00:00|");
  expect(trace).toMatchObject({ jobs: [job] });
  const both = read("JobID|Submit|ElapsedRaw|AllocTRES|ReqTRES", "7|2024-01-05T10:00:00|93600||gres/gpu=2");
  expect(both).toMatchObject({ jobs: [job] });
});

test("with --delimiter=, the commas of resources are told from those between fields", () => {
  const head = "JobID,AllocTRES,ReqTRES,Submit,ElapsedRaw,User";
  const times = "2024-01-05T10:00:00,60";
  const trace = read(
    head,
    `1,billing=8,cpu=8,gres/gpu=4,billing=8,cpu=8,gres/gpu=5,${times},ada`,
    `2,,billing=8,gres/gpu=2,${times},ben`,
    `3,"cpu=8,gres/gpu:a100=3",cpu=8,${times},cem`,
  );
  expect(trace).toMatchObject({
    jobs: [
      { gpus: 4, user: "ada" },
      { gpus: 2, user: "ben" },
      { gpus: 3, user: "cem" },
    ],
  });
});

test("what Slurm 22.05 printed with commas is read as what it printed with bars", () => {
  const lines = [
    "JobID|User|Submit|Start|End|Elapsed|ElapsedRaw|AllocTRES|ReqTRES|NNodes|NCPUS|State|Priority",
    "1|ada|2026-11-26T21:07:39|2026-11-26T21:07:40|2026-11-26T21:07:43|00:00:03|3|billing=1,cpu=1,gres/gpu=2,node=1|billing=1,cpu=1,gres/gpu=2,mem=4G,node=1|1|1|COMPLETED|4294901759",
    "1.batch||2026-11-26T21:07:40|2026-11-26T21:07:40|2026-11-26T21:07:43|00:00:03|3|cpu=1,gres/gpu=2,mem=0,node=1||1|1|COMPLETED|",
    "3|ada|2026-11-26T21:07:39|2026-11-26T21:07:40|2026-11-26T21:07:41|00:00:01|1|billing=1,cpu=1,node=1|billing=1,cpu=1,mem=4G,node=1|1|1|COMPLETED|4294901757",
    "6|ada|2026-11-26T21:07:39|2026-11-26T21:07:40|Unknown|00:00:20|20|billing=1,cpu=1,gres/gpu=1,node=1|billing=1,cpu=1,gres/gpu=1,mem=4G,node=1|1|1|RUNNING|4294901756",
    "2_1|ben|2026-11-26T21:07:39|2026-11-26T21:07:40|2026-11-26T21:07:42|00:00:02|2|billing=1,cpu=1,gres/gpu=1,node=1|billing=1,cpu=1,gres/gpu=1,mem=4G,node=1|1|1|COMPLETED|4294901758",
  ];
  const trace = read(...lines);
  expect(trace).toMatchObject({
    jobs: [
      { id: "1", user: "ada", gpus: 2, durationSeconds: 3 },
      { id: "6", user: "ada", gpus: 1, durationSeconds: 20 },
      { id: "2_1", user: "ben", gpus: 1, durationSeconds: 2 },
    ],
    leftOut: { neverRan: 0, noGpus: 1 },
  });
  expect(read(...lines.map((line) => line.replaceAll("|", ",")))).toEqual(trace);
});

test.each([
  [["JobID|User|Elapsed|AllocTRES", "1|a|1|"], "t.txt:1:1: there is no column Submit. Export the trace with: sacct -a"],
  [["JobID|Submit|AllocTRES", "1|0|"], "t.txt:1:1: there is no column ElapsedRaw (or Elapsed)."],
  [["JobID|Submit|Elapsed", "1|0|1"], "t.txt:1:1: there is no column AllocTRES (or ReqTRES)."],
  [["JobID|Submit|Elapsed|AllocTRES|Elapsed"], "t.txt:1:32: the column Elapsed stands here a second time."],
  [["JobID|Submit|Elapsed|AllocTRES", "1|now|5|gres/gpu=1"], 't.txt:2:3: Submit is "now". Write seconds, or a date'],
  [["JobID|Submit|Elapsed|AllocTRES", "1|0|1h|gres/gpu=1"], 't.txt:2:5: Elapsed is "1h".'],
  [["JobID|Submit|ElapsedRaw|AllocTRES", "1|0|-5|gres/gpu=1"], "t.txt:2:5: ElapsedRaw is -5."],
  [["JobID|Submit|Elapsed|AllocTRES", "1|0|5|cpu=1,gres/gpu=two"], 't.txt:2:22: AllocTRES is "two". Write a number.'],
  [["JobID|Submit|Elapsed|AllocTRES", "1|0|5|gres/gpu=9"], "t.txt:2:7: the job asks for 9 GPUs; there are 8."],
  [["JobID|Submit|Elapsed|AllocTRES", "1|0|5|gres/gpu=1", "1|0|5|gres/gpu=1"], "t.txt:3:1: the job 1 stands on line 2"],
  [["JobID|Submit|Elapsed|AllocTRES", "1|0|5"], "t.txt:2:1: the line has 3 values, the first line names 4 columns."],
  [["JobID|Submit|Elapsed|AllocTRES"], "t.txt:1:1: no job stands below"],
  [
    ["JobID|Submit|Elapsed|AllocTRES", "1|0|0|gres/gpu=1", "2|0|5|cpu=1"],
    "t.txt:1:1: no job of this trace can be simulated: 1 never ran, 1 had no GPUs.",
  ],
])("what is wrong is told with its place: %j", (lines, said) => {
  expect(read(...lines)).toEqual(expect.stringContaining(said));
});
