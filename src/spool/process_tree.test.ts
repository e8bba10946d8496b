import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import {
  environmentMarks,
  identify,
  isAlive,
  listProcesses,
  type ProcessIdentity,
  processName,
  readProcess,
} from "../platform/processes.ts";
import { endTree, findTree, type TreeRoot } from "./process_tree.ts";
import { sortIntoTrees } from "./tree_members.ts";

let attempts = 0;

interface Started {
  root: TreeRoot;
  /** A folder for what the command tells; `$T` in its script. */
  folder: string;
  /** The pid that the command wrote to a file of that name, once it has. */
  pidIn(name: string): Promise<number>;
}

/**
 * Starts a launcher with a command under it as the spool does: a session of its own, the mark in the command's environment.
 * `afterMs`: how much older the launcher is.
 */
async function start(script: string, { afterMs = 0 } = {}): Promise<Started> {
  attempts += 1;
  const attempt = `1.${attempts}.1-tree${process.pid}`;
  const folder = mkdtempSync(join(tmpdir(), "runyard-tree-"));
  // The launcher waits for its command, and stays until it is killed.
  const launch = `sleep ${afterMs / 1000}; env -i PATH="$PATH" T="$T" RUNYARD_ATTEMPT="$A" /bin/sh -c "$S" & echo $! > "$T/.command"; wait; exec sleep 600`;
  const child = spawn("/bin/sh", ["-c", launch], {
    detached: true,
    stdio: "ignore",
    env: { PATH: process.env["PATH"] ?? "", RUNYARD_OWN: "1", T: folder, A: attempt, S: script },
  });
  const command = await pidWrittenTo(join(folder, ".command"));
  const root = { attempt, launcher: identify(child.pid ?? 0), command: identify(command) };
  onTestFinished(async () => {
    await endTree([root], { graceMs: 0 });
    if (root.launcher !== null) child.kill("SIGKILL");
    for (const name of ["outsider", "nested"])
      if (existsSync(join(folder, name))) killQuietly(Number(readFileSync(join(folder, name), "utf8")));
    rmSync(folder, { recursive: true });
  });
  return { root, folder, pidIn: (name) => pidWrittenTo(join(folder, name)) };
}

async function pidWrittenTo(path: string): Promise<number> {
  await expect.poll(() => existsSync(path) && readFileSync(path, "utf8").endsWith("\n"), { interval: 5 }).toBe(true);
  return Number(readFileSync(path, "utf8"));
}

function killQuietly(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It is gone.
  }
}

function pidsOf({ root }: Started): number[] {
  return (findTree([root]).get(root.attempt) ?? []).map(({ pid }) => pid);
}

/** Until init is its parent, and it has become `sleep` altogether: the name changes before the environment can be read. */
async function reparented(pid: number): Promise<void> {
  const bystander = () => listProcesses().find((entry) => entry.pid === pid)?.ppid;
  const isExecuting = () => environmentMarks(pid, []) === "executing";
  await expect.poll(() => [bystander(), processName(pid), isExecuting()], { interval: 5 }).toEqual([1, "sleep", false]);
}

const asDaemon = (name: string, prefix = "") => `(${prefix} /bin/sh -c 'echo $$ > "$T/${name}"; exec sleep 601' &)`;

test("the command, its children and what they left to init with a session of its own are found", async () => {
  const run = await start(`${asDaemon("daemon", "setsid")}; sleep 602 & echo $! > "$T/child"; wait`);
  const daemon = await run.pidIn("daemon");
  const child = await run.pidIn("child");
  await reparented(daemon);
  await expect.poll(() => processName(child)).toBe("sleep");
  expect(pidsOf(run).sort()).toEqual([run.root.command?.pid ?? 0, child, daemon].sort());
});

test("an orphan that dropped its environment is found by the launcher's session", async () => {
  const run = await start(asDaemon("orphan", 'env -i T="$T"'));
  const orphan = await run.pidIn("orphan");
  await reparented(orphan);
  expect(pidsOf(run)).toEqual([orphan]);
});

