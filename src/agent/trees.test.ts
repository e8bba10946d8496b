import { spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { expect, onTestFinished, test } from "vitest";
import { aFolder } from "../../test/helpers/a_folder.ts";
import { until } from "../../test/helpers/until.ts";
import { formatProcessLine, identify, listProcesses, readProcess } from "../platform/processes.ts";
import type { LauncherImplementation } from "../spool/launcher.ts";
import { workerFolder } from "../spool/layout.ts";
import { openTrees } from "./trees.ts";

test.each<[LauncherImplementation, string]>([
  ["native", "is ended with the attempt that the launcher has begun"],
  ["sh", "is left alone: the launcher may have begun another meanwhile"],
])("a launcher is %s: a child of it that carries no mark %s", async (implementation) => {
  const launcher = spawn("/bin/sh", ["-c", "sleep 600 & wait; exec sleep 600"], {
    detached: true,
    stdio: "ignore",
    env: {},
  });
  const childOf = (pid?: number) => listProcesses().find(({ ppid }) => ppid === pid)?.pid;
  onTestFinished(() => void process.kill(-(launcher.pid ?? 0), "SIGKILL"));
  const child = await until(() => childOf(launcher.pid), "it has a child");

  const spool = { root: await aFolder(), yard: "yard" };
  const identity = identify(launcher.pid ?? 0);
  if (identity === null) throw new Error("the launcher is there");
  mkdirSync(workerFolder(spool, "1.1.1-tree"), { recursive: true });
  writeFileSync(`${workerFolder(spool, "1.1.1-tree")}/begun`, `${formatProcessLine(identity)}\n`);
  const trees = openTrees({ spool, running: () => [], launcher: { implementation, forkServer: () => null } });
  await trees.end(["1.1.1-tree"], 0);
  expect(readProcess(child) !== null).toBe(implementation === "sh");
});
