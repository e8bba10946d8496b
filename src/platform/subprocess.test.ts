import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { listProcesses } from "./processes.ts";
import { runCommand } from "./subprocess.ts";

const sh = (script: string, options = {}) => runCommand("/bin/sh", ["-c", script], options);

function processesNamed(argument: string): number[] {
  return listProcesses()
    .map(({ pid }) => pid)
    .filter((pid) => commandLineOf(pid).includes(argument));
}

test("a command's exit code and both streams come back", async () => {
  expect(await sh("echo out; echo err >&2; exit 3")).toEqual({
    kind: "exited",
    code: 3,
    stdout: "out\n",
    stderr: "err\n",
    truncated: false,
  });
});

test("a command that a signal ended has the shell's code for it", async () => {
  expect(await sh("kill -9 $$")).toMatchObject({ kind: "exited", code: 137 });
});

test("a program that is not installed is a value, not an error", async () => {
  expect(await runCommand("there-is-no-such-program", [])).toEqual({ kind: "missing" });
});

test("a program that may not be executed says why", async () => {
  expect(await runCommand("/etc/passwd", [])).toMatchObject({ kind: "not_started" });
  expect(await runCommand("/bin/true", ["x".repeat(300_000)])).toMatchObject({ kind: "not_started" });
});

test("what is written to a command's stdin reaches it", async () => {
  expect(await runCommand("/bin/cat", [], { input: "hello" })).toMatchObject({ stdout: "hello" });
  expect(await runCommand("/bin/true", [], { input: "x".repeat(1_000_000) })).toMatchObject({ code: 0 });
});

test("at the deadline a command is killed with everything it started, and what it printed is kept", async () => {
  const result = await sh("echo before; sleep 7171.1 & trap '' TERM; sleep 7171.2", { deadlineMs: 300 });
  expect(result).toMatchObject({ kind: "timed_out", deadlineMs: 300, stdout: "before\n" });
  await expect.poll(() => processesNamed("7171.")).toEqual([]);
});

test("a child that keeps the streams open does not keep the answer back, and is ended", async () => {
  const result = await sh("sleep 7272.5 & echo done");
  expect(result).toMatchObject({ kind: "exited", code: 0, stdout: "done\n" });
  await expect.poll(() => processesNamed("7272.")).toEqual([]);
});

test("output beyond the bound is read and dropped", async () => {
  const result = await sh("yes | head -c 3000000; exit 5", { maxOutputBytes: 1000 });
  expect(result).toMatchObject({ kind: "exited", code: 5, truncated: true });
  expect(result.kind === "exited" && result.stdout.length).toBe(1000);
});

function commandLineOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "latin1");
  } catch {
    return "";
  }
}