test("an orphan is found by the session of a launcher that is older than its command, when the command has ended", async () => {
  const run = await start(asDaemon("orphan", 'env -i T="$T"'), { afterMs: 50 });
  const orphan = await run.pidIn("orphan");
  await reparented(orphan);
  await expect.poll(() => identify(run.root.command?.pid ?? 0)).toBeNull();
  expect(pidsOf(run)).toEqual([orphan]);
});

test("what left session, parent and environment behind is not guessed at", async () => {
  const run = await start(asDaemon("outsider", 'setsid env -i T="$T"'));
  await reparented(await run.pidIn("outsider"));
  expect(pidsOf(run)).toEqual([]);
});

test("Runyard's own processes started from inside a run stay out, with all they started", async () => {
  const nested = `RUNYARD_OWN=1 /bin/sh -c 'echo $$ > "$T/nested"; env -u RUNYARD_OWN -u RUNYARD_ATTEMPT sleep 603 & echo $! > "$T/outsider"; wait'`;
  const run = await start(`${nested} & wait`);
  await run.pidIn("nested");
  await run.pidIn("outsider");
  expect(pidsOf(run)).toEqual([run.root.command?.pid]);
});

test("a run of another yard inside a run is not the outer one's", async () => {
  const run = await start(`RUNYARD_ATTEMPT=7.1.1-another setsid sleep 604 & echo $! > "$T/nested"; wait`);
  const nested = await run.pidIn("nested");
  await expect.poll(() => processName(nested)).toBe("sleep");
  expect(pidsOf(run)).toEqual([run.root.command?.pid]);
});

test("a pid that is another process by now leads nowhere", async () => {
  const run = await start("env -u RUNYARD_ATTEMPT sleep 605 & wait");
  const used = (identity: ProcessIdentity | null) => identity && { ...identity, startTicks: identity.startTicks - 100 };
  const unmarked = { attempt: "1.1.1-unmarked", launcher: used(run.root.launcher), command: used(run.root.command) };
  expect(findTree([unmarked]).size).toBe(0);
  const byMark = () => findTree([{ ...run.root, launcher: null, command: null }]).size;
  // The command is not marked before it has become the shell that it is to be.
  await expect.poll(byMark, { interval: 5 }).toBe(1);
});

test("processes of another boot are never looked for", async () => {
  const run = await start("sleep 606 & wait");
  const earlier = (identity: ProcessIdentity | null) => identity && { ...identity, bootId: "the boot before" };
  const root = { ...run.root, launcher: earlier(run.root.launcher), command: earlier(run.root.command) };
  expect(findTree([root]).size).toBe(0);
});

test("many attempts are told apart in one look", async () => {
  const runs = await Promise.all(Array.from({ length: 20 }, () => start("setsid sleep 607 & wait")));
  const roots = runs.map((run) => run.root);
  await expect.poll(() => [...findTree(roots).values()].map((members) => members.length)).toEqual(roots.map(() => 2));
  for (const root of roots) expect(findTree(roots).get(root.attempt)).toEqual(findTree([root]).get(root.attempt));
  expect((await endTree(roots, { graceMs: 5000 })).size).toBe(0);
  expect(findTree(roots).size).toBe(0);
  expect(roots.every((root) => root.launcher !== null && isAlive(root.launcher))).toBe(true);
});

test("a tree gets SIGTERM first, and what obeys is not killed", async () => {
  const run = await start(
    `trap 'echo told > "$T/told"; exit 0' TERM; echo $$ > "$T/ready"; for i in $(seq 200); do sleep 0.05; done`,
  );
  await run.pidIn("ready");
  expect((await endTree([run.root], { graceMs: 10_000 })).size).toBe(0);
  expect(readFileSync(join(run.folder, "told"), "utf8")).toBe("told\n");
});

