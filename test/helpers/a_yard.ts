import { spawn } from "node:child_process";
import { closeSync, existsSync, mkdirSync, openSync, readdirSync, readFileSync, statfsSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";
import type { Job, SubmissionInput } from "../../src/api/job.ts";
import type { Attempt, Run } from "../../src/api/run.ts";
import { type Client, openClient } from "../../src/client/client.ts";
import { hasEnded } from "../../src/core/run.ts";
import { homeOf, readJsonFile, readToken, type YardAddress } from "../../src/platform/home.ts";
import { closeConnections, type HttpAnswer, httpRequest } from "../../src/platform/http.ts";
import { isAlive, type ProcessIdentity, parseProcessLine } from "../../src/platform/processes.ts";
import { aFolder } from "./a_folder.ts";
import { type FoundProcess, isRunning, killNow, processesOf } from "./processes_of.ts";
import { until } from "./until.ts";

const program = fileURLToPath(new URL("../../bin/runyard.js", import.meta.url));

/** As its first line has it started, but with the Node of the tests. */
const runyard = [process.execPath, "--", program];

/** A yard's disk has a floor below which it takes no work on. */
const ROOMY_BYTES = 2 * 1024 ** 3;
const HTTP_SILENCE_MS = 20_000;

export interface YardOptions {
  /** Further variables for the yard, its agent and `cli`; a program in `bin` of the yard's folder is found first. */
  environment?: Record<string, string>;
  /** As in `machines set local --slots`. Default: this machine's GPUs and cores are counted. */
  slots?: string[];
  /** No yard is started yet: whoever needs one (`cli`) starts it. */
  asleep?: boolean;
  /** The disk on which its home lies. Default: one with much room. */
  disk?: string;
}

export interface CliOptions {
  cwd?: string;
  environment?: Record<string, string>;
  /** Its stdin. Default: none. */
  input?: string;
}

export interface CliAnswer {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** How a job differs from a shell text in the yard's own folder. */
export type JobWishes = Partial<Omit<SubmissionInput, "work">> & { work?: SubmissionInput["work"] };

/** A real yard in a home of its own: the program as users start it, its agent, its runs. */
export interface TestYard {
  /** RUNYARD_HOME. */
  home: string;
  /** Where jobs work unless they say otherwise; gone with the test. */
  folder: string;
  /** The first thing on everybody's PATH. */
  bin: string;
  /** With the administrator's token. Follows the yard to a new port. */
  client: Client;
  clientWith(token: string): Client;
  url(): string;
  /** The administrator's. */
  token(): string;
  /** Any request, with any headers. */
  request(method: string, path: string, headers?: Record<string, string>, body?: string): Promise<HttpAnswer>;
  /** The words that start the program, and the environment in which it belongs to this yard. */
  program: { command: string[]; environment: Record<string, string> };
  /** Runs `runyard …` in the yard's folder to its end. */
  cli(args: string[], options?: CliOptions): Promise<CliAnswer>;

  /** Submits a shell text. */
  submit(text: string, wishes?: JobWishes): Promise<Job>;
  job(id: number): Promise<Job>;
  /** `12.3`; `12` is its first run. */
  run(id: string | number): Promise<Run>;
  attempts(id: string | number): Promise<Attempt[]>;
  output(id: string | number, stream?: "out" | "err"): Promise<string>;
  /** Waits for a run's state; fails at once where it ends in another one. */
  reaches(id: string | number, status: Run["status"]): Promise<Run>;
  /** Waits until nothing of a job waits or runs. */
  ends(job: number): Promise<Job>;
  /** A file in the yard's folder; empty where there is none. */
  read(name: string): string;
  /** The worker's folder of an attempt, while that is in the spool. */
  spoolOf(attempt: string): string;
  /** The attempts that lie in the spool. */
  spooled(): string[];
  launcherOf(attempt: string): ProcessIdentity | null;

  start(): Promise<void>;
  /** As by `runyard down`: what runs goes on. */
  stop(): Promise<void>;
  /** With SIGKILL; returns when it is gone. */
  killYard(): Promise<void>;
  killAgent(): Promise<void>;
  yardPid(): number | null;
  agentPid(): number | null;
  log(): string;
}

/** Starts a yard. When the test is over, everything of it has to go by itself once its runs are cancelled: what does not fails the test. */
export async function aYard(options: YardOptions = {}): Promise<TestYard> {
  const root = await aFolder({ bin: "folder/", work: "folder/", user: "folder/" }, options.disk ?? roomyPlace());
  const [bin, folder, homeFolder] = [`${root}/bin`, `${root}/work`, `${root}/home`];
  mkdirSync(homeFolder, { mode: 0o700 });
  const environment = {
    PATH: `${bin}:${process.env["PATH"] ?? ""}`,
    HOME: `${root}/user`,
    LANG: "C.UTF-8",
    ...options.environment,
    RUNYARD_HOME: homeFolder,
  };
  const home = homeOf(environment);
  const yardLog = `${root}/yard.log`;

  const address = () => readJsonFile<YardAddress>(home.address);
  const url = () => address()?.url ?? "http://127.0.0.1:9";
  const token = () => readToken(home.adminToken) ?? "";
  const alivePid = (path: string) => {
    const note = readJsonFile<ProcessIdentity>(path);
    return note && isAlive(note) ? note.pid : null;
  };
  const yardPid = () => alivePid(home.address);
  const agentPid = () => alivePid(home.agent);
  const client = clientWith(null);

  function request(method: string, path: string, headers: Record<string, string> = {}, body?: string) {
    return httpRequest({
      method,
      url: `${url()}${path}`,
      headers,
      silenceMs: HTTP_SILENCE_MS,
      ...(body !== undefined && { body }),
    });
  }

  function clientWith(secret: string | null): Client {
    return openClient(async ({ method, path, body }) => {
      const answer = await request(method, path, { authorization: `Bearer ${secret ?? token()}` }, body);
      return { status: answer.status, body: answer.body.toString("utf8") };
    });
  }

  async function start(): Promise<void> {
    const log = openSync(yardLog, "a");
    const child = spawn(process.execPath, [program, "up", "--foreground"], {
      env: environment,
      cwd: "/",
      detached: true,
      stdio: ["ignore", log, log],
    });
    closeSync(log);
    const isUp = async () => {
      if (child.exitCode !== null) throw new Error(`the yard ended with code ${child.exitCode}`);
      if (yardPid() !== child.pid) return false;
      return (await client.call("status")).machines.reachable > 0;
    };
    try {
      await until(isUp, "the yard and its agent are there");
    } catch (error) {
      const [yard, agent] = [tailOf(yardLog), tailOf(home.agentLog)];
      throw new Error(`${String(error)}\n--- yard\n${yard}\n--- agent\n${agent}`);
    }
  }

  async function stop(): Promise<void> {
    const pid = yardPid();
    await client.call("stopYard", { body: {} });
    await until(() => pid === null || !isRunning(pid), "the yard has stopped");
    closeConnections();
  }

  /** Ends what the test left, by the product's own means, and tells of what that did not end. */
  async function tearDown(): Promise<void> {
    try {
      if (processesOf(root).length > 0) {
        if (yardPid() === null) await start();
        await client.call("resume", { body: { select: "all" } });
        await client.call("cancel", { body: { select: "all", graceMs: 0 } });
        await until(async () => (await client.call("status")).running === 0, "everything has been cancelled");
        await stop();
        await until(() => leftIn(root).length === 0, "the yard has taken all of its processes along", 10_000);
        // A connection that a killed yard had opened is there for the next one, for a while.
        for (const { pid } of processesOf(root)) killNow(pid, "SIGTERM");
        await until(() => processesOf(root).length === 0, "connections to machines are closed");
      }
    } catch (error) {
      const left = processesOf(root);
      for (const { pid } of left) killNow(pid);
      await until(() => processesOf(root).length === 0, "killed processes are gone");
      const names = left.map(({ pid, command }) => `${pid} ${command}`).join("\n");
      const logs = `--- yard\n${tailOf(yardLog)}\n${tailOf(home.yardLog)}\n--- agent\n${tailOf(home.agentLog)}`;
      throw new Error(`left running:\n${names}\n${String(error)}\n${logs}`);
    }
  }

  async function kill(pid: number | null): Promise<void> {
    if (pid === null) throw new Error("there is nothing to kill");
    killNow(pid);
    await until(() => !isRunning(pid), "what was killed is gone");
    // A kept connection of a yard that is gone must not be taken for one of the next, at the same port.
    closeConnections();
  }

  const spoolOf = (attempt: string) => {
    const [yard = ""] = existsSync(home.spool) ? readdirSync(home.spool) : [];
    return `${home.spool}/${yard}/${attempt}/0`;
  };
  const show = (id: string | number) => {
    const [job, n = "1"] = String(id).split(".");
    return client.call("showRun", { params: { job, n } });
  };

  onTestFinished(tearDown, 60_000);
  if (!options.asleep) await start();
  const { slots } = options;
  if (slots) await client.call("setMachine", { params: { machine: "local" }, body: { slots } });

  const yard: TestYard = {
    home: homeFolder,
    folder,
    bin,
    client,
    clientWith,
    url,
    token,
    request,
    program: { command: runyard, environment },
    cli: (args, { cwd = folder, environment: more = {}, input } = {}) =>
      runCli(args, cwd, { ...environment, ...more }, input),
    async submit(text, wishes = {}) {
      const body = {
        work: { kind: "command", command: { kind: "shell", text } },
        cwd: folder,
        environment: { PATH: environment.PATH },
        ...wishes,
      } satisfies SubmissionInput;
      return (await client.call("submit", { body })).job;
    },
    job: async (id) => (await client.call("showJob", { params: { job: id } })).job,
    run: async (id) => (await show(id)).run,
    attempts: async (id) => (await show(id)).attempts,
    async output(id, stream = "out") {
      const [job, n = "1"] = String(id).split(".");
      const path = `/api/v1/jobs/${job}/runs/${n}/output?stream=${stream}`;
      const answer = await request("GET", path, { authorization: `Bearer ${token()}` });
      if (answer.status !== 200) throw new Error(`no output of ${id}: ${answer.body.toString("utf8")}`);
      return answer.body.toString("utf8");
    },
    reaches: (id, status) =>
      until(async () => {
        const run = await yard.run(id);
        if (run.status === status) return run;
        if (hasEnded(run.status)) throw new Error(`run ${id} is ${run.status} (${run.cause?.text}), not ${status}`);
        return null;
      }, `run ${id} is ${status}`),
    ends: (id) =>
      until(async () => {
        const job = await yard.job(id);
        return job.endedAt === null ? null : job;
      }, `job ${id} has ended`),
    read: (name) => (existsSync(`${folder}/${name}`) ? readFileSync(`${folder}/${name}`, "utf8") : ""),
    spoolOf,
    spooled: () => readdirSync(dirname(dirname(spoolOf("attempt")))).filter((name) => /^\d+\.\d+\./.test(name)),
    launcherOf: (attempt) => {
      const begun = `${spoolOf(attempt)}/begun`;
      return existsSync(begun) ? parseProcessLine(readFileSync(begun, "utf8")) : null;
    },
    start,
    stop,
    killYard: () => kill(yardPid()),
    killAgent: () => kill(agentPid()),
    yardPid,
    agentPid,
    log: () => [yardLog, home.yardLog, home.agentLog].map(tailOf).join("\n"),
  };
  return yard;
}

function leftIn(root: string): FoundProcess[] {
  return processesOf(root).filter(({ command }) => !/^ssh: .* \[mux\]/.test(command));
}

/** In memory where there is room: a yard commits often. */
function roomyPlace(): string {
  try {
    const { bavail, bsize } = statfsSync("/dev/shm");
    return bavail * bsize > ROOMY_BYTES ? "/dev/shm" : tmpdir();
  } catch {
    return tmpdir();
  }
}

function tailOf(path: string): string {
  return existsSync(path) ? readFileSync(path, "utf8").split("\n").slice(-30).join("\n") : "";
}

function runCli(args: string[], cwd: string, env: Record<string, string>, input?: string): Promise<CliAnswer> {
  return new Promise((resolve, reject) => {
    const [node = "", ...words] = runyard;
    const child = spawn(node, [...words, ...args], { cwd, env, stdio: "pipe" });
    child.stdin.end(input);
    const texts = { stdout: "", stderr: "" };
    for (const name of ["stdout", "stderr"] as const) {
      child[name].setEncoding("utf8").on("data", (text: string) => {
        texts[name] += text;
      });
    }
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, ...texts }));
  });
}
