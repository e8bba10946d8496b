import type { Bell } from "../platform/bell.ts";
import type { Driver } from "./driver.ts";

/** Agents ask for themselves what is assigned and what must stop: all there is to do is to wake the one that waits. */
export function agentDriver(bell: Bell<number>): Driver {
  const wake = (machines: ReadonlySet<number>) => {
    for (const machine of machines) bell.ring(machine);
  };
  return { attend: () => {}, start: wake, stop: wake, ask: wake, close: async () => {} };
}