test("what ignores SIGTERM is killed when the grace is over, also a daemon with a session of its own", async () => {
  const run = await start(`trap '' TERM; ${asDaemon("daemon", "setsid")}; exec sleep 611`);
  const daemon = identify(await run.pidIn("daemon"));
  const startedAt = performance.now();
  expect((await endTree([run.root], { graceMs: 300 })).size).toBe(0);
  expect(performance.now() - startedAt).toBeGreaterThan(299);
  expect(daemon && isAlive(daemon)).toBe(false);
});

test("a stopped process is told too", async () => {
  const run = await start(
    `trap 'echo told > "$T/told"; exit 0' TERM; echo $$ > "$T/ready"; for i in $(seq 200); do sleep 0.05; done`,
  );
  process.kill(await run.pidIn("ready"), "SIGSTOP");
  expect((await endTree([run.root], { graceMs: 10_000 })).size).toBe(0);
  expect(existsSync(join(run.folder, "told"))).toBe(true);
});

test("a tree that grows while it is ended is ended all the same", async () => {
  const grow = `trap '' TERM; grow() { setsid /bin/sh -c "trap '' TERM; $G" & sleep 0.03; }; `;
  const run = await start(
    `G='sleep 0.02; setsid sleep 608 & sleep 0.02'; export G; ${grow} echo $$ > "$T/ready"; for i in $(seq 100); do grow; done`,
  );
  await run.pidIn("ready");
  expect((await endTree([run.root], { graceMs: 200 })).size).toBe(0);
  expect(findTree([run.root]).size).toBe(0);
});

test("a process that is just becoming a program is found, or the look says that it could not tell", async () => {
  const run = await start(
    `AGAIN='exec sh -c "$AGAIN"'; export AGAIN; setsid -f sh -c 'echo $$ > "$T/ready"; exec sh -c "$AGAIN"'`,
  );
  const pid = await run.pidIn("ready");
  let undecided = 0;
  // On a busy machine it may not get its turn during a thousand looks.
  const patience = performance.now() + 10_000;
  for (let looks = 0; looks < 1000 || (undecided === 0 && performance.now() < patience); looks += 1) {
    const entries = [readProcess(pid)].filter((entry) => entry !== null);
    const { trees, isDecided } = sortIntoTrees(entries, [run.root], { pids: new Set(), forkServer: null }, new Map());
    expect(trees.size === 1).toBe(isDecided);
    if (!isDecided) undecided += 1;
  }
  expect(undecided).toBeGreaterThan(0);
  expect((await endTree([run.root], { graceMs: 100 })).size).toBe(0);
  expect(readProcess(pid)?.state ?? "Z").toBe("Z");
});

test("what is excepted is left alone and stays out of the answer", async () => {
  const run = await start(`sleep 609 & echo $! > "$T/nested"; wait`);
  const excepted = await run.pidIn("nested");
  expect((await endTree([run.root], { graceMs: 0, except: [excepted] })).size).toBe(0);
  expect(identify(excepted)).not.toBeNull();
});

test("what is not gone in time is told with its name", async () => {
  const run = await start("exec sleep 610");
  await expect.poll(() => processName(run.root.command?.pid ?? 0)).toBe("sleep");
  const left = await endTree([run.root], { graceMs: 0, giveUpMs: -1 });
  expect([...left]).toEqual([
    [run.root.attempt, [{ pid: run.root.command?.pid, startTicks: run.root.command?.startTicks, name: "sleep" }]],
  ]);
});

test("a fork server's children are launchers, whatever stands in their environment", async () => {
  const started = await start("exec sleep 600");
  const [command] = pidsOf(started);
  if (command === undefined || started.root.launcher === null) throw new Error("it has started");
  const root = { ...started.root, launcher: null, command: null };
  // Here the launcher stands for the fork server, and the command for a launcher.
  await endTree([root], { graceMs: 0, forkServer: started.root.launcher.pid });
  expect(pidsOf(started)).toEqual([command]);
});
