/**
 * How a pool executes attempts. The loop has committed what it asks for before it asks, so a driver may be asked again
 * after a crash: every function is idempotent by attempt id.
 */
export interface Driver {
  /** Attempts have been assigned to these machines. */
  start(machines: ReadonlySet<number>): void;
  /** Attempts of these machines are to be stopped. */
  stop(machines: ReadonlySet<number>): void;
}
