import { type ChildProcess, spawn } from "node:child_process";
import { accessSync, constants, existsSync } from "node:fs";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";

/** `native`: the static C program; `sh`: the same protocol in POSIX sh, for any other machine. See launcher/README.md. */
export type LauncherImplementation = "native" | "sh";

export interface LauncherOptions {
  onStarted: (news: { attempt: string; pid: number; at: number }) => void;
  /** `exit`: what stands in the attempt's `exit` file, without the newline. */
  onEnded: (news: { attempt: string; exit: string }) => void;
  /** Nothing of this attempt was executed. */
  onFailed: (news: { attempt: string; reason: string }) => void;
  /** Takes a line for people. Default: nobody reads it. */
  log?: (line: string) => void;
  /** Default: RUNYARD_LAUNCHER; without it native, where it can be executed. */
  implementation?: LauncherImplementation;
  /** Where PATH, RUNYARD_LAUNCHER and RUNYARD_STOP_AT (for tests) are looked up. Default: this process's. */
  environment?: Record<string, string | undefined>;
  /** The files that are executed. Default: those of this package. */
  programs?: Partial<Record<LauncherImplementation, string>>;
}

/**
 * Starts attempts in their spools. What it tells is news and may get lost (a reader that slept for long, an agent that was
 * killed): the files in the spool are the truth.
 */
export interface Launcher {
  /**
   * Starts the attempt whose worker's folder this is (absolute). At most once, however often it is called and whatever
   * dies on the way: the folder's `begun` sees to it. Where that is there already, nothing happens and nothing is told.
   */
  start: (folder: string) => void;
  /** Ends what waits for attempts; what runs goes on. */
  close: () => Promise<void>;
  /** The process whose children the launchers are; null where there is none: at the moment, or as launchers have none in sh. */
  forkServer: () => number | null;
  /** What is in use now. */
  readonly implementation: LauncherImplementation;
}

/** A program that reads folders: the native one starts a launcher for each, the one in sh is a launcher, of one at a time. */
interface Server {
  process: ChildProcess;
  openedAt: number;
  /** What was sent to it and has not ended, as far as it has told. */
  attempts: Set<string>;
  unsent: string;
}

const FIRST_RETRY_MS = 25;
const LONGEST_RETRY_MS = 5_000;
/** A program that dies this often, each time so young and without a word, cannot be executed here. */
const USELESS_AFTER_DEATHS = 3;
const YOUNG_MS = 1_000;
/** One that is asked to end has nothing left to do; one that is stopped (SIGSTOP) does not hear it. */
const CLOSE_PATIENCE_MS = 2_000;
/** So many in sh wait for the next attempt. */
const MOST_IDLE = 16;

