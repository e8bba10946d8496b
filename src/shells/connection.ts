import type { Login } from "../core/login.ts";
import { isAlive } from "../platform/processes.ts";
import { good, type Result } from "../platform/result.ts";
import { inFolder, prepareClient, type SshClient, type SshPlace } from "./client.ts";
import { logIn } from "./log_in.ts";
import { endMaster, findMaster, type Master, socketsOf } from "./master.ts";
import type { Trouble } from "./problem.ts";

export interface Link {
  client: SshClient;
  master: Master;
}

/** The one connection to a machine. */
export interface Connection {
  /**
   * Finds a master that runs, or logs in. Whether the machine at its other end still answers, only a session shows.
   * `anew`: also where a machine is known to ask.
   */
  link(anew?: boolean): Promise<Result<Link, Trouble>>;
  /** Whether it is still this master that serves its socket. One that does not is forgotten. */
  isServed(link: Link): Promise<boolean>;
  /** Nobody answers at its socket any more. */
  forget(link: Link): void;
  /** Nothing comes through any more. What the yard has opened is ended; what somebody logged in for may recover. */
  abandon(link: Link): Promise<void>;
  /** Ends the master if this process has opened it; `all`: whatever there is, of `machines login` too. */
  close(all: boolean): Promise<void>;
}

export function openConnection(login: Login, place: SshPlace): Connection {
  const sockets = socketsOf(login, place);
  let known: Link | null = null;
  let opened: Link | null = null;
  let opening: Promise<Result<Link, Trouble>> | null = null;

  async function findOrOpen(anew: boolean): Promise<Result<Link, Trouble>> {
    const prepared = await prepareClient(login, place);
    if (!prepared.ok) return prepared;
    const client = prepared.value;
    for (const socket of [sockets.attended, sockets.own]) {
      const master = await findMaster(client, socket);
      if (master === null) continue;
      known = { client, master };
      return good(known);
    }
    const master = await logIn(client, login, sockets, anew);
    if (!master.ok) return master;
    known = opened = { client, master: master.value };
    return good(known);
  }

  return {
    async link(anew = false) {
      if (known !== null && isAlive(known.master.process)) return good(known);
      known = null;
      opening ??= inFolder(place, () => findOrOpen(anew)).finally(() => {
        opening = null;
      });
      return opening;
    },
    async isServed(link) {
      const found = await findMaster(link.client, link.master.socket);
      if (found?.process.pid === link.master.process.pid) return true;
      forget(link); // its process may take a blink to end
      return false;
    },
    forget,
    async abandon(link) {
      forget(link);
      if (link.master.socket === sockets.own) await endMaster(link.client, link.master);
    },
    async close(all) {
      await opening;
      const ours = opened !== null && isAlive(opened.master.process) ? [opened] : [];
      for (const { client, master } of all ? await everything() : ours) await endMaster(client, master);
      known = opened = null;
    },
  };

  function forget(link: Link): void {
    if (known === link) known = null;
  }

  async function everything(): Promise<Link[]> {
    const prepared = await prepareClient(login, place);
    if (!prepared.ok) return [];
    const client = prepared.value;
    const masters = await Promise.all([sockets.attended, sockets.own].map((socket) => findMaster(client, socket)));
    return masters.flatMap((master) => (master === null ? [] : [{ client, master }]));
  }
}
