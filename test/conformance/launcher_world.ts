import { type ChildProcessByStdio, execFileSync, spawn, spawnSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import type { Readable, Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import { onTestFinished, vi } from "vitest";
import {
  environmentMarks,
  isDead,
  listProcesses,
  type ProcessEntry,
  processName,
} from "../../src/platform/processes.ts";
import { aFolder } from "../helpers/a_folder.ts";

/** One way to execute the launcher protocol. */
export interface Implementation {
  name: string;
  command: string[];
  isNative: boolean;
}

type ServerWishes = Pick<Implementation, "command"> & Partial<Pick<Implementation, "isNative">>;

/** What starts launchers, and what it has told: a fork server, or in sh launchers of one attempt at a time, as many as it takes. */
export interface ForkServer {
  /** Its processes, whether they wait or work. */
  pids: () => number[];
  news: string[];
  start: (...folders: string[]) => void;
  /** Sends bytes as they are. */
  send: (text: string) => void;
  onNews: (hear: (line: string) => void) => void;
  /** Resolves when a line begins so, with the rest of that line. */
  told: (beginning: string) => Promise<string>;
  /** The same, of the news from this number on. */
  toldAfter: (number: number, beginning: string) => Promise<string>;
  kill: () => Promise<void>;
  /** Ends its stdin; resolves with its exit codes. */
  endInput: () => Promise<(number | null)[]>;
  closeOutput: () => void;
  pauseOutput: () => void;
  resumeOutput: () => void;
}

/** An attempt whose folder is ready for a launcher. */
export interface Attempt {
  id: string;
  folder: string;
  /** Empty where there is no such file. */
  read: (name: string) => string;
  has: (name: string) => boolean;
  /** Resolves with the line in `exit`, when it is whole. */
  ended: () => Promise<string>;
  /** How often its command was executed (by scripts that call `count`). */
  executions: () => number;
}

const packaged = (name: string) => fileURLToPath(new URL(`../../src/spool/launcher/${name}`, import.meta.url));
const canExecute = (command: string[]) => spawnSync(command[0] ?? "", command.slice(1)).status === 0;

/** Those that this machine can execute; one line says which are missing. */
export function implementations(): Implementation[] {
  const script = packaged("launch.sh");
  const native = { isNative: true };
  const sh = { isNative: false };
  const all: (Implementation & { needs: string[] })[] = [
    {
      name: "native",
      command: [packaged(`bin/launch-${process.platform}-${process.arch}`)],
      needs: ["true"],
      ...native,
    },
    { name: "sh (dash)", command: ["dash", script], needs: ["dash", "-c", ":"], ...sh },
    { name: "sh (bash)", command: ["bash", script], needs: ["bash", "-c", ":"], ...sh },
    {
      name: "sh (busybox)",
      command: ["busybox", "ash", script],
      needs: ["busybox", "true"],
      ...sh,
    },
  ];
  return all.filter(({ name, command, needs }) => {
    const isHere = canExecute(needs) && (needs[0] !== "true" || existsSync(command[0] ?? ""));
    if (!isHere) console.info(`Skipped: ${name} cannot be executed on this machine.`);
    return isHere;
  });
}

/** A place for attempts, whose processes all have to be gone when the test is over. */
export async function aSpool({ name = "spool", under }: { name?: string; under?: string } = {}) {
  const mark = randomUUID();
  const aside = await aFolder();
  const root = `${under ?? aside}/${name}`;
  const servers: ForkServer[] = [];
  let count = 0;

  onTestFinished(async () => {
    for (const server of servers) {
      server.closeOutput();
      await server.kill();
    }
    await eventually(() => leftovers(mark).length === 0, "nothing is left running").catch((error: unknown) => {
      const left = leftovers(mark);
      for (const { pid } of left) process.kill(pid, "SIGKILL");
      throw new Error(`left running: ${left.map(({ pid }) => `${pid} ${processName(pid)}`).join(", ")}`, {
        cause: error,
      });
    });
  });

  return {
    root,
    /** Processes of this test other than its servers' own that are not over. */
    leftovers() {
      const own = servers.flatMap((server) => server.pids());
      return leftovers(mark).filter(({ pid }) => !own.includes(pid));
    },
    /** `isNative`: one process takes all. */
    aServer({ command, isNative = true }: ServerWishes, environment: Record<string, string> = {}): ForkServer {
      const server = openServer(
        { command, isNative },
        {
          PATH: process.env["PATH"] ?? "",
          ...environment,
          RUNYARD_TEST: mark,
        },
      );
      servers.push(server);
      return server;
    },
    /** `script`: the text to execute; its function `count` leaves a trace of every call outside the folder. */
    anAttempt(script: string): Attempt {
      count += 1;
      const id = `12.${count}.1-${mark}`;
      const folder = `${root}/yard/${id}/0`;
      const traces = `${aside}/executions-${count}`;
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      const quoted = `'${traces.replaceAll("'", "'\\''")}'`;
      writeFileSync(`${folder}/command`, `count() { echo $$ >>${quoted}; }\n${script}\n`, { mode: 0o600 });
      writeFileSync(`${folder}/run.sh`, ":\n", { mode: 0o600 });
      const read = (file: string) => (existsSync(`${folder}/${file}`) ? readFileSync(`${folder}/${file}`, "utf8") : "");
      return {
        id,
        folder,
        read,
        has: (file) => existsSync(`${folder}/${file}`),
        async ended() {
          await eventually(() => read("exit").endsWith("\n"), `${id} has ended`);
          return read("exit").trimEnd();
        },
        executions: () => (existsSync(traces) ? readFileSync(traces, "utf8").split("\n").length - 1 : 0),
      };
    },
  };
}

function openServer({ command, isNative }: Required<ServerWishes>, environment: Record<string, string>): ForkServer {
  const news: string[] = [];
  const listeners: ((line: string) => void)[] = [];
  const children: { child: ChildProcessByStdio<Writable, Readable, null>; exited: Promise<number | null> }[] = [];
  const idle = new Set([open()]);

  function open() {
    const child = spawn(command[0] ?? "", command.slice(1), {
      stdio: ["pipe", "pipe", "inherit"],
      env: environment,
      detached: true,
    });
    const exited = new Promise<number | null>((resolve) => child.once("exit", resolve));
    children.push({ child, exited });
    let rest = "";
    child.stdin.on("error", () => undefined);
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      const lines = (rest + text).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) hear(line);
    });
    return child;

    function hear(line: string): void {
      if (!line.startsWith("started ")) idle.add(child);
      if (line.startsWith("passed ")) return;
      news.push(line);
      for (const listener of listeners) listener(line);
    }
  }

  function send(text: string): void {
    const [child = open()] = idle;
    if (!isNative) idle.delete(child);
    child.stdin.write(text);
  }

  const toldAfter = async (number: number, beginning: string) => {
    const find = () => news.slice(number).find((line) => line.startsWith(beginning));
    if (find() === undefined) await eventually(() => find() !== undefined, `it says ${beginning}`);
    return find()?.slice(beginning.length).trim() ?? "";
  };
  return {
    pids: () => children.map(({ child }) => child.pid ?? 0),
    news,
    start(...folders) {
      for (const folder of folders) send(`${folder}\n`);
    },
    send,
    onNews: (hear) => void listeners.push(hear),
    told: (beginning) => toldAfter(0, beginning),
    toldAfter,
    async kill() {
      for (const { child } of children) child.kill("SIGKILL");
      await Promise.all(children.map(({ exited }) => exited));
    },
    endInput() {
      for (const { child } of children) child.stdin.end();
      return Promise.all(children.map(({ exited }) => exited));
    },
    closeOutput() {
      for (const { child } of children) child.stdout.destroy();
    },
    pauseOutput() {
      for (const { child } of children) child.stdout.pause();
    },
    resumeOutput() {
      for (const { child } of children) child.stdout.resume();
    },
  };
}

