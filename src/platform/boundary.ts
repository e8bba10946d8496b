import { existsSync, readFileSync } from "node:fs";

/**
 * Every place between two effects of the yard and of the agent, where a process may be killed: what was done before it is
 * done, what comes after it is not. (The launcher's own are in spool/launcher.) A test stops each of them there and kills
 * in every combination; a boundary that is not in its table fails it.
 */
export const boundaries = [
  /** The job is committed, its submitter has not been told. */
  "yard: submitted",
  /** Attempts are committed, their machine has not been told. */
  "yard: assigned",
  /** An agent has taken attempts, and has not been told which. */
  "yard: taken",
  /** The tickets of tasks for Slurm are committed, sbatch has not been started. */
  "yard: submitting",
  /** Slurm has taken them, and their id is not committed. */
  "yard: handed over",
  /** The streams of an attempt lie in the yard's files, its end is not committed. */
  "yard: kept",
  /** An end is committed, its agent has not been told. */
  "yard: ended",
  /** The agent knows of an attempt, nothing of it is on disk. */
  "agent: accepted",
  /** The spool is laid out, its launcher has not been told. */
  "agent: prepared",
  /** The end has been read, and is not reported. */
  "agent: collected",
  /** The yard has the end, the spool is still there. */
  "agent: acknowledged",
] as const;

export type Boundary = (typeof boundaries)[number];

/** Names a file; while it holds a boundary's name, whoever comes there stops. For tests alone. */
const stopFile = process.env["RUNYARD_STOP_FILE"];

/** Stops this process (SIGSTOP) where a test asks for it. */
export function boundary(name: Boundary): void {
  if (stopFile !== undefined && existsSync(stopFile) && readFileSync(stopFile, "utf8") === name) {
    process.kill(process.pid, "SIGSTOP");
  }
}
