import { closeSync, openSync, readdirSync, readFileSync, readlinkSync, readSync } from "node:fs";
import { hostname, userInfo } from "node:os";
import { bootIdFromSysctl, listProcessesWithPs } from "./processes_ps.ts";

/** One process for ever: a pid alone is used again, by another process or after a reboot. */
export interface ProcessIdentity {
  pid: number;
  /** Start time as this system counts it (clock ticks since boot from /proc, epoch seconds from `ps`): only to compare. */
  startTicks: number;
  bootId: string;
}

export interface ProcessEntry {
  pid: number;
  ppid: number;
  pgrp: number;
  /** 0 where it is not known. */
  session: number;
  /** `R S D T Z X …`; `Z` and `X` are dead. */
  state: string;
  startTicks: number;
}

const hasProc = process.platform === "linux";
/** What /proc counts in: USER_HZ is 100 on every architecture that Node runs on. */
const TICK_MS = 10;
// Shared by all reads: a stat line is below 1 KiB, and nothing here awaits between filling and reading it.
let scratch = Buffer.allocUnsafe(16 * 1024);
let bootIdOnce: string | null = null;

/** Of this boot of this machine; after a reboot it is another one. */
export function bootId(): string {
  bootIdOnce ??= hasProc ? readFileSync("/proc/sys/kernel/random/boot_id", "latin1").trim() : bootIdFromSysctl();
  return bootIdOnce;
}

/** Null where there is no such process (a dead one that waits to be reaped still counts as there). */
export function readProcess(pid: number): ProcessEntry | null {
  if (!hasProc) return listProcessesWithPs(pid)[0] ?? null;
  return readEntry(pid);
}

/** Null where there is no such process. */
export function identify(pid: number): ProcessIdentity | null {
  const entry = readProcess(pid);
  return entry === null ? null : { pid, startTicks: entry.startTicks, bootId: bootId() };
}

/** Whether exactly this process runs. Dead and unreaped, its pid used anew, or another boot: no. */
export function isAlive(identity: ProcessIdentity): boolean {
  if (identity.bootId !== bootId()) return false;
  const entry = readProcess(identity.pid);
  return entry !== null && entry.startTicks === identity.startTicks && !isDead(entry);
}

/** For how long a process has been there, by a clock that nobody sets; 0 where that cannot be told. */
export function ageMs({ startTicks }: ProcessIdentity): number {
  if (!hasProc) return Math.max(0, Date.now() - startTicks * 1000);
  const length = readProc("/proc/uptime");
  const upMs = length === null ? 0 : Number.parseFloat(scratch.toString("latin1", 0, length)) * 1000;
  return Math.max(0, upMs - startTicks * TICK_MS);
}

/** Whether a process is over and only waits to be reaped. */
export function isDead(entry: ProcessEntry): boolean {
  return entry.state === "Z" || entry.state === "X" || entry.state === "x";
}

/** Every process that can be seen, in one pass; about 15 µs each on Linux. Kernel threads are among them. */
export function listProcesses(): ProcessEntry[] {
  if (!hasProc) return listProcessesWithPs();
  return pidsInProc().flatMap((pid) => readEntry(pid) ?? []);
}

// Start times as they were seen last, to pass over old processes unread. Valid for a moment only: see below.
let startsSeen = new Map<string, number>();
let seenAt = Number.NEGATIVE_INFINITY;
let newestSeen = 0;

/**
 * The processes that started at `startTicks` or later. Called again within 200 ms it reads only what is new: Linux gives pids
 * out in a circle, so unless the newest pid has become smaller meanwhile, a pid that is still there is the same process.
 */
export function listProcessesSince(startTicks: number): ProcessEntry[] {
  if (startTicks === Number.POSITIVE_INFINITY) return [];
  if (!hasProc) return listProcessesWithPs().filter((entry) => entry.startTicks >= startTicks);
  const now = performance.now();
  const newest = newestPid();
  const known = now - seenAt < 200 && newest >= newestSeen ? startsSeen : new Map<string, number>();
  const starts = new Map<string, number>();
  const entries: ProcessEntry[] = [];
  for (const name of pidsInProc()) {
    const start = known.get(name);
    if (start !== undefined && start < startTicks) {
      starts.set(name, start);
      continue;
    }
    const entry = readEntry(name);
    if (entry === null) continue;
    starts.set(name, entry.startTicks);
    if (entry.startTicks >= startTicks) entries.push(entry);
  }
  startsSeen = starts;
  seenAt = now;
  newestSeen = newest;
  return entries;
}

/** The pid that was given out last (proc(5), /proc/loadavg). */
function newestPid(): number {
  const length = readProc("/proc/loadavg");
  return length === null ? 0 : Number(scratch.toString("latin1", 0, length).trim().split(" ").at(-1));
}

function pidsInProc(): string[] {
  return readdirSync("/proc").filter((name) => {
    const first = name.charCodeAt(0);
    return first >= 48 && first <= 57;
  });
}

function readEntry(pid: number | string): ProcessEntry | null {
  const length = readProc(`/proc/${pid}/stat`);
  return length === null ? null : parseStat(scratch.toString("latin1", 0, length));
}

/**
 * The values of some variables in a process's environment as it was at its start (`exec`), in the order asked.
 * Null where it cannot be read: another user's process, one that has ended, or a system without /proc. `executing`: it is just
 * becoming a program, and for a blink (on a slow disk for longer) has neither arguments nor environment: look again.
 */
