import { expect, test } from "vitest";
import { aYard } from "./a_yard.ts";
import { isRunning, killNow, processesOf } from "./processes_of.ts";
import { until } from "./until.ts";

test("whatever carries a test's path is found, and nothing else", async () => {
  const yard = await aYard();
  await yard.submit("echo $$ > pid; setsid sleep 60 & echo $! >> pid; exec sleep 60");
  const pids = await until(() => {
    const lines = yard.read("pid").trim().split("\n").map(Number);
    return lines.length === 2 && lines;
  }, "the run has started");
  const found = processesOf(yard.home.slice(0, yard.home.lastIndexOf("/"))).map(({ pid }) => pid);
  const launcher = yard.launcherOf((await yard.attempts(1))[0]?.id ?? "");
  for (const pid of [yard.yardPid(), yard.agentPid(), launcher?.pid, ...pids]) expect(found).toContain(pid);
  expect(found).not.toContain(process.pid);
});

test("a wait that comes to nothing says for what", async () => {
  await expect(until(() => false, "pigs fly", 30)).rejects.toThrow("it never came to be that pigs fly (waited 30 ms)");
  expect(await until(() => Promise.resolve(0), "a number is there")).toBe(0);
});

test("a process that is killed is no longer running", async () => {
  const yard = await aYard();
  const agent = yard.agentPid() ?? 0;
  expect(isRunning(agent)).toBe(true);
  expect(killNow(agent)).toBe(true);
  await until(() => !isRunning(agent), "it is gone");
  await until(() => yard.agentPid() !== null, "there is another");
});
