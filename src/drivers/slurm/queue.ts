/** A task of this yard's in Slurm's queue. */
export interface QueuedTask {
  batch: string;
  /** Its number in the array; null: it was submitted alone. */
  task: number | null;
  /** The id of the array, or of the job. */
  job: number;
  /** Slurm's word: PENDING, RUNNING, COMPLETING, … */
  state: string;
  /** Slurm's word for why it waits: Priority, Resources, … */
  reason: string;
  nodes: string;
  /** When its time limit ends it; null: not known. */
  endsAt: number | null;
}

/** The comment of what a yard submits. */
export function commentOf(yard: string, batch: string): string {
  return `runyard:${yard}:${batch}`;
}

/** Everything of this account that has not ended, a line each: one command, however much that is. */
export function queueScript(): string {
  return `squeue -h -r -u "$(id -u)" -o '%F|%K|%T|%r|%N|%e|%k'`;
}

/** Those of the yard; what others have submitted is left out. */
export function readQueue(text: string, yard: string): QueuedTask[] {
  const before = commentOf(yard, "");
  return text.split("\n").flatMap((line) => {
    const [job = "", task = "", state = "", reason = "", nodes = "", end = "", ...comment] = line.split("|");
    const said = comment.join("|");
    if (!said.startsWith(before) || !/^\d+$/.test(job)) return [];
    return [
      {
        batch: said.slice(before.length),
        task: /^\d+$/.test(task) ? Number(task) : null,
        job: Number(job),
        state,
        reason,
        nodes,
        endsAt: /^\d+$/.test(end) ? Number(end) * 1000 : null,
      },
    ];
  });
}

/** States in which a task holds its nodes. */
const active = new Set(["RUNNING", "COMPLETING", "SUSPENDED", "STOPPED", "SIGNALING", "STAGE_OUT", "RESIZING"]);

export function isActive({ state }: QueuedTask): boolean {
  return active.has(state);
}

/** Why it waits, for people. */
export function whyPending({ state, reason }: QueuedTask): string {
  if (state === "CONFIGURING") return "its node is being made ready";
  if (state === "PENDING") return reason === "None" ? "Slurm has not looked at it yet" : reason;
  return `${state}${reason === "None" ? "" : ` (${reason})`}`;
}
