import { execFileSync } from "node:child_process";
import type { ProcessEntry } from "./processes.ts";

/** Processes as `ps` tells them, for systems without /proc (macOS). One of them, or all; ~10 ms a call. */
export function listProcessesWithPs(pid?: number): ProcessEntry[] {
  const which = pid === undefined ? ["-ax"] : ["-p", String(pid)];
  return parsePs(say("ps", [...which, "-o", "pid=,ppid=,pgid=,state=,lstart="]));
}

/** `<pid> <ppid> <pgid> <state> Fri Nov 21 10:21:00 2025` a line; others are skipped. */
export function parsePs(text: string): ProcessEntry[] {
  return text.split("\n").flatMap((line) => {
    const [pid, ppid, pgrp, state = "", ...start] = line.trim().split(/\s+/);
    const startedAt = Date.parse(start.join(" "));
    if (!/^\d+$/.test(pid ?? "") || Number.isNaN(startedAt)) return [];
    const startTicks = startedAt / 1000;
    return [
      { pid: Number(pid), ppid: Number(ppid), pgrp: Number(pgrp), session: 0, state: state.charAt(0), startTicks },
    ];
  });
}

export function bootIdFromSysctl(): string {
  return say("sysctl", ["-n", "kern.bootsessionuuid"]).trim() || "unknown";
}

function say(file: string, args: string[]): string {
  try {
    const environment = { ...process.env, LC_ALL: "C" };
    return execFileSync(file, args, {
      encoding: "utf8",
      env: environment,
      timeout: 5000,
      stdio: ["ignore", "pipe", "ignore"],
    });
  } catch {
    // `ps -p` exits 1 where there is no such process.
    return "";
  }
}
