/**
 * The words of Runyard, each with one meaning everywhere.
 *
 * yard     the server: queue, scheduler, HTTP API and panel in one process
 * job      what a user submits: a command, the parameters to vary, the resources one run needs. Id `12`
 * run      one execution wanted: a job with one set of parameter values. Id `12.3`, counted from 1
 * attempt  one try at a run in one pool, with one or more workers; a retry is a new attempt of the same run
 * worker   one process of an attempt, with its rank, slot and spool
 * sweep    a job with a parameter space; batch: a job made from a file with a command a line
 * machine  a host with GPUs, cores and memory
 * slot     the share of a machine given to one worker: which GPUs, how many cores, how much memory
 * pool     machines behind one driver, under the name users give with --on
 * driver   how a pool starts, observes, stops and collects attempts
 * agent    the lean process that executes attempts on a machine that has Node
 * spool    the folder on a machine that holds a worker of an attempt
 * lease    for how long a machine's silence is tolerated
 * epoch    a number that rises whenever a yard starts; what acts under an old one is refused
 */

/** An instant: milliseconds since 1970, UTC. */
export type UnixMs = number;
/** A moment by a clock that nobody sets: only differences mean something. */
export type SteadyMs = number;

export type JobId = number & { readonly brand: "JobId" };
/** Globally unique: `<job>.<run>.<try>-<random>`, safe as a file name. */
export type AttemptId = string & { readonly brand: "AttemptId" };

export const runStatuses = ["queued", "starting", "running", "succeeded", "failed", "cancelled", "skipped"] as const;
export type RunStatus = (typeof runStatuses)[number];

const endedStatuses: ReadonlySet<RunStatus> = new Set(["succeeded", "failed", "cancelled", "skipped"]);

export function hasEnded(status: RunStatus): boolean {
  return endedStatuses.has(status);
}

/** Why a run failed. Told apart from one another because different ones call for different next steps. */
export type FailureCause =
  | { code: "exit_code"; exitCode: number }
  | { code: "signal"; signal: number }
  | { code: "time_limit"; limitMs: number }
  | { code: "out_of_gpu_memory" }
  | { code: "out_of_memory" }
  | { code: "could_not_start"; reason: string }
  | { code: "dependency_failed"; job: number }
  /** By somebody who did not ask the yard. */
  | { code: "cancelled_there"; by: string }
  | { code: "lost"; detail: string };

/** How the command of an attempt ended. */
export type Ending =
  | { kind: "exited"; exitCode: number }
  | { kind: "signalled"; signal: number }
  | { kind: "could_not_start"; reason: string }
  | { kind: "lost"; detail: string }
  /** Somebody has cancelled it without the yard. */
  | { kind: "cancelled"; by: string }
  /** It was stopped before its command began: nothing of it ran. */
  | { kind: "never_began" };

/** A shell's view of an end: 128 + n for a signal, 127 for what could not be started; null where nothing is known. */
export function exitCodeOf(ending: Ending): number | null {
  switch (ending.kind) {
    case "exited":
      return ending.exitCode;
    case "signalled":
      return 128 + ending.signal;
    case "could_not_start":
      return 127;
    case "lost":
    case "cancelled":
    case "never_began":
      return null;
  }
}

/** Why the yard asked for an attempt to be stopped; null where it ended by itself. */
export type StopReason =
  | "cancelled"
  | "time_limit"
  | "preempted"
  | "withdrawn"
  /** Another worker of its attempt has not ended well. */
  | "worker_ended";

/** A short name of a cause for people, e.g. `exit code 3`. */
export function describeCause(cause: FailureCause): string {
  switch (cause.code) {
    case "exit_code":
      return `exit code ${cause.exitCode}`;
    case "signal":
      return `killed by ${signalName(cause.signal)}`;
    case "time_limit":
      return `stopped at its time limit of ${cause.limitMs / 1000} s`;
    case "out_of_gpu_memory":
      return "out of GPU memory";
    case "out_of_memory":
      return "out of memory";
    case "could_not_start":
      return `could not start: ${cause.reason}`;
    case "dependency_failed":
      return `dependency failed: job ${cause.job} did not succeed`;
    case "cancelled_there":
      return `cancelled by ${cause.by}, not through Runyard`;
    case "lost":
      return `lost: ${cause.detail}`;
  }
}

const signalNames: Record<number, string> = {
  1: "SIGHUP",
  2: "SIGINT",
  3: "SIGQUIT",
  4: "SIGILL",
  6: "SIGABRT",
  7: "SIGBUS",
  8: "SIGFPE",
  9: "SIGKILL",
  10: "SIGUSR1",
  11: "SIGSEGV",
  12: "SIGUSR2",
  13: "SIGPIPE",
  14: "SIGALRM",
  15: "SIGTERM",
};

function signalName(signal: number): string {
  return signalNames[signal] ?? `signal ${signal}`;
}