export function startLauncher(options: LauncherOptions): Launcher {
  const environment = options.environment ?? process.env;
  const log = options.log ?? (() => undefined);
  const programs = {
    native: options.programs?.native ?? packaged(`bin/launch-${process.platform}-${process.arch}`),
    sh: options.programs?.sh ?? packaged("launch.sh"),
  };
  let implementation = choose(
    options.implementation ?? asked(environment["RUNYARD_LAUNCHER"], log),
    programs.native,
    log,
  );
  /** Folders by attempt, as long as nobody has told what became of them: where their server dies, another gets them. */
  const unanswered = new Map<string, string>();
  const servers = new Set<Server>();
  /** Those of them that can take a folder. */
  const free = new Set<Server>();
  const outputs = new Set<Readable>();
  let youngDeaths = 0;
  let retry: NodeJS.Timeout | null = null;
  let isClosed = false;
  free.add(openServer());

  function openServer(): Server {
    const [command, args] = implementation === "native" ? [programs.native, []] : ["/bin/sh", [programs.sh]];
    const process = spawn(command, args, {
      argv0: implementation === "native" ? "runyard-launch" : command,
      cwd: "/",
      // The launchers and the shells before a command are Runyard's own; what the agent knows is none of their business.
      env: { ...pick(environment, ["PATH", "RUNYARD_STOP_AT"]), RUNYARD_OWN: "1" },
      stdio: ["pipe", "pipe", "inherit"],
      detached: true,
    });
    const server: Server = { process, openedAt: performance.now(), attempts: new Set(), unsent: "" };
    servers.add(server);
    listen(server, process.stdout);
    process.stdin.on("error", () => undefined); // it died: that is told below
    process.once("error", (error) => mourn(server, error.message));
    process.once("exit", (code, signal) => mourn(server, `it ended with ${signal ?? `code ${code}`}`));
    return server;
  }

  /** A server that dies takes no launcher with it but itself. The news of its launchers still come, through its pipe. */
  function mourn(dead: Server, reason: string): void {
    free.delete(dead);
    if (!servers.delete(dead) || isClosed) return;
    youngDeaths = performance.now() - dead.openedAt < YOUNG_MS ? youngDeaths + 1 : 1;
    log(`The launcher (${implementation}) is gone: ${reason}. It is started again; what runs goes on.`);
    if (implementation === "native" && youngDeaths >= USELESS_AFTER_DEATHS) {
      log(`${programs.native} cannot be executed here. The sh launcher takes its place: slower, the same otherwise.`);
      implementation = "sh";
      youngDeaths = 0;
    }
    retry ??= setTimeout(startAgain, Math.min(FIRST_RETRY_MS * 2 ** youngDeaths, LONGEST_RETRY_MS));
  }

  /** What nobody has at the moment goes to a new server. */
  function startAgain(): void {
    retry = null;
    if (free.size === 0) free.add(openServer());
    const sent = new Set([...servers].flatMap(({ attempts }) => [...attempts]));
    for (const [attempt, folder] of unanswered) {
      if (sent.has(attempt)) continue;
      // Begun by a launcher of the server before, or stopped: a new one would only leave.
      if (existsSync(`${folder}/begun`)) unanswered.delete(attempt);
      else send(attempt, folder);
    }
  }

  function listen(server: Server, output: Readable): void {
    let rest = "";
    outputs.add(output);
    output.once("close", () => outputs.delete(output));
    output.on("error", () => undefined);
    output.setEncoding("utf8");
    output.on("data", (text: string) => {
      rest += text;
      let from = 0;
      for (let end = rest.indexOf("\n"); end >= 0; end = rest.indexOf("\n", from)) {
        hear(server, rest.slice(from, end));
        from = end + 1;
      }
      rest = rest.slice(from);
    });
  }

  /** `started <attempt> <pid> <at>`, `ended <attempt> <exit line>`, `failed <attempt> <reason>`, in sh `passed <attempt>`. */
  function hear(server: Server, line: string): void {
    const [kind = "", attempt = ""] = line.split(" ", 2);
    const rest = line.slice(kind.length + attempt.length + 2);
    youngDeaths = 0;
    unanswered.delete(attempt);
    if (kind !== "started") release(server, attempt);
    if (kind === "started") {
      const [pid, at] = rest.split(" ");
      options.onStarted({ attempt, pid: Number(pid), at: Number(at) });
    } else if (kind === "ended") options.onEnded({ attempt, exit: rest });
    else if (kind === "failed") options.onFailed({ attempt, reason: rest });
    else if (kind !== "passed") log(`The launcher said what nobody understands: ${JSON.stringify(line)}`);
  }

  /** It has done with the attempt. */
  function release(server: Server, attempt: string): void {
    server.attempts.delete(attempt);
    if (!servers.has(server) || free.has(server)) return;
    if (free.size < MOST_IDLE) free.add(server);
    else retire(server);
  }

  function retire(server: Server): void {
    servers.delete(server);
    free.delete(server);
    server.process.stdin?.end();
  }

  function send(attempt: string, folder: string): void {
    // One that has just been at work is warm.
    const server = [...free].at(-1) ?? openServer();
    server.attempts.add(attempt);
    if (implementation === "sh") free.delete(server);
    // All that is sent in one turn of the event loop goes in one write.
    if (server.unsent === "") setImmediate(flush, server);
    server.unsent += `${folder}\n`;
  }

  function flush(server: Server): void {
    if (server.unsent !== "") server.process.stdin?.write(server.unsent);
    server.unsent = "";
  }

  return {
    start(folder) {
      const attempt = folder.split("/").at(-2) ?? "";
      if (!folder.startsWith("/") || !/^[\w.-]+$/.test(attempt) || folder.includes("\n")) {
        const reason = `${JSON.stringify(folder)} is not the path of a spool folder`;
        return queueMicrotask(() => options.onFailed({ attempt, reason }));
      }
      unanswered.set(attempt, folder);
      if (retry === null) send(attempt, folder);
    },
    async close() {
      isClosed = true;
      if (retry !== null) clearTimeout(retry);
      const waiting = [...free].map(({ process }) => process).filter(({ pid }) => pid !== undefined);
      const ended = waiting.map((process) => new Promise((resolve) => process.once("exit", resolve)));
      const impatience = setTimeout(() => {
        for (const process of waiting) process.kill("SIGKILL");
      }, CLOSE_PATIENCE_MS);
      for (const server of [...servers]) {
        flush(server);
        retire(server);
        server.process.unref();
      }
      await Promise.all(ended);
      clearTimeout(impatience);
      for (const output of outputs) output.destroy();
    },
    forkServer: () => (implementation === "native" ? ([...servers][0]?.process.pid ?? null) : null),
    get implementation() {
      return implementation;
    },
  };
}

function asked(name: string | undefined, log: (line: string) => void): LauncherImplementation {
  if (name === "sh" || name === "native") return name;
  if (name) log(`RUNYARD_LAUNCHER=${name} is not known: it can be native or sh. Native is tried.`);
  return "native";
}

function choose(wanted: LauncherImplementation, program: string, log: (line: string) => void): LauncherImplementation {
  if (wanted === "sh") return "sh";
  try {
    accessSync(program, constants.X_OK);
    return "native";
  } catch {
    log(`There is no native launcher for this machine (${program}). The sh launcher takes its place.`);
    return "sh";
  }
}

/** A file of this package: the same path from src/spool/launcher.ts and from dist/spool/launcher.js. */
function packaged(name: string): string {
  return fileURLToPath(new URL(`../../src/spool/launcher/${name}`, import.meta.url));
}

function pick(environment: Record<string, string | undefined>, names: string[]): Record<string, string> {
  const picked: Record<string, string> = {};
  for (const name of names) {
    const value = environment[name];
    if (value !== undefined) picked[name] = value;
  }
  return picked;
}
