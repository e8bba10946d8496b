import { expect, test } from "vitest";
import { parseJobFile } from "./job_file.ts";
import { nearest } from "./nearest.ts";

function job(text: string) {
  return parseJobFile("job.yaml", text, "job");
}

test("a job file says what the options of run say, values as written", () => {
  const text = `
name: digits
command: [python3, train.py, --tag, 0.10]
params: {lr: [0.10, 1e-3]}
gpus: 2
memory: 24G
after: [12, 13]
time_limit: 2h30m
tags: [a, b]
env: {FOO: bar baz, N: 007}
resumable: true
snapshot: false
`;
  const { command, options } = job(text);
  expect(command).toEqual({ kind: "argv", argv: ["python3", "train.py", "--tag", "0.10"] });
  expect(options).toEqual({
    name: "digits",
    gpus: 2,
    memoryBytes: 24 * 1024 ** 3,
    after: [
      { job: 12, any: false },
      { job: 13, any: false },
    ],
    timeLimitMs: 9_000_000,
    tags: ["a", "b"],
    env: ["FOO=bar baz", "N=007"],
    resumable: true,
    axes: [
      {
        name: "lr",
        values: {
          kind: "list",
          values: [
            { text: "0.10", json: "0.10" },
            { text: "1e-3", json: "1e-3" },
          ],
        },
      },
    ],
  });
  expect(job("command: a && b").command).toEqual({ kind: "shell", text: "a && b" });
});

test.each([
  ["command: x\nmemroy: 3G", 'job.yaml:2:1: unknown key "memroy"; did you mean "memory"?'],
  ["command: x\ngpus: many", 'job.yaml:2:7: gpus: "many" will not do. It takes a whole number'],
  ["command: x\nresumable: maybe", "job.yaml:2:12: resumable is true or false."],
  ["command: x\nname:\n  nested: 1", "job.yaml:3:3: name takes one value"],
  ["command: x\nparams:\n  lr: [0.1]\n  ok: []", "job.yaml:4:3: The parameter ok has no values"],
  ["command: []", "job.yaml:1:10: command must be a text"],
  ["- a\n- b", "job.yaml:1:1: a job is a list of keys"],
  ["command: x\ncommand: y", "job.yaml:2:1: command stands here a second time"],
  ["command: x\ntime_limit: 1h\ntime-limit: 2h", "job.yaml:3:1: time-limit stands here a second time"],
  ["command: x\nparams:\n  a: 1\n  a: 2", 'job.yaml:4:3: "a" stands here a second time'],
  ["command: x\nenv: {A: 1, A: 2}", "job.yaml:2:13: A stands here a second time"],
  ["command: x\nenv: {A B: 1}", 'job.yaml:2:7: env: A variable cannot be named "A B".'],
  [
    "command: x\nsbatch: {array: 1-4}",
    'job.yaml:2:10: sbatch: "array=1-4" will not do. Runyard itself says to sbatch what array is.',
  ],
  ["command: x\nsbatch: {qos: [a]}", "job.yaml:2:15: sbatch takes KEY: VALUE, or KEY: true for a switch."],
  ["command: x\nsbatch: {qos: a, qos: b}", "job.yaml:2:18: qos stands here a second time"],
  [
    "command: x\nsbatch: [qos high]",
    'job.yaml:2:10: sbatch: "qos high" will not do. "qos high" is not the name of an option',
  ],
  ["command: x\nname: *who", "job.yaml:2:7: *who stands for nothing"],
  ["command: [x", "job.yaml:1:12: this is not valid YAML"],
])("what is wrong in a job file is told with its place: %j", (text, message) => {
  expect(() => job(text)).toThrow(message);
});

test("what stands in a job file under an anchor may be said again, among the parameters too", () => {
  const text = `
command: [echo, &word hello, *word]
name: *word
env: {A: *word}
params: {a: &values [1, 2..4], b: *values, c: [*word]}
`;
  const { command, options } = job(text);
  expect(command).toEqual({ kind: "argv", argv: ["echo", "hello", "hello"] });
  expect(options).toMatchObject({ name: "hello", env: ["A=hello"] });
  const values = options.axes?.map(({ values }) =>
    values.kind === "list" ? values.values.map(({ text }) => text) : [],
  );
  expect(values).toEqual([["1", "2", "3", "4"], ["1", "2", "3", "4"], ["hello"]]);
});

test("options of sbatch are a mapping, a list, or one text", () => {
  const sbatch = (yaml: string) => job(`command: x\nsbatch: ${yaml}`).options.sbatch;
  const expected = [
    ["qos", "high"],
    ["exclusive", null],
  ];
  expect(sbatch("{qos: high, exclusive: true, hold: false}")).toEqual(expected);
  expect(sbatch("[qos=high, --exclusive]")).toEqual(expected);
  expect(sbatch("time=2-00:00:00")).toEqual([["time", "2-00:00:00"]]);
  expect(sbatch("{nice: 0.10, constraint: a=b}")).toEqual([
    ["nice", "0.10"],
    ["constraint", "a=b"],
  ]);
});

test("a project's runyard.yaml sets defaults of jobs only, never what is executed", () => {
  expect(parseJobFile("runyard.yaml", "gpus: 1\non: lab1\n", "defaults").options).toEqual({ gpus: 1, pool: "lab1" });
  expect(parseJobFile("runyard.yaml", "", "defaults").options).toEqual({});
  expect(parseJobFile("runyard.yaml", "pools: {slurm: [x]}\ngpus: 1\n", "defaults").options).toEqual({ gpus: 1 });
  expect(() => job("command: x\npools: {}")).toThrow('job.yaml:2:1: unknown key "pools"');
  for (const key of ["command: x", "sbatch: [a=b]", "env: [A=1]", "out: /etc/passwd", "from: f"]) {
    expect(() => parseJobFile("runyard.yaml", key, "defaults")).toThrow("unknown key");
  }
});

test("the nearest known word is suggested, and nothing where none is near", () => {
  expect(nearest("memroy", ["memory", "name"])).toBe("memory");
  expect(nearest("lss", ["ls", "logs"])).toBe("ls");
  expect(nearest("zebra", ["memory", "name"])).toBeNull();
});
