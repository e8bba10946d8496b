import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { environmentMarks, isDead, listProcesses } from "../../../src/platform/processes.ts";
import { isRunning, killNow } from "../../helpers/processes_of.ts";
import { until } from "../../helpers/until.ts";

/**
 * The pids of all that runs for the Slurm in `folder`, or on one node of it: daemons and steps by their open files (they
 * overwrite their arguments and environment), their descendants, and by its environment whatever else a job has started.
 */
export function slurmProcesses(folder: string, node?: string): number[] {
  const alive = listProcesses().filter((entry) => !isDead(entry) && entry.pid !== process.pid);
  const files = join(folder, node ?? "", "/");
  const isOfJob = (pid: number) => {
    const marks = environmentMarks(pid, ["SLURM_CONF", "SLURMD_NODENAME"]);
    if (marks === null || marks === "executing") return false;
    const [conf, nodeOfJob] = marks;
    return conf === join(folder, "slurm.conf") && nodeOfJob !== null && (node ?? nodeOfJob) === nodeOfJob;
  };
  const found = new Set(alive.map((entry) => entry.pid).filter((pid) => holdsFileIn(files, pid) || isOfJob(pid)));
  for (let before = -1; before !== found.size; ) {
    before = found.size;
    for (const entry of alive) if (found.has(entry.ppid)) found.add(entry.pid);
  }
  return [...found];
}

/** The `slurmstepd`s among them that serve a job: one for each of its steps on each node. */
export function stepsOf(folder: string, job: string): number[] {
  return slurmProcesses(folder).filter((pid) => commandLine(pid).startsWith(`slurmstepd: [${job}.`));
}

/** Kills them, and what they start meanwhile. */
export async function killAll(processes: () => number[]): Promise<void> {
  for (let found = processes(); found.length > 0; found = processes()) {
    for (const pid of found) killNow(pid);
    await until(() => !found.some(isRunning), "what was killed has ended");
  }
}

function holdsFileIn(folder: string, pid: number): boolean {
  try {
    const open = `/proc/${pid}/fd`;
    return readdirSync(open).some((fd) => readlinkSync(join(open, fd)).startsWith(folder));
  } catch {
    return false; // it has ended meanwhile, or closed that file
  }
}

/** Its arguments, separated by blanks; empty where the process has ended. */
export function commandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "latin1").replaceAll("\0", " ").trim();
  } catch {
    return "";
  }
}
