import { randomUUID } from "node:crypto";
import { existsSync, readFileSync, readlinkSync, writeFileSync } from "node:fs";
import { expect, onTestFinished, test } from "vitest";
import { aFolder } from "../../test/helpers/a_folder.ts";
import { isRunning, killNow } from "../../test/helpers/processes_of.ts";
import { until } from "../../test/helpers/until.ts";
import type { Client } from "../client/client.ts";
import type { Assignment, Stop } from "../core/assignment.ts";
import type { Hardware } from "../core/machine.ts";
import type { Report } from "../core/report.ts";
import { isAlive, listProcesses } from "../platform/processes.ts";
import { readProcesses } from "../spool/folder.ts";
import { gpuClaimFolder, listClaims } from "../spool/gpu_claim.ts";
import { type AgentEnd, runAgent } from "./agent.ts";

/** Claims are kept per GPU of this machine: one that is nobody else's. */
const GPU = `test-${process.pid}`;
const SLOTS = ["", GPU];

/** A request of the agent's that waits for the test to answer it. */
interface Asked {
  door: string;
  body: { reports?: Report[]; hardware?: Hardware };
  answer: (answer: unknown) => void;
  fail: (reason: string) => void;
}

/** A real agent whose yard says what the test says, when it says it: what a yard does not do at will. */
async function anAgent(spool?: string) {
  const root = spool ?? (await aFolder());
  const asked: Asked[] = [];
  const ending = new AbortController();
  const call = (door: string, { body }: { body?: unknown } = {}) =>
    new Promise((answer, reject) => {
      const fail = (reason: string) => reject(new Error(reason));
      asked.push({ door, body: (body ?? {}) as Asked["body"], answer, fail });
      ending.signal.addEventListener("abort", () => fail("the test is over"));
    });
  const ended: Promise<AgentEnd> = runAgent({
    machine: "local",
    spool: root,
    snapshots: `${root}/snapshots`,
    connect: () => ({ call }) as unknown as Client,
    isDismissed: () => false,
    visible: "",
    log: () => {},
    ending: ending.signal,
    patienceMs: 0,
  });
  const stop = async () => {
    ending.abort();
    await ended;
  };
  onTestFinished(stop);

  /** The next request at this door. */
  async function next(door: string): Promise<Asked> {
    return until(() => {
      const at = asked.findIndex((one) => one.door === door);
      return at === -1 ? null : asked.splice(at, 1)[0];
    }, `the agent asks at ${door}`);
  }

  async function welcome(attempts: Assignment[]): Promise<void> {
    const hello = await next("hello");
    hello.answer({ yard: "yard1", epoch: 1, slots: SLOTS, hardware: hello.body.hardware, attempts });
  }

  async function assign(...assignments: Assignment[]): Promise<void> {
    (await next("poll")).answer({ assignments, stops: [], slots: SLOTS });
  }

  /** The next report of this kind, its request not answered yet. */
  async function told<Kind extends Report["kind"]>(kind: Kind) {
    for (;;) {
      const { body, answer } = await next("report");
      const report = body.reports?.find((one): one is Extract<Report, { kind: Kind }> => one.kind === kind);
      if (report) return { report, answer };
      answer({ kept: [] });
    }
  }

  return { root, next, welcome, assign, told, stop, folderOf: (attempt: string) => `${root}/yard1/${attempt}/0` };
}

function anAssignment(n: number, text: string, more: Partial<Assignment> = {}): Assignment {
  return {
    attempt: `1.${n}.1-${randomUUID()}`,
    job: 1,
    n,
    try: 1,
    slot: { devices: "", gpus: [], cpus: 0, memoryBytes: 0 },
    command: { kind: "shell", text },
    named: [],
    params: "{}",
    cwd: "/",
    environment: "0123456789",
    umask: "022",
    limits: {},
    gang: null,
    outputs: [],
    keep: false,
    out: null,
    snapshot: null,
    timeLimitMs: null,
    startedAt: null,
    kept: null,
    ...more,
  };
}

test("an attempt whose end is taken in while the yard is greeted is not begun again, though the yard still names it", async () => {
  const agent = await anAgent();
  const [first, second] = [1, 2].map((n) => anAssignment(n, `echo once >> ${agent.root}/count${n}`));
  if (!first || !second) throw new Error("there are two");
  await agent.welcome([]);
  await agent.assign(first);
  (await agent.next("environment")).answer({ variables: {} });
  const end = await agent.told("ended");
  (await agent.next("poll")).fail("connection reset");
  const hello = await agent.next("hello");
  end.answer({ kept: [first.attempt] });
  await until(() => !existsSync(agent.folderOf(first.attempt)), "the spool is gone");
  hello.answer({ yard: "yard1", epoch: 1, slots: SLOTS, hardware: hello.body.hardware, attempts: [first] });
  await agent.assign(second);
  expect((await agent.told("ended")).report.attempt).toBe(second.attempt);
  expect(readFileSync(`${agent.root}/count1`, "utf8")).toBe("once\n");
});

