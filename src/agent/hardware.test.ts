import { spawn } from "node:child_process";
import { once } from "node:events";
import { symlinkSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test, vi } from "vitest";
import { aFolder } from "../../test/helpers/a_folder.ts";
import { surveyMachine } from "./hardware.ts";

/** A process of an attempt, as its environment says. */
async function aProcessOf(attempt: string): Promise<number> {
  const child = spawn("sleep", ["640"], { stdio: "ignore", env: { ...process.env, RUNYARD_ATTEMPT: attempt } });
  onTestFinished(async () => {
    child.kill("SIGKILL");
    await once(child, "exit");
  });
  await once(child, "spawn");
  return child.pid ?? 0;
}

/** What `tool` finds on two GPUs that are in use by these. */
async function survey(tool: "nvidia-smi" | "amd-smi", processes: { pid: number; used_mib: number }[][]) {
  const folder = await aFolder();
  symlinkSync(fileURLToPath(new URL(`../../test/testbed/${tool}`, import.meta.url)), `${folder}/${tool}`);
  const gpus = processes.map((list) => ({
    used_mib: 8000,
    percent: 50,
    processes: list.map((process) => ({ ...process, name: "python3" })),
  }));
  writeFileSync(`${folder}/gpus.json`, JSON.stringify({ gpus }));
  vi.stubEnv("PATH", `${folder}:${process.env["PATH"]}`);
  onTestFinished(() => void vi.unstubAllEnvs());
  const isOurs = (attempt: string) => attempt.startsWith("1.");
  return surveyMachine({ visible: null, yardId: "yard1", isOurs, blocked: null, before: [] });
}

const MIB = 1024 ** 2;

test("what runs of ours hold of GPUs is told by attempt, and they are nobody else's use", async () => {
  const [one, child, other] = [await aProcessOf("1.1.1-a"), await aProcessOf("1.1.1-a"), await aProcessOf("9.1.1-z")];
  const { hardware, gpuMemory } = await survey("nvidia-smi", [
    [{ pid: one, used_mib: 300 }],
    [
      { pid: one, used_mib: 300 },
      { pid: child, used_mib: 20 },
      { pid: other, used_mib: 7 },
    ],
  ]);
  expect(gpuMemory).toEqual(new Map([["1.1.1-a", 620 * MIB]]));
  expect(hardware.gpus.map(({ others }) => others.map(({ pid }) => pid))).toEqual([[], [other]]);
});

test("AMD's tools tell at every GPU of a process all that it holds: that counts once", async () => {
  const one = await aProcessOf("1.1.1-a");
  const { gpuMemory } = await survey("amd-smi", [[{ pid: one, used_mib: 300 }], [{ pid: one, used_mib: 300 }]]);
  expect(gpuMemory).toEqual(new Map([["1.1.1-a", 300 * MIB]]));
});
