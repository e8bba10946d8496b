import { setTimeout as sleep } from "node:timers/promises";
import { bad, good, type Result } from "../../platform/result.ts";
import type { Host } from "../../shells/host.ts";
import type { SshProblem } from "../../shells/problem.ts";
import type { HostNews } from "../../spool/host.ts";
import { openHostLine } from "./host_line.ts";

/** A machine that answers, for as long as it does. */
export interface Connection {
  /** The yard's folder in the spool there. */
  home: string;
  bootId: string;
  hostName: string;
  /** Where other machines reach it, as far as is known. */
  address: string;
  /** What has to be added to the machine's clock to have ours. */
  clockMs: number;
  /** A request to host.sh: a word and its arguments. */
  say(...words: string[]): void;
  /** Asks how attempts stand; resolves when all of it has been told, or the connection is over. */
  look(attempts: readonly string[]): Promise<void>;
  isLooking(): boolean;
  /** What survey.sh tells; empty where it has not told all in time. Null: the connection is over. */
  survey(deadlineMs: number): Promise<string | null>;
  /** Resolves with what ended it. */
  ended: Promise<SshProblem>;
  close(): void;
}

/** No answer for so long, and the connection is taken to be dead. */
const SILENCE_MS = 20_000;

/**
 * @param hear  everything that the machine tells, in order
 * @param anew  somebody wants to know now: a machine that is known to ask is tried too
 */
export async function openConnection(
  host: Host,
  program: string,
  hear: (news: HostNews) => void,
  anew: boolean,
): Promise<Result<Connection, SshProblem>> {
  const reached = await host.connect({ anew });
  if (!reached.ok) return reached;
  const askedAt = Date.now();
  const opened = await host.open(program);
  if (!opened.ok) return opened;
  const channel = opened.value;
  const first = Promise.withResolvers<HostNews>();
  let lookedAt = Date.now();
  let looking: PromiseWithResolvers<void> | null = null;
  let isOver = false;
  let told: string[] = [];
  let surveyed: PromiseWithResolvers<string> | null = null;
  const line = openHostLine(channel.stdin, channel.stdout, (news) => {
    first.resolve(news);
    hear(news);
    if (news.kind === "survey") told.push(news.line);
    if (news.kind === "surveyed") {
      surveyed?.resolve(`${told.join("\n")}\n`);
      told = [];
    }
    if (news.kind !== "looked") return;
    lookedAt = Date.now();
    const finished = looking;
    looking = null;
    finished?.resolve();
  });
  const broken = channel.ended.then((end) => (end.ok ? endedThere(end.value.stderr) : end.problem));
  const greeting = await Promise.race([first.promise, broken, sleep(SILENCE_MS, brokenOff, { ref: false })]);
  if (!("kind" in greeting) || greeting.kind !== "hello") {
    line.close();
    return bad("kind" in greeting ? misgreeted(greeting) : greeting);
  }
  const ended = Promise.race([broken, silence()]).then((problem) => {
    isOver = true;
    looking?.resolve();
    looking = null;
    return problem;
  });

  async function silence(): Promise<SshProblem> {
    while (Date.now() - lookedAt < SILENCE_MS) await sleep(1000, undefined, { ref: false });
    return { code: "unreachable", text: "the machine has stopped answering" };
  }

  return good({
    home: greeting.folder,
    bootId: greeting.bootId,
    hostName: greeting.host,
    address: greeting.address ?? greeting.host,
    clockMs: clockOffset(greeting.now, askedAt, Date.now()),
    say: line.say,
    async look(attempts) {
      while (looking) await looking.promise;
      if (isOver) return;
      looking = Promise.withResolvers();
      line.say("look", ...attempts);
      await looking.promise;
    },
    isLooking: () => looking !== null,
    async survey(deadlineMs) {
      surveyed = Promise.withResolvers();
      line.say("survey");
      const late = sleep(deadlineMs, "", { ref: false });
      return Promise.race([surveyed.promise, late, ended.then(() => null)]);
    },
    ended,
    close: line.close,
  });
}

/** A clock that may be right is taken to be right: what its time took to arrive is not known. */
function clockOffset(told: number, askedAt: number, heardAt: number): number {
  return told < askedAt ? askedAt - told : Math.min(0, heardAt - told);
}

const brokenOff: SshProblem = { code: "broken", text: "the machine's shell does not answer" };

/** @param stderr  what the program there said, at its end */
function endedThere(stderr: string): SshProblem {
  const said = stderr.trim().split("\n").at(-1);
  return said ? { code: "broken", text: `the machine's shell ended: ${said}` } : brokenOff;
}

function misgreeted(news: HostNews): SshProblem {
  if (news.kind === "unusable") {
    const text = `the folder ${news.path} there cannot be used: it must be this account's own, and writable`;
    return { code: "broken", text };
  }
  if (news.kind === "deposed") {
    const text = `a later yard (epoch ${news.epoch}) has used the spool there, and this one is not obeyed`;
    return { code: "broken", text };
  }
  return brokenOff;
}
