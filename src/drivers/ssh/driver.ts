import type { Desk } from "../../dispatch/desk.ts";
import type { SshPlace } from "../../shells/client.ts";
import type { Driver } from "../driver.ts";
import { openSession, type Session, type SshMachine } from "./session.ts";

export interface SshDriverOptions {
  desk: Desk;
  yard: string;
  epoch: number;
  /** The folder for what is fetched of machines' spools, a folder a machine. */
  mirrors: string;
  /** Where snapshots of code lie. */
  snapshots: string;
  /** Where ssh's own files of this yard are. */
  ssh: SshPlace;
  /** The text of the Python client library; null: it is not at hand. */
  python: string | null;
  log: (text: string) => void;
}

const LEAST_LOOK_MS = 1000;
/** At all machines together: a look costs the yard about a millisecond. */
const MOST_LOOKS_PER_SECOND = 20;

/** Machines behind ssh, with nothing installed on them: for each the yard holds a connection, and speaks for it. */
export function sshDriver(options: SshDriverOptions): Driver {
  const { mirrors } = options;
  const sessions = new Map<number, { session: Session; login: string }>();
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
    attend(all) {
      const machines = all.filter((machine): machine is SshMachine => machine.login !== null);
      const there = new Set(machines.map(({ id }) => id));
      for (const machine of sessions.keys()) if (!there.has(machine)) end(machine);
      for (const machine of machines) {
        const login = JSON.stringify(machine.login);
        if (sessions.get(machine.id)?.login !== login) end(machine.id);
        const known = sessions.get(machine.id);
        if (known) known.session.refit(machine);
        else {
          const mirror = `${mirrors}/${machine.id}`;
          const session = openSession({ ...options, machine, mirror, lookMs });
          sessions.set(machine.id, { session, login });
        }
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
