import type { Assignment, Stop } from "../core/assignment.ts";
import type { Answer, Question } from "../core/enquiry.ts";
import type { Login } from "../core/login.ts";
import type { Hardware } from "../core/machine.ts";
import type { Report } from "../core/report.ts";

/**
 * How a pool executes attempts. The loop has committed what it asks for before it asks, so a driver may be asked again
 * after a crash: every function is idempotent by attempt id, and returns at once.
 */
export interface Driver {
  /** These are its machines now. */
  attend(machines: readonly DriverMachine[]): void;
  /** Attempts have been assigned to these machines. */
  start(machines: ReadonlySet<number>): void;
  /** Attempts of these machines are to be stopped. */
  stop(machines: ReadonlySet<number>): void;
  /** Something is asked of these machines. */
  ask(machines: ReadonlySet<number>): void;
  /** What runs goes on. */
  close(): Promise<void>;
}

/** A machine as its driver sees it. */
export interface DriverMachine {
  id: number;
  name: string;
  /** Null: an agent comes by itself. */
  login: (Login & { spool: string | null; env?: string | null | undefined }) | null;
  /** Explicit slots; null: GPUs and cores are counted. */
  slots: string[] | null;
}

/** What a driver that acts by itself is told, and whom it tells: see dispatch/desk.ts, which is it. */
export interface DriverDesk {
  resume(machine: number, holder: string): Promise<Assignment[]>;
  take(machine: number, holder: string): Promise<{ assignments: Assignment[]; isAll: boolean }>;
  stops(machine: number): Promise<Stop[]>;
  report(machine: { id: number; spool: string | null }, holder: string, reports: readonly Report[]): Promise<string[]>;
  introduce(
    machine: { id: number; name: string },
    introduction: { agent: string; hardware: Hardware; bootId: string; host: string; spool: string },
  ): Promise<void>;
  survey(machine: number, hardware: Hardware): Promise<void>;
  known(attempts: readonly string[]): Promise<string[]>;
  heard(machine: number): void;
  environment(id: string): Promise<Record<string, string>>;
  questions(machine: number): Promise<{ id: number; question: Question }[]>;
  answer(enquiry: number, answer: Answer): Promise<void>;
}
