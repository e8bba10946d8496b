import type { Assignment } from "../../core/assignment.ts";
import type { Answer, Check, Question } from "../../core/enquiry.ts";
import type { Hardware } from "../../core/machine.ts";
import type { Peaks } from "../../core/peaks.ts";
import type { Desk } from "../../dispatch/desk.ts";
import type { SshPlace } from "../../shells/client.ts";
import type { Host } from "../../shells/host.ts";
import type { RemoteSeat, RemoteState } from "../../spool/host.ts";
import type { DriverMachine } from "../driver.ts";
import type { Connection } from "./connection.ts";
import type { FolderSource, RemotePlaces } from "./folders.ts";
import type { RemoteAttempts } from "./remote_attempts.ts";

/** What all sessions of a yard have of it. */
export interface YardTools {
  desk: Desk;
  /** Where ssh's own files of this yard are. */
  ssh: SshPlace;
  /** The yard's id. */
  yard: string;
  epoch: number;
  /** The folder for what is fetched of machines' spools, a folder a machine. */
  mirrors: string;
  /** Where snapshots of code lie here. */
  snapshots: string;
  /** The text of the Python client library; null: it is not at hand. */
  python: string | null;
  log: (text: string) => void;
}

/** What attempts are started by where a spool is: its machine's own launchers, or a cluster's queue. */
export interface Way {
  /** Looks at what is there. Null: there is no answer. */
  survey(connection: Connection): Promise<Survey | null>;
  /** What stands before a login that is shown to whoever checks. */
  check(survey: Survey | null, connection: Connection | null): Check[];
  /** Attempts are about to be laid out. False: not now, it is asked again. */
  prepare(assignments: readonly Assignment[]): Promise<boolean>;
  /** The files of an attempt's folder, and what else it needs. `variables`: those of the submitting terminal. */
  sources(assignment: Assignment, variables: Record<string, string>, places: RemotePlaces): FolderSource[];
  /** Laid out attempts are to begin. Asked again it begins nothing a second time. */
  begin(attempts: string[]): void;
  /** What has not begun never will; what has goes on. */
  forbid(attempt: string): void;
  stop(graceMs: number, attempt: string): void;
  /** As a look has told. */
  state(attempt: string, state: RemoteState, connection: Connection): void;
  /** What a look is to ask for. */
  watched(): string[];
  /** Where on a cluster it is, as its launcher there says. */
  seat(attempt: string, seat: RemoteSeat): void;
  /** The connection is there (again), and these have not ended as far as the yard knows. */
  resumed(assignments: readonly Assignment[]): Promise<void>;
  /** Attempts are done with here. */
  forgotten(attempts: readonly string[]): void;
  /** Twice a second. */
  tend(now: number): void;
  /** Null: such a question is not for it. */
  answer(question: Question): Promise<Answer | null>;
}

export interface Survey {
  hardware: Hardware;
  /** What attempts hold now. */
  held: Map<string, Peaks>;
}

/** What a session lends its way. */
export interface WayTools {
  host: Host;
  desk: Desk;
  attempts: RemoteAttempts;
  machine: () => DriverMachine;
  hardware: () => Hardware;
  connection: () => Connection | null;
  /** Looks anew, and tells the yard. */
  survey: () => Promise<Survey | null>;
  /** The same, without waiting for it: what fails is asked again. */
  resurvey: () => void;
  log: (text: string) => void;
}
