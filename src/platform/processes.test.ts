import { spawn } from "node:child_process";
import { once } from "node:events";
import { userInfo } from "node:os";
import { expect, onTestFinished, test, vi } from "vitest";
import {
  ageMs,
  bootId,
  environmentMark,
  environmentMarks,
  formatProcessLine,
  identify,
  isAlive,
  isDead,
  listProcesses,
  listProcessesSince,
  parseProcessLine,
  parseStat,
  processName,
  processOwner,
  readProcess,
} from "./processes.ts";
import { listProcessesWithPs, parsePs } from "./processes_ps.ts";

function start(script: string, environment: Record<string, string> = {}) {
  const child = spawn("/bin/sh", ["-c", script], {
    env: { PATH: process.env["PATH"] ?? "", ...environment },
    stdio: "ignore",
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  return { child, pid: child.pid ?? 0, ended: once(child, "exit") };
}

test("a running process is alive under its identity, and not after it ended", async () => {
  const { child, pid, ended } = start("exec sleep 60");
  const identity = identify(pid);
  expect(identity && isAlive(identity)).toBe(true);
  child.kill("SIGKILL");
  await ended;
  expect(identity && isAlive(identity)).toBe(false);
  expect(identify(pid)).toBeNull();
});

test("the same pid with another start time or from another boot is another process", () => {
  const own = identify(process.pid);
  expect(own && isAlive({ ...own, startTicks: own.startTicks + 1 })).toBe(false);
  expect(own && isAlive({ ...own, bootId: "another" })).toBe(false);
});

test("a process that ended and was not reaped is not alive", async () => {
  // The outer shell becomes a program that never waits for its child.
  const { pid } = start("sleep 0.05 & exec sleep 60");
  await expect.poll(() => listProcesses().some((entry) => entry.ppid === pid && isDead(entry))).toBe(true);
  const zombie = listProcesses().find((entry) => entry.ppid === pid);
  expect(zombie && isAlive({ pid: zombie.pid, startTicks: zombie.startTicks, bootId: bootId() })).toBe(false);
});

test("a list of all processes has this one, with its parent", () => {
  const own = listProcesses().find((entry) => entry.pid === process.pid);
  expect(own).toMatchObject({ pid: process.pid, ppid: process.ppid, startTicks: identify(process.pid)?.startTicks });
});

test("only what started since a moment is listed, also when asked again and again", async () => {
  const { pid } = start("exec sleep 60");
  const since = identify(pid)?.startTicks ?? 0;
  for (let look = 0; look < 5; look += 1) {
    const later = start("exec sleep 60");
    const entries = listProcessesSince(since);
    expect(entries.map((entry) => entry.pid)).toEqual(expect.arrayContaining([pid, later.pid]));
    expect(entries.every((entry) => entry.startTicks >= since)).toBe(true);
    later.child.kill("SIGKILL");
    await later.ended;
    expect(listProcessesSince(since).some((entry) => entry.pid === later.pid)).toBe(false);
  }
  expect(listProcessesSince(0).some((entry) => entry.pid === process.ppid)).toBe(true);
  expect(listProcessesSince(Number.POSITIVE_INFINITY)).toEqual([]);
});

test("a name with parentheses, spaces and newlines does not disturb the fields after it", () => {
  const rest = Array.from({ length: 30 }, (_, field) => String(field + 4)).join(" ");
  expect(parseStat(`42 (a) R 1 (b\n c) S ${rest}\n`)).toEqual({
    pid: 42,
    ppid: 4,
    pgrp: 5,
    session: 6,
    state: "S",
    startTicks: 22,
  });
  expect(parseStat("")).toBeNull();
  expect(parseStat("42 (cut")).toBeNull();
  expect(parseStat("42 (cut) S 1 2")).toBeNull();
});

test("a variable is read from the environment a process was started with", () => {
  const big = "x".repeat(100_000);
  const { pid } = start("exec sleep 60", { RUNYARD_ATTEMPT_OLD: "no", BIG: big, RUNYARD_ATTEMPT: "12.3.1-k3v9" });
  return expect
    .poll(() => environmentMarks(pid, ["RUNYARD_ATTEMPT", "MISSING", "ATTEMPT", "BIG"]))
    .toEqual(["12.3.1-k3v9", null, null, big]);
});

test("a process that is just becoming a program is not taken for one without an environment", async () => {
  const again = 'exec sh -c "$AGAIN"';
  const { pid } = start(again, { AGAIN: again, RUNYARD_ATTEMPT: "12.3.1-k3v9" });
  await expect.poll(() => environmentMarks(pid, ["RUNYARD_ATTEMPT"])).toEqual(["12.3.1-k3v9"]);
  const seen = new Set<string>();
  for (let looks = 0; looks < 20_000; looks += 1) seen.add(String(environmentMarks(pid, ["RUNYARD_ATTEMPT"])));
  expect([...seen].sort()).toEqual(["12.3.1-k3v9", "executing"]);
});

test("a process that was started without any variable has none set", () => {
  const { pid } = start("exec env -i sleep 60", { RUNYARD_ATTEMPT: "12.3.1-k3v9" });
  return expect.poll(() => environmentMarks(pid, ["RUNYARD_ATTEMPT"])).toEqual([null]);
});

test("the environment of a process that does not exist cannot be read", () => {
  expect(environmentMark(2 ** 22 + 1, "PATH")).toBeNull();
  expect(environmentMarks(2 ** 22 + 1, ["PATH"])).toBeNull();
});

test("a process has a name and an owner", () => {
  const { pid } = start("exec sleep 60");
  expect(processOwner(pid)).toBe(userInfo().username);
  expect(processOwner(2 ** 22 + 1)).toBeNull();
  expect(processName(2 ** 22 + 1)).toBeNull();
  return expect.poll(() => processName(pid)).toBe("sleep");
});

test("the line in a spool names a process, and anything else is none", () => {
  const own = identify(process.pid);
  expect(own).not.toBeNull();
  if (own === null) return;
  expect(parseProcessLine(`${formatProcessLine(own)}\n`)).toMatchObject(own);
  for (const text of ["", "stopped\n", formatProcessLine(own), "1 2\n"]) expect(parseProcessLine(text)).toBeNull();
});

test("ps tells the same parent and group, where there is no /proc", () => {
  const seen = listProcessesWithPs(process.pid);
  const own = readProcess(process.pid);
  expect(seen).toMatchObject([{ pid: process.pid, ppid: own?.ppid, pgrp: own?.pgrp }]);
  expect(listProcessesWithPs().some((entry) => entry.pid === process.pid)).toBe(true);
  expect(listProcessesWithPs(2 ** 22 + 1)).toEqual([]);
});

test("macOS's form of ps is read", () => {
  expect(parsePs("  501     1   501 Ss   Fri Nov 21 10:21:00 2025    \ngarbage\n")).toEqual([
    { pid: 501, ppid: 1, pgrp: 501, session: 0, state: "S", startTicks: Date.parse("Fri Nov 21 10:21:00 2025") / 1000 },
  ]);
});

test("how long a process has been there does not depend on the clock that is set", () => {
  const self = identify(process.pid);
  if (!self) throw new Error("this process is there");
  vi.useFakeTimers({ toFake: ["Date"], now: 0 });
  onTestFinished(() => void vi.useRealTimers());
  expect(Math.abs(ageMs(self) - process.uptime() * 1000)).toBeLessThan(1000);
});
