import { randomBytes } from "node:crypto";
import type { Assignment } from "../../core/assignment.ts";
import { type Ticket, ticketText } from "../../core/slurm.ts";
import type { Desk } from "../../dispatch/desk.ts";
import { batchesOf, type HandedAssignment, leaderOf } from "./submission.ts";

/** An attempt that goes through Slurm, with all its workers. */
export interface Task {
  attempt: HandedAssignment;
  /** Its workers, of which the first is itself; not those that are done with. */
  workers: Set<string>;
  /** Those of them whose folders are there. */
  laidOut: Set<string>;
  ticket: Ticket;
  /** When sbatch had answered; 0: before this yard. Null: it has not. */
  submittedAt: number | null;
  /** Since when it is not known whether sbatch has taken it; null: it is. */
  unsureSince: number | null;
  /** Since when it is not in the queue any more; null: it is. */
  goneSince: number | null;
  /** When its time limit ends it, as Slurm says; null: not known. */
  endsAt: number | null;
}

/** The attempts of a session, as Slurm knows them. */
export interface Tasks {
  all(): Iterable<Task>;
  isEmpty(): boolean;
  /** That of an attempt's worker. */
  of(attempt: string): Task | undefined;
  /** As they were handed over, by this yard or an earlier one. What was not gets its tickets, kept before it is. */
  add(assignments: readonly Assignment[], mostInArray: number): Promise<void>;
  /** Slurm has told the id. */
  handedOver(tasks: readonly Task[], job: number): Promise<void>;
  /** Those that are called so in the queue. */
  named(batch: string, task: number | null): Task | undefined;
  /** Answers the batches of which nothing is left. */
  forget(attempts: readonly string[]): string[];
}

/** @param machine  the cluster's: what another machine of the yard has handed over is not told apart by the yard alone */
export function openTasks(desk: Desk, machine: number): Tasks {
  const tasks = new Map<string, Task>();
  const leaders = new Map<string, string>();
  const names = new Map<string, Task>();
  const nameOf = ({ batch, task }: Pick<Ticket, "batch" | "task">) => `${batch}/${task ?? ""}`;

  function open(attempt: HandedAssignment, ticket: Ticket, isKnown: boolean): void {
    const unsureSince = isKnown && ticket.job === null ? Date.now() : null;
    const since = {
      submittedAt: isKnown && ticket.job !== null ? 0 : null,
      unsureSince,
      goneSince: null,
      endsAt: null,
    };
    const task: Task = { attempt, workers: new Set(), laidOut: new Set(), ticket, ...since };
    tasks.set(attempt.attempt, task);
    names.set(nameOf(ticket), task);
  }

  return {
    all: () => tasks.values(),
    isEmpty: () => tasks.size === 0,
    of: (attempt) => tasks.get(leaders.get(attempt) ?? ""),
    named: (batch, task) => names.get(nameOf({ batch, task })),
    async add(assignments, mostInArray) {
      const fresh: HandedAssignment[] = [];
      for (const assignment of assignments) {
        const leader = leaderOf(assignment);
        leaders.set(assignment.attempt, leader);
        if (!isHanded(assignment) || tasks.has(leader)) continue;
        const { ticket } = assignment.handed;
        // The first of several workers may have ended before.
        if (ticket) open({ ...assignment, attempt: leader }, ticket, true);
        else if (assignment.attempt === leader) fresh.push(assignment);
      }
      const given: { attempt: HandedAssignment; ticket: Ticket }[] = [];
      for (const alike of Map.groupBy(fresh, ({ job }) => job).values()) {
        for (const { id, tasks: some } of batchesOf(alike, mostInArray, () => newBatch(machine))) {
          for (const { attempt, task } of some) {
            given.push({ attempt, ticket: { batch: id, task, job: null } });
          }
        }
      }
      await desk.handOver(given.map(({ attempt: { attempt }, ticket }) => ({ attempt, ticket })));
      for (const { attempt, ticket } of given) open(attempt, ticket, false);
      for (const { attempt } of assignments) tasks.get(leaders.get(attempt) ?? "")?.workers.add(attempt);
    },
    async handedOver(some, job) {
      for (const task of some) {
        task.ticket = { ...task.ticket, job };
        task.submittedAt = Date.now();
        task.unsureSince = null;
      }
      await desk.handOver(some.map(({ attempt: { attempt }, ticket }) => ({ attempt, ticket })));
    },
    forget(attempts) {
      const left = new Set<string>();
      for (const attempt of attempts) {
        const leader = leaders.get(attempt) ?? "";
        const task = tasks.get(leader);
        leaders.delete(attempt);
        task?.workers.delete(attempt);
        if (!task || task.workers.size > 0) continue;
        tasks.delete(leader);
        names.delete(nameOf(task.ticket));
        left.add(task.ticket.batch);
      }
      for (const { ticket } of tasks.values()) left.delete(ticket.batch);
      return [...left];
    },
  };
}

function isHanded(assignment: Assignment): assignment is HandedAssignment {
  return assignment.handed !== undefined;
}

function newBatch(machine: number): string {
  return `${machine}-${randomBytes(6).toString("hex")}`;
}

/** Whether a batch was handed over for this machine. */
export function isOfMachine(batch: string, machine: number): boolean {
  return batch.startsWith(`${machine}-`);
}

/** As Slurm writes it; null: it has no id yet. */
export function idOf({ ticket }: Task): string | null {
  return ticketText(ticket);
}

/** Whether the folders of all its workers are there. */
export function isLaidOut({ attempt, workers, laidOut }: Task): boolean {
  return [...workers].filter((id) => laidOut.has(id)).length >= (attempt.gang?.hosts.length ?? 1);
}

/** Whether its launchers are steps of a job on several nodes. */
export function hasSteps({ attempt }: Task): boolean {
  return (attempt.gang?.hosts.length ?? 1) > 1;
}