test("a yard that cannot be asked for the environment now is no failure of the run: it goes back to the queue", async () => {
  const agent = await anAgent();
  await agent.welcome([]);
  const assignment = anAssignment(1, "true");
  await agent.assign(assignment);
  (await agent.next("environment")).fail("connection refused");
  const { report } = await agent.told("ended");
  expect(report).toMatchObject({ attempt: assignment.attempt, ending: { kind: "never_began" } });
});

test("what the yard knows to have begun is lost where its folder is gone and nothing of it lives, and not begun again", async () => {
  const agent = await anAgent();
  const startedAt = Date.now() - 60_000;
  await agent.welcome([anAssignment(1, `echo again >> ${agent.root}/count`, { startedAt })]);
  const { report } = await agent.told("ended");
  expect(report).toMatchObject({ startedAt, ending: { kind: "lost", detail: expect.stringMatching(/spool/) } });
  expect(existsSync(`${agent.root}/count`)).toBe(false);
});

test("a stop that comes while a run is laid out leaves it unbegun, and its GPU free", async () => {
  const agent = await anAgent();
  const slot = { devices: GPU, gpus: [GPU], cpus: 0, memoryBytes: 0 };
  await agent.welcome([]);
  const [first, second] = [anAssignment(1, `echo begun >> ${agent.root}/count`, { slot }), anAssignment(2, "true")];
  await agent.assign(first);
  const environment = await agent.next("environment");
  const stop: Stop = { attempt: first.attempt, reason: "cancelled", graceMs: 0 };
  (await agent.next("poll")).answer({ assignments: [], stops: [stop], slots: SLOTS });
  const end = await agent.told("ended");
  expect(end.report.ending).toEqual({ kind: "never_began" });
  end.answer({ kept: [] });
  environment.answer({ variables: {} });
  await agent.assign(second);
  expect((await agent.told("ended")).report.attempt).toBe(second.attempt);
  expect(listClaims(gpuClaimFolder()).filter(({ gpu }) => gpu.includes(GPU))).toEqual([]);
  expect(existsSync(`${agent.root}/count`)).toBe(false);
});

test("a launcher that comes late to what its killed agent gave it finds nothing to begin", async () => {
  const root = await aFolder();
  process.env["RUNYARD_STOP_AT"] = "before-begun";
  const held = await anAgent(root);
  const assignment = anAssignment(1, `echo once >> ${root}/count`);
  await held.welcome([]);
  await held.assign(assignment);
  (await held.next("environment")).answer({ variables: {} });
  const folder = held.folderOf(assignment.attempt);
  const launcher = await until(() => stoppedIn(folder), "its launcher has come to its folder");
  onTestFinished(() => void killNow(launcher));
  await held.stop();
  delete process.env["RUNYARD_STOP_AT"];

  const agent = await anAgent(root);
  const hello = await agent.next("hello");
  const { hardware } = hello.body;
  hello.answer({ yard: "yard1", epoch: 1, slots: [], hardware, attempts: [assignment] });
  const poll = await agent.next("poll");
  process.kill(launcher, "SIGCONT");
  await until(() => !isRunning(launcher), "the late launcher has left");
  const stop: Stop = { attempt: assignment.attempt, reason: "withdrawn", graceMs: 0 };
  poll.answer({ assignments: [], stops: [stop], slots: [] });
  expect((await agent.told("ended")).report.ending).toEqual({ kind: "never_began" });
  expect(existsSync(`${root}/count`)).toBe(false);
});

/** A process that stands still in this folder. */
function stoppedIn(folder: string): number | null {
  const stopped = listProcesses().filter(({ state }) => state === "T");
  return stopped.find(({ pid }) => readlinkSync(`/proc/${pid}/cwd`) === folder)?.pid ?? null;
}

test("a command that began while no agent listened is told of as started", async () => {
  process.env["RUNYARD_STOP_AT"] = "begun-exec";
  const before = await anAgent();
  await before.welcome([]);
  const assignment = anAssignment(1, `until [ -e ${before.root}/go ]; do sleep 0.02; done`);
  await before.assign(assignment);
  (await before.next("environment")).answer({ variables: {} });
  const folder = before.folderOf(assignment.attempt);
  const launcher = await until(() => readProcesses(folder).launcher, "its launcher has signed");
  onTestFinished(() => void killNow(launcher.pid));
  await before.stop();
  delete process.env["RUNYARD_STOP_AT"];

  const agent = await anAgent(before.root);
  await agent.welcome([assignment]);
  await agent.next("poll");
  process.kill(launcher.pid, "SIGCONT");
  const command = await until(() => readProcesses(folder).command, "its command has signed");
  onTestFinished(() => void killNow(command.pid));
  expect((await agent.told("started")).report).toMatchObject({ attempt: assignment.attempt, pid: command.pid });
  writeFileSync(`${before.root}/go`, "");
  await until(() => !isAlive(launcher), "its launcher is done");
});
