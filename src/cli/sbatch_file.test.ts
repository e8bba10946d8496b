import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { isBatchScript, parseBatchScript, withScript } from "./sbatch_file.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "runyard-test-"));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

function parse(text: string, ...words: string[]) {
  return parseBatchScript("jobs/train.sbatch", text, words);
}

function textOf(script: string, ...words: string[]): string {
  const { command } = parse(script, ...words);
  return command.kind === "shell" ? command.text : "";
}

/** Executes what a script has become, as a launcher does under Slurm. */
function execute(script: string, ...words: string[]) {
  const env = { ...process.env, TMPDIR: folder };
  const { stdout, stderr, status } = spawnSync("bash", ["-c", textOf(script, ...words)], { env, encoding: "utf8" });
  return { stdout, stderr, status, leftBehind: readdirSync(folder) };
}

test.each([
  ["train.sbatch", "#!/bin/bash\ntrue\n", true],
  ["train", "# mine\n#SBATCH -N1\ntrue\n", true],
  ["-", "#!/bin/sh\n", true],
  ["job.yaml", "#!/usr/bin/env -S runyard submit\ncommand: x\n", false],
  ["job.YML", "#SBATCH\ncommand: x\n", false],
  ["job.json", '{"command": "x"}', false],
  ["job", "command: x # SBATCH\n", false],
])("a batch script is known by what it says: %s %j", (path, text, is) => {
  expect(isBatchScript(path, text)).toBe(is);
});

test("a batch script is a job: its options in their order, its name, its folder, the rest of its text", () => {
  const { command, options, script, leftOut } = parse(`#!/bin/bash
#SBATCH -J digits -p gpu   # mine
#SBATCH --time 1-00:00:00
##SBATCH --mem=1G
# SBATCH --mem=2G

# What follows asks for more.
#SBATCH --dependency=afterok:17 --gres="gpu:p100:1" -D /tmp

module load cuda
#SBATCH --mem=3G
python train.py {lr} \${X}
`);
  expect(script).toEqual({
    resources: [
      ["partition", "gpu"],
      ["time", "1-00:00:00"],
      ["dependency", "afterok:17"],
      ["gres", "gpu:p100:1"],
    ],
    array: null,
  });
  expect(options).toEqual({ name: "digits", cwd: "/tmp" });
  expect(leftOut).toEqual([]);
  expect(command).toEqual({
    kind: "shell",
    text: `##SBATCH --mem=1G
# SBATCH --mem=2G

# What follows asks for more.

module load cuda
#SBATCH --mem=3G
python train.py {lr} \${X}
`,
  });
});

test("without a name of its own it has that of its file", () => {
  expect(parse("#!/bin/sh\ntrue\n").options).toEqual({ name: "train.sbatch" });
  expect(parseBatchScript("-", "#!/bin/sh\ntrue\n", []).options).toEqual({});
});

test("an array is as many runs, each with its number in Slurm; of two the second counts", () => {
  const { options, script } = parse("#!/bin/sh\n#SBATCH -a 0-9%3\n#SBATCH --array=1,4-8:2\ntrue\n");
  expect(script).toEqual({ resources: [], array: [1, 4, 6, 8] });
  expect(options).toEqual({ name: "train.sbatch", runs: 4 });
  expect(parse("#!/bin/sh\n#SBATCH -a 0-9%3\ntrue\n").options).toMatchObject({ runs: 10, atMost: 3 });
});

test("what Runyard does itself is left out and told", () => {
  const { script, leftOut } = parse(
    "#!/bin/sh\n#PBS -N x\n#SBATCH -o out.txt -e err --output=b --requeue --open-mode=append -W -N1\ntrue\n",
  );
  expect(script.resources).toEqual([["nodes", "1"]]);
  expect(leftOut).toEqual(["#PBS and #BSUB lines", "--output", "--error", "--requeue", "--open-mode", "--wait"]);
});

test("an option that is not known yet goes through as it stands", () => {
  expect(parse("#!/bin/sh\n#SBATCH --tres-per-task=cpu:4\ntrue\n").script.resources).toEqual([
    ["tres-per-task", "cpu:4"],
  ]);
});

