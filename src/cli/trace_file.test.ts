import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parseTrace, readTraceFile } from "./trace_file.ts";
import { describeTraceProblem } from "./trace_problem.ts";

const HEAD = "job_id,num_gpu,submit_time,iterations,model_name,duration,interval";

/** The jobs, or what is said of the file. */
function read(...lines: string[]) {
  const trace = parseTrace(lines.join("\n"), 8);
  return "problem" in trace ? describeTraceProblem("t.csv", trace.problem) : trace.jobs;
}

test("columns are found by their names, in any order and with what else there is", () => {
  const job = { id: "7", user: "", gpus: 2, submittedAt: 30, durationSeconds: 90, priority: 30 };
  expect(read(HEAD, "7,2,30,606,vgg19,90,30")).toEqual([job]);
  expect(read("duration,priority,num_gpu,job_id,submit_time", "90,50,2,7,30", "")).toEqual([{ ...job, priority: 50 }]);
  expect(read("timestamp,duration,num_gpus", "30,90,2")).toEqual([{ ...job, id: "0" }]);
  expect(read('num_gpu, "submit_time" ,duration,job_id\r', '2 , 30.9,89.1,"a, ""b"""\r')).toEqual([
    { ...job, id: 'a, "b"' },
  ]);
});

const PHILLY = "timestamp,duration,num_gpus,vc";

test.each([
  ["2017-10-03 06:28:41", "1507012121"],
  ["2017-10-03T06:28:41.9Z", "1507012121"],
  ["2017-10-03T06:28", "1507012080"],
  ["2017-10-03 06:28:41 +02:00", "1507004921"],
  ["2017-10-03T06:28:41-0730", "1507039121"],
  ["1507012121.9", "1507012121"],
])("%s is an instant, in UTC where it has no zone", (written, seconds) => {
  expect(read(PHILLY, `${written},5,1,x`)).toEqual(read(PHILLY, `${seconds},5,1,x`));
});

test.each([
  ["00:01:40", 100],
  ["26:00:00.2", 93601],
  ["2-01:00:00", 176400],
  ["99.2", 100],
])("%s is a duration of %d s", (written, durationSeconds) => {
  const job = { id: "0", user: "vc1", gpus: 1, submittedAt: 9, durationSeconds, priority: 30 };
  expect(read(PHILLY, `9,${written},1,vc1`)).toEqual([job]);
});

const ELASTIC = "num_gpu,submit_time,duration,min_gpus,max_gpus,serial";

test("jobs may have a range of GPUs, and a share of their time that more GPUs do not shorten", () => {
  const job = { user: "", gpus: 2, submittedAt: 0, durationSeconds: 5, priority: 30 };
  expect(read(ELASTIC, "2,0,5,1,8,0.05", "2,0,5,2,16,", "2,0,5,,,")).toEqual([
    { ...job, id: "0", elastic: { min: 1, max: 8, serial: 0.05 } },
    { ...job, id: "1", elastic: { min: 2, max: 16, serial: 0 } },
    { ...job, id: "2" },
  ]);
  expect(read("num_gpu,submit_time,duration,serial", "2,0,5,x")).toEqual([{ ...job, id: "0" }]);
});

test("a job is its user's rather than its group's", () => {
  const trace = read("vc,user,timestamp,duration,num_gpus", "vc1,ada,0,5,1", "vc1,ben,0,5,1");
  expect(trace).toMatchObject([{ user: "ada" }, { user: "ben" }]);
});

