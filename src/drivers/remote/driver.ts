import type { Driver, DriverMachine } from "../driver.ts";
import type { Session } from "./session.ts";

/** Opens a session. `lookMs`: how long after a look the next one comes, where something runs. */
type OpenSession = (machine: DriverMachine, lookMs: () => number) => Session;

const LEAST_LOOK_MS = 1000;
/** At all machines together: a look costs the yard about a millisecond. */
const MOST_LOOKS_PER_SECOND = 20;

/** Machines that a shell leads to: for each the yard holds a session, and speaks for it. */
export function sessionDriver(open: OpenSession): Driver {
  const sessions = new Map<number, { session: Session; place: string }>();
  const closing = new Set<Promise<void>>();

  function each(machines: ReadonlySet<number>, act: (session: Session) => void): void {
    for (const machine of machines) {
      const known = sessions.get(machine);
      if (known) act(known.session);
    }
  }

  const lookMs = () => Math.max(LEAST_LOOK_MS, (1000 * sessions.size) / MOST_LOOKS_PER_SECOND);

  function end(machine: number): void {
    const ended = sessions.get(machine)?.session.close();
    sessions.delete(machine);
    if (!ended) return;
    closing.add(ended);
    void ended.finally(() => closing.delete(ended));
  }

  return {
    attend(machines) {
      const there = new Set(machines.map(({ id }) => id));
      for (const machine of sessions.keys()) if (!there.has(machine)) end(machine);
      for (const machine of machines) {
        const place = JSON.stringify([machine.login, machine.cluster]);
        if (sessions.get(machine.id)?.place !== place) end(machine.id);
        const known = sessions.get(machine.id);
        if (known) known.session.refit(machine);
        else sessions.set(machine.id, { session: open(machine, lookMs), place });
      }
    },
    start: (machines) => each(machines, (session) => session.start()),
    stop: (machines) => each(machines, (session) => session.stop()),
    ask: (machines) => each(machines, (session) => session.ask()),
    async close() {
      for (const machine of [...sessions.keys()]) end(machine);
      await Promise.all(closing);
    },
  };
}