export function environmentMarks(pid: number, names: readonly string[]): (string | null)[] | "executing" | null {
  if (!hasProc) return null;
  const length = readProc(`/proc/${pid}/environ`);
  if (length === null) return null;
  if (length === 0 && !hasEmptyEnvironment(pid)) return hasMemory(pid) ? "executing" : null;
  const environment = scratch.subarray(0, length);
  return names.map((name) => variable(environment, name));
}

/** One variable of a process's environment at its start; null where it is not set or cannot be read. */
export function environmentMark(pid: number, name: string): string | null {
  const marks = environmentMarks(pid, [name]);
  return marks === "executing" ? null : (marks?.[0] ?? null);
}

/** Whether it was started without any variable, as by `env -i`. While Linux sets a program up, its environment has no length either, but nor has its code an end. */
function hasEmptyEnvironment(pid: number): boolean {
  const length = readProc(`/proc/${pid}/stat`);
  const fields = length === null ? [] : fieldsAfterName(scratch.toString("latin1", 0, length));
  const [codeEnd, environmentStart, environmentEnd] = [fields[24], fields[47], fields[48]];
  return codeEnd !== undefined && codeEnd !== "0" && environmentStart === environmentEnd;
}

/** Kernel threads have none, nor has a process on its way out. */
function hasMemory(pid: number): boolean {
  try {
    return readlinkSync(`/proc/${pid}/exe`) !== "";
  } catch {
    return false;
  }
}

/** The short name of a process, or null where it has ended. Written by others: clean it before it reaches a terminal. */
export function processName(pid: number): string | null {
  if (!hasProc) return null;
  const length = readProc(`/proc/${pid}/comm`);
  return length === null ? null : scratch.toString("utf8", 0, length).trimEnd();
}

/** The user who runs a process: a name, or `uid 1234` where the local user list has none; null where it has ended. */
export function processOwner(pid: number): string | null {
  if (!hasProc) return null;
  const length = readProc(`/proc/${pid}/status`);
  // The owner of the /proc folder itself would be root for every process that changed its user.
  const uid = length === null ? null : /^Uid:\s+(\d+)/m.exec(scratch.toString("latin1", 0, length))?.[1];
  return uid === null || uid === undefined ? null : userName(Number(uid));
}

/** As the spool's `begun` and `pid` files say it: `<pid> <start> <boot id> <host>`, without the newline. */
export function formatProcessLine(identity: ProcessIdentity): string {
  return `${identity.pid} ${identity.startTicks} ${identity.bootId} ${hostname()}`;
}

/** Reads such a line. Null where it is anything else, e.g. the `stopped` of a stopper, or torn (no newline yet). */
export function parseProcessLine(text: string): (ProcessIdentity & { host: string }) | null {
  const match = /^(\d+) (\d+) (\S+) (\S+)\n$/.exec(text);
  if (!match) return null;
  const [, pid, startTicks, boot = "", host = ""] = match;
  return { pid: Number(pid), startTicks: Number(startTicks), bootId: boot, host };
}

/** Of a line of /proc/PID/stat (proc(5)): who, since when, and in which state. Null where it is torn. */
export function parseStat(text: string): ProcessEntry | null {
  const pid = Number.parseInt(text, 10);
  const fields = fieldsAfterName(text, 20);
  if (Number.isNaN(pid)) return null;
  const [state, ppid, pgrp, session] = fields;
  const startTicks = Number(fields[19]);
  if (state === undefined || Number.isNaN(startTicks)) return null;
  return { pid, ppid: Number(ppid), pgrp: Number(pgrp), session: Number(session), state, startTicks };
}

/** From the state on, which is proc(5)'s field 3. The name before it stands in parentheses and may itself hold `)`, spaces, newlines. */
function fieldsAfterName(stat: string, atMost?: number): string[] {
  const nameEnd = stat.lastIndexOf(")");
  return nameEnd < 0 ? [] : stat.slice(nameEnd + 2).split(" ", atMost);
}

/** Fills `scratch`, which grows as needed. Null where the file is not there or not ours to read. */
function readProc(path: string): number | null {
  let file: number;
  try {
    file = openSync(path, "r");
  } catch {
    return null;
  }
  try {
    let length = 0;
    for (;;) {
      if (length === scratch.length) scratch = Buffer.concat([scratch], scratch.length * 2);
      const count = readSync(file, scratch, length, scratch.length - length, null);
      if (count === 0) return length;
      length += count;
    }
  } catch {
    // ESRCH: it ended between open and read.
    return null;
  } finally {
    closeSync(file);
  }
}

function variable(environment: Buffer, name: string): string | null {
  const key = `${name}=`;
  let start = 0;
  if (environment.toString("latin1", 0, key.length) !== key) {
    const found = environment.indexOf(`\0${key}`, 0, "latin1");
    if (found < 0) return null;
    start = found + 1;
  }
  const end = environment.indexOf(0, start);
  return environment.toString("utf8", start + key.length, end < 0 ? environment.length : end);
}

const userNames = new Map<number, string>();

function userName(uid: number): string {
  const known = userNames.get(uid);
  if (known !== undefined) return known;
  let name = `uid ${uid}`;
  try {
    if (uid === process.getuid?.()) name = userInfo().username;
    else {
      const line = readFileSync("/etc/passwd", "utf8")
        .split("\n")
        .find((user) => user.split(":")[2] === String(uid));
      name = line?.split(":")[0] ?? name;
    }
  } catch {
    // No user list that can be read: the number says enough.
  }
  userNames.set(uid, name);
  return name;
}