test.each([
  [[], "t.csv: the file is empty."],
  [["", "  "], "t.csv: the file is empty."],
  [[HEAD], "t.csv:1:1: no job stands below"],
  [["job_id,num_gpu,duration", "0,1,5"], "t.csv:1:1: there is no column submit_time (or timestamp)."],
  [["num_gpu,duration,num_gpus,timestamp", "1,1,1,1"], "t.csv:1:18: the column num_gpus stands here a second time."],
  [[HEAD, "0,1,0,606,vgg19,164,30", "1,1,-30,606,vgg19,164,30"], "t.csv:3:5: submit_time is -30."],
  [[HEAD, "0,1,0,606,vgg19,-1,30"], "t.csv:2:17: duration is -1."],
  [[HEAD, "0,1,0,606,vgg19, 2h,30"], 't.csv:2:18: duration is "2h". Write seconds, HH:MM:SS or D-HH:MM:SS.'],
  [[HEAD, "0,1,0,606,vgg19,,30"], 't.csv:2:17: duration is "".'],
  [[HEAD, "0,one,0,606,vgg19,5,30"], 't.csv:2:3: num_gpu is "one".'],
  [[HEAD, "0,0.5,0,606,vgg19,5,30"], "t.csv:2:3: num_gpu is 0.5. It takes a whole number from 1."],
  [[HEAD, "0,1,0,606,vgg19,1e300,30"], "t.csv:2:17: duration is too large."],
  [[HEAD, "0,1,0,606,vgg19,5"], "t.csv:2:1: the line has 6 values, the first line names 7 columns."],
  [[HEAD, '0,1,0,606,"vgg19,5,30'], "t.csv:2:11: a quotation mark is opened here"],
  [[HEAD, "0,1,0,6,a,5,3", "", "0,1,9,6,a,5,3"], "t.csv:4:1: the job 0 stands on line 2 already."],
  [[HEAD, "0,9,0,606,vgg19,5,30"], "t.csv:2:3: the job asks for 9 GPUs; there are 8."],
  [[PHILLY, "2017-02-30 06:28:41,5,1,x"], 't.csv:2:1: timestamp is "2017-02-30 06:28:41". Write seconds, or a date'],
  [[PHILLY, "2017-10-03 24:28:41,5,1,x"], "t.csv:2:1: timestamp is"],
  [[PHILLY, "1969-10-03 00:28:41,5,1,x"], "t.csv:2:1: timestamp is"],
  [[PHILLY, "yesterday,5,1,x"], 't.csv:2:1: timestamp is "yesterday".'],
  [[PHILLY, "0,5,1,x", "1, 00:61:00,1,x"], 't.csv:3:4: duration is "00:61:00". Write seconds, HH:MM:SS'],
  [[PHILLY, "0,-00:01:00,1,x"], "t.csv:2:3: duration is"],
  [[PHILLY, "0,999999999-00:00:00,1,x"], "t.csv:2:3: duration is too large."],
  [[ELASTIC, "2,0,5,3,8,0.1"], "t.csv:2:7: the job ran with 2 GPUs and may have 3 to 8. Write a range"],
  [[ELASTIC, "2,0,5,1,,"], 't.csv:2:9: max_gpus is "". Write a number.'],
  [[ELASTIC, "2,0,5,0,4,"], "t.csv:2:7: min_gpus is 0. It takes a whole number from 1."],
  [[ELASTIC, "2,0,5,1,4,10%"], 't.csv:2:11: serial is "10%". Write a number from 0 to 1.'],
  [["num_gpu,submit_time,duration,min_gpus", "2,0,5,1"], "t.csv:1:1: there is no column max_gpus."],
  [["duration,num_gpus,vc", "5,1,x"], "sacct -a -X -P -S now-30days -o JobID,User,Submit,Start,ElapsedRaw,AllocTRES"],
])("what is wrong is told with its place: %j", (lines, said) => {
  expect(read(...lines)).toEqual(expect.stringContaining(said));
});

test("blank lines, line ends of Windows and a byte order mark are no matter", async () => {
  const folder = mkdtempSync(join(tmpdir(), "runyard-test-"));
  try {
    const path = join(folder, "t.csv");
    writeFileSync(path, `\ufeff\r\n${PHILLY}\r\n\r\n0,5,1,x\r\n \r\n`);
    expect(await readTraceFile(path, 8)).toMatchObject({ jobs: [{ id: "0", user: "x", durationSeconds: 5 }] });
  } finally {
    rmSync(folder, { recursive: true });
  }
});