/** Commands carry their attempt's id, fork servers and launchers the test's mark. */
function leftovers(mark: string): ProcessEntry[] {
  return listProcesses().filter((entry) => {
    if (isDead(entry)) return false;
    const marks = environmentMarks(entry.pid, ["RUNYARD_ATTEMPT", "RUNYARD_TEST"]);
    return marks !== "executing" && (marks?.some((value) => value?.endsWith(mark)) ?? false);
  });
}

/** Waits for a condition, at most 20 s. */
export async function eventually(isSo: () => boolean, what: string): Promise<void> {
  const check = () => {
    if (!isSo()) throw new Error(`it never came to be that ${what}`);
  };
  await vi.waitFor(check, { timeout: 20_000, interval: 5 });
}

/** The launcher that RUNYARD_STOP_AT has stopped: in sh the server itself, else its one stopped child. */
export async function theStoppedLauncher(server: ForkServer): Promise<number> {
  let found: ProcessEntry | undefined;
  await eventually(() => {
    const own = server.pids();
    found = listProcesses().find(({ pid, ppid, state }) => (own.includes(pid) || own.includes(ppid)) && state === "T");
    return found !== undefined;
  }, "a launcher has stopped");
  return found?.pid ?? 0;
}

/** A file system of its own, which can be full. Only root can have one; null for others. */
export async function aSmallDisk(
  bytes: number,
): Promise<{ folder: string; fill: () => void; empty: () => void } | null> {
  if (process.getuid?.() !== 0) return null;
  const folder = `${await aFolder()}/disk`;
  mkdirSync(folder);
  execFileSync("mount", ["-t", "tmpfs", "-o", `size=${bytes},mode=700`, "tmpfs", folder]);
  onTestFinished(() => void execFileSync("umount", ["-l", folder]));
  chmodSync(folder, 0o700);
  const ballast = `${folder}/ballast`;
  return {
    folder,
    fill() {
      spawnSync("dd", ["if=/dev/zero", `of=${ballast}`, "bs=4096"], { stdio: "ignore" });
    },
    empty: () => writeFileSync(ballast, ""),
  };
}

export function namesIn(folder: string): string[] {
  return readdirSync(folder).sort();
}
