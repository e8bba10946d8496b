import type { Login } from "../core/login.ts";
import type { Hardware } from "../core/machine.ts";
import type { Cluster } from "../core/slurm.ts";

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
  /** Null: it is one machine. */
  cluster: Cluster | null;
  /** Null: an agent comes by itself, or it is here. */
  login: (Login & { spool: string | null; env?: string | null | undefined }) | null;
  /** Explicit slots; null: GPUs and cores are counted. */
  slots: string[] | null;
  /** As it was seen last, perhaps by an earlier yard. */
  hardware: Hardware;
}
