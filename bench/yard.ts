import { spawn } from "node:child_process";
import { mkdirSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { Job, SubmissionInput } from "../src/api/job.ts";
import { type Client, openClient } from "../src/client/client.ts";
import { readServerEvents, type ServerEvent } from "../src/client/server_events.ts";
import { homeOf, readJsonFile, readToken, type YardAddress } from "../src/platform/home.ts";
import { type HttpAnswer, httpRequest, httpStream } from "../src/platform/http.ts";
import { isAlive, type ProcessIdentity } from "../src/platform/processes.ts";
import type { Stage } from "./stage.ts";

const program = fileURLToPath(new URL("../bin/runyard.js", import.meta.url));

/** The product as users get it: the built program, a yard of its own, its agent. */
export interface BenchYard {
  /** With the administrator's token. */
  client: Client;
  /** A request by hand. */
  get(path: string): Promise<HttpAnswer>;
  /** The live events of a job. */
  events(job: number): AsyncGenerator<ServerEvent>;
  /** A job in the stage's work folder. */
  submit(wishes: Pick<SubmissionInput, "work"> & Partial<SubmissionInput>): Promise<Job>;
  /** Resolves when nothing of the job waits or runs. */
  ended(job: number): Promise<Job>;
  /** Runs `runyard …`, in the stage's work folder unless told otherwise, and resolves with its exit code and output. */
  cli(args: string[], cwd?: string): Promise<{ code: number | null; stdout: string; stderr: string }>;
  /** Started again on the same home; resolves when it answers and its agent is there. */
  start(): Promise<void>;
  stop(): Promise<void>;
  pids(): { yard: number | null; agent: number | null };
}

export interface YardWishes {
  /** As RUNYARD_LAUNCHER. Default: as delivered. */
  launcher?: "native" | "sh";
  /** Null: its GPUs and cores are counted. Default: 8. */
  slots?: number | null;
  /** Flags for the yard's and its agent's Node. */
  nodeFlags?: string[];
  /** Further variables. */
  environment?: Record<string, string>;
}

export async function startYard(stage: Stage, name: string, wishes: YardWishes = {}): Promise<BenchYard> {
  const folder = `${stage.folder}/${name}`;
  const work = `${stage.folder}/work`;
  mkdirSync(folder, { mode: 0o700 });
  const environment = {
    ...stage.environment,
    ...wishes.environment,
    ...(wishes.launcher && { RUNYARD_LAUNCHER: wishes.launcher }),
    RUNYARD_HOME: `${folder}/home`,
  };
  const home = homeOf(environment);
  const pidIn = (path: string) => {
    const note = readJsonFile<ProcessIdentity>(path);
    return note && isAlive(note) ? note.pid : null;
  };
  const pids = () => ({ yard: pidIn(home.address), agent: pidIn(home.agent) });

  function asked(method: string, path: string) {
    const url = readJsonFile<YardAddress>(home.address)?.url ?? "http://127.0.0.1:9";
    return { method, url: `${url}${path}`, headers: { authorization: `Bearer ${readToken(home.adminToken)}` } };
  }

  function request(method: string, path: string, body?: string): Promise<HttpAnswer> {
    return httpRequest({ ...asked(method, path), ...(body !== undefined && { body }) });
  }

  const client = openClient(async ({ method, path, body }) => {
    const answer = await request(method, path, body);
    return { status: answer.status, body: answer.body.toString("utf8") };
  });

  async function start(): Promise<void> {
    const { code, stderr } = await runCli(["up"], folder, environment, wishes.nodeFlags);
    if (code !== 0) throw new Error(`the yard did not start: ${stderr}`);
    while ((await client.call("status").catch(() => null))?.machines.reachable !== 1) await sleep(5);
  }

  await start();
  const { slots: count = 8 } = wishes;
  const slots = count === null ? null : new Array<string>(count).fill("");
  await client.call("setMachine", { params: { machine: "local" }, body: { slots } });

  return {
    client,
    get: (path) => request("GET", path),
    async *events(job) {
      yield* readServerEvents(await httpStream(asked("GET", `/api/v1/events?job=${job}`)));
    },
    async submit(wishes) {
      const body = { cwd: work, environment: stage.environment, ...wishes };
      return (await client.call("submit", { body })).job;
    },
    async ended(id) {
      for (;;) {
        const { job } = await client.call("showJob", { params: { job: id } });
        if (job.endedAt !== null) return job;
        await sleep(50);
      }
    },
    cli: (args, cwd = work) => runCli(args, cwd, environment),
    start,
    async stop() {
      const notes = [home.address, home.agent].map((path) => readJsonFile<ProcessIdentity>(path));
      if (pids().yard === null) return;
      await client.call("stopYard", { body: {} });
      while (notes.some((note) => note && isAlive(note))) await sleep(10);
    },
    pids,
  };
}

function runCli(args: string[], cwd: string, env: Record<string, string>, nodeFlags: string[] = []) {
  return new Promise<{ code: number | null; stdout: string; stderr: string }>((resolve, reject) => {
    const child = spawn(process.execPath, [...nodeFlags, program, ...args], {
      cwd,
      env,
      stdio: ["ignore", "pipe", "pipe"],
    });
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