test.each([
  ["#SBATCH -N1\ntrue\n", "train.sbatch: A batch script begins with #! and the whole path of an interpreter"],
  ["#!\ntrue\n", "train.sbatch: A batch script begins with #!"],
  ["#!bash\ntrue\n", "train.sbatch: A batch script begins with #!"],
  ["#!/bin/bash\r\ntrue\r\n", "train.sbatch: its lines end with CR LF, and sbatch refuses that."],
  ["#!/bin/bash\ntrue\0\n", "train.sbatch: there is a zero byte in it."],
  ["#!/bin/bash\n#SBATCH -N1\n\n# nothing\n", "train.sbatch: There is no command in it."],
  ["#!/bin/bash", "train.sbatch: There is no command in it."],
  ["#!/bin/bash\n\n#SBATCH --array=5-1\ntrue\n", "train.sbatch:3: --array=5-1: It takes numbers and ranges"],
  ['#!/bin/bash\n#SBATCH --job-name=""\ntrue\n', "train.sbatch:2: --job-name: It must not be empty."],
  ["#!/bin/bash\n#SBATCH --time\ntrue\n", "train.sbatch:2: --time needs a value."],
  ['#!/bin/bash\n#SBATCH --time="1\ntrue\n', 'train.sbatch:2: A " has no second one.'],
  ["#!/bin/bash\n#SBATCH -N1\n#SBATCH hetjob\ntrue\n", "train.sbatch:3: Jobs of several parts"],
  ["#!/bin/bash\n#SBATCH --test-only\ntrue\n", "train.sbatch:2: With --test-only sbatch submits nothing."],
  ['#!/bin/bash\n#SBATCH --comm_ent="a"\ntrue\n', 'train.sbatch:2: "comm_ent" is not the name of an option'],
])("what is wrong in a script is told with its line: %j", (text, message) => {
  expect(() => parse(text)).toThrow(message);
});

test.each(["#!/bin/bash", "#! /bin/sh", "#!/usr/bin/env bash"])("a script of a shell is its text: %s", (first) => {
  expect(textOf(`${first}\necho "$@"`)).toBe('echo "$@"');
  expect(textOf(`${first}\necho "$@"`, "0.1", "a b")).toBe("set -- 0.1 'a b'\necho \"$@\"");
});

test("its arguments reach a script of a shell", () => {
  const { stdout, status } = execute('#!/bin/bash\necho "$#:$1:$2"\nexit 7\n', "0.1", "a  'b'");
  expect([stdout, status]).toEqual(["2:0.1:a  'b'\n", 7]);
});

test("a script of another interpreter is executed by it, from a file that is gone afterwards", () => {
  const script = `#!/usr/bin/env python3
#SBATCH -N1
import sys
print(sys.argv[1:], """END_OF_SCRIPT
END_OF_SCRIPT
$HOME \`x\` \\n""", __file__.startswith("${folder}"))
sys.exit(3)`;
  const { stdout, stderr, status, leftBehind } = execute(script, "--lr", "a b");
  expect(stderr).toBe("");
  expect(stdout).toBe("['--lr', 'a b'] END_OF_SCRIPT\nEND_OF_SCRIPT\n$HOME `x` \n True\n");
  expect([status, leftBehind]).toEqual([3, []]);
});

test("a shell with an argument is started with it", () => {
  const { stdout, status } = execute("#!/bin/bash -eu\nfalse\necho never\n");
  expect([stdout, status]).toEqual(["", 1]);
  expect(execute("#!/bin/bash -eu  \necho $-\n").stdout).toContain("e");
});

test("a program that ends on SIGTERM in its own way has the time for it", () => {
  const script = `#!/usr/bin/env python3
import os, signal, sys
signal.signal(signal.SIGTERM, lambda *_: sys.exit(5))
os.kill(os.getppid(), signal.SIGTERM)
os.kill(os.getpid(), signal.SIGTERM)
signal.pause()
`;
  expect(execute(script)).toMatchObject({ status: 5, leftBehind: [] });
});

test("what a script asks for replaces what the pool does, whichever way it is asked for", () => {
  const pool = {
    conf: "/etc/slurm.conf",
    env: "module load x",
    resources: [
      ["time", "60"],
      ["mem", "8000"],
      ["gres", "gpu:p100:1"],
      ["account", "ours"],
    ] satisfies [string, string][],
  };
  const resources: [string, string][] = [
    ["time", "10"],
    ["mem-per-cpu", "1G"],
    ["gpus-per-node", "2"],
    ["time", "20"],
  ];
  expect(withScript("slurm:gpu", pool, { resources, array: [1, 5] })).toEqual({
    conf: "/etc/slurm.conf",
    env: "module load x",
    resources: [["account", "ours"], ...resources],
    array: [1, 5],
  });
  expect(withScript("slurm:gpu", pool, { resources: [["gres", "lustre:1"]], array: null }).resources).toEqual([
    ["time", "60"],
    ["mem", "8000"],
    ["account", "ours"],
    ["gres", "lustre:1"],
  ]);
  expect(withScript("slurm", {}, { resources: [], array: null })).toEqual({ resources: [], array: null });
});

test.each([
  ["local", null],
  ["slurm,local", {}],
])("a batch script goes through Slurm and nowhere else: %s", (on, slurm) => {
  expect(() => withScript(on, slurm, { resources: [], array: null })).toThrow(
    `--on ${on}: a batch script goes to one pool`,
  );
});
