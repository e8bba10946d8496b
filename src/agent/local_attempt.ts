import type { Assignment, Stop } from "../api/agent.ts";
import { type EventReader, openEventReader } from "../spool/events.ts";
import { type Spool, workerFolder } from "../spool/layout.ts";

/** An attempt as its machine's agent knows it. */
export interface LocalAttempt {
  assignment: Assignment;
  phase: "in line" | "launching" | "running" | "ending" | "ended";
  startedAt: number | null;
  /** Of its command; null: not known. */
  pid: number | null;
  events: EventReader;
  stop: Stop | null;
  /** Its end is looked for in the folder: nobody will tell of it. */
  adopted: boolean;
  /** When all of its folder is looked at next, by the steady clock. */
  lookAt: number;
  /** When its time limit is reached, by the steady clock; null: not known, or it has none. */
  limitAt: number | null;
}

/** How often a folder is looked at for what no news told of: an end, a launcher that is gone. */
export const LOOK_MS = 2000;

/** One that stands in line. */
export function newLocalAttempt(spool: Spool, assignment: Assignment): LocalAttempt {
  return {
    assignment,
    phase: "in line",
    startedAt: null,
    pid: null,
    events: openEventReader(`${workerFolder(spool, assignment.attempt)}/events.jsonl`),
    stop: null,
    adopted: false,
    lookAt: performance.now() + LOOK_MS,
    limitAt: null,
  };
}

/** Who is being stopped already can only be hurried; what was to be taken back before it began is no reason to hurry. */
export function isNewWish(wish: Stop, standing: Stop | null): boolean {
  return standing === null || (wish.reason !== "withdrawn" && wish.graceMs < standing.graceMs);
}

/** The limit at which it was stopped; null: it was not, or for another reason. */
export function limitReached({ stop, assignment }: LocalAttempt): number | null {
  return stop?.reason === "time_limit" ? assignment.timeLimitMs : null;
}
