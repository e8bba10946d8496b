import { spawnSync } from "node:child_process";
import { hostProgram } from "../../src/spool/host.ts";
import { type Attempt, aSpool, type ForkServer } from "./launcher_world.ts";

/** A shell that may be /bin/sh on a machine behind ssh. */
export interface Shell {
  name: string;
  command: string[];
}

/** Those that this machine can execute; one line says which are missing. */
export function shells(): Shell[] {
  const all: Shell[] = [
    { name: "dash", command: ["dash"] },
    { name: "bash", command: ["bash", "--posix", "--norc"] },
    { name: "busybox ash", command: ["busybox", "ash"] },
  ];
  return all.filter(({ name, command: [program = "", ...args] }) => {
    const isHere = spawnSync(program, [...args, "-c", ":"]).status === 0;
    if (!isHere) console.info(`Skipped: ${name} cannot be executed on this machine.`);
    return isHere;
  });
}

export interface Host extends ForkServer {
  /** A request: its words. */
  say: (...words: string[]) => void;
  /** How an attempt stands, as a look tells it: its state, and then its sizes in the order of their names. */
  look: (attempt: Attempt) => Promise<string[]>;
}

export interface HostWishes {
  spool?: string | null;
  epoch?: number;
  environment?: Record<string, string>;
}

/** A spool as on a machine behind ssh, and the program that a yard speaks to there; both are gone after the test. */
export async function aHostSpool(shell: Shell, options: { name?: string; under?: string } = {}) {
  const spool = await aSpool(options);

  function open(wishes: HostWishes = {}): Host {
    const { epoch = 1, environment = {} } = wishes;
    const program = hostProgram(wishes.spool === undefined ? spool.root : wishes.spool, "yard", epoch);
    const server = spool.aServer({ command: [...shell.command, "-c", program] }, environment);
    const say = (...words: string[]) => server.send(`${words.join(" ")}\n`);
    return {
      ...server,
      say,
      async look({ id }) {
        const before = server.news.length;
        say("look", id);
        await server.toldAfter(before, "looked");
        const told = server.news.slice(before).filter((line) => line.split(" ")[1] === id);
        return told
          .map((line) => line.replace(`${id} `, ""))
          .sort()
          .reverse();
      },
    };
  }

  return {
    ...spool,
    home: `${spool.root}/yard`,
    open,
    /** One that has said hello. */
    async aHost(wishes: HostWishes = {}): Promise<Host> {
      const host = open(wishes);
      await host.told("hello ");
      return host;
    },
  };
}
