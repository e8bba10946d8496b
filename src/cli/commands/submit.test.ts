import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { runProgram } from "../program.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "runyard-test-"));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

/** What `runyard submit` prints of a file with this text, with `FILE` among the words for its path. */
async function submit({ name, text, words }: { name: string; text: string; words: string }) {
  const path = join(folder, name);
  writeFileSync(path, text);
  const said = { stdout: "", stderr: "" };
  const spies = (["stdout", "stderr"] as const).map((stream) =>
    vi.spyOn(process[stream], "write").mockImplementation((chunk) => {
      said[stream] += String(chunk).replaceAll(path, "FILE");
      return true;
    }),
  );
  const never = () => Promise.reject(new Error("nothing is started"));
  const argv = words.split(" ").map((word) => (word === "FILE" ? path : word));
  try {
    const code = await runProgram(["node", "runyard", "submit", ...argv], { serve: never, agent: never });
    return { code, ...said };
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
}

const script = { name: "train.sbatch", text: '#!/bin/bash\n#SBATCH -p gpu -o out.txt\nprintf "%s." "$@"\n' };
const yaml = { name: "job.yaml", text: "command: python3 train.py\non: slurm\n" };

test("a batch script goes to Slurm with its options and its arguments", async () => {
  const { code, stdout, stderr } = await submit({ ...script, words: "--dry-run FILE 0.1 30" });
  expect(code).toBe(0);
  expect(stdout).toContain("#SBATCH --partition=gpu\n");
  expect(stdout).toContain("set -- 0.1 30");
  expect(stderr).toContain("FILE: left out, as Runyard does these itself: --output.");
});

test("an option of Runyard's behind a batch script is refused, unless it is clear that it is the script's", async () => {
  const { code, stderr } = await submit({ ...script, words: "FILE --dry-run" });
  expect(code).toBe(2);
  expect(stderr).toContain("--dry-run stands behind the script, where its own arguments are. Put it before FILE;");
  const { stdout } = await submit({ ...script, words: "--dry-run FILE a -- --dry-run" });
  expect(stdout).toContain("set -- a --dry-run");
});

test("a batch script for another pool than Slurm's is refused", async () => {
  const { code, stderr } = await submit({ ...script, words: "--dry-run --on local FILE" });
  expect(code).toBe(2);
  expect(stderr).toContain("--on local: a batch script goes to one pool of Slurm's");
});

test("options may stand before and behind a job in YAML, and --on counts over what it says", async () => {
  const { stdout } = await submit({ ...yaml, words: "--dry-run FILE --on local" });
  expect(stdout).toBe("python3 train.py\n");
});

test.each([
  "--dry-run FILE 0.1",
  "--dry-run FILE -- 0.1",
  "FILE --dyr-run",
])("a job in YAML takes no arguments: %s", async (words) => {
  const { code, stderr } = await submit({ ...yaml, words });
  expect(code).toBe(2);
  expect(stderr).toContain("FILE is a job in YAML: nothing but options goes with it");
});
