import { symlinkSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { aFolder } from "../helpers/a_folder.ts";
import { aYard } from "../helpers/a_yard.ts";
import { until } from "../helpers/until.ts";

const MIB = 1024 ** 2;

/** Holds 60 MiB that two children share, each of which holds 40 MiB of its own; gives all back at `free`, ends at `go`. */
const FAMILY = `
import os, time
def wait(name):
    while not os.path.exists(name): time.sleep(0.02)
held = b"x" * (60 << 20)
children = []
for _ in range(2):
    child = os.fork()
    if child == 0:
        own = b"y" * (40 << 20)
        wait("free")
        os._exit(0)
    children.append(child)
for child in children: os.waitpid(child, 0)
del held
open("freed", "w").close()
wait("go")
`;

test("what all processes of a run hold together is known while it runs, shared memory counted once, and after", async () => {
  const yard = await aYard();
  writeFileSync(`${yard.folder}/family.py`, FAMILY);
  await yard.submit("exec python3 family.py");
  await yard.reaches(1, "running");
  const seen = await until(async () => {
    const { memoryPeakBytes } = await yard.run(1);
    return memoryPeakBytes !== null && memoryPeakBytes > 130 * MIB && memoryPeakBytes;
  }, "the yard knows how much it holds");
  expect(seen).toBeLessThan(190 * MIB);
  writeFileSync(`${yard.folder}/free`, "");
  await until(() => yard.read("freed") === "" || null, "it has given it back");
  const before = yard.agentPid();
  await yard.killAgent();
  await until(() => yard.agentPid() !== null && yard.agentPid() !== before, "there is a new agent");
  writeFileSync(`${yard.folder}/go`, "");
  expect((await yard.reaches(1, "succeeded")).memoryPeakBytes).toBeGreaterThanOrEqual(seen);
  expect((await yard.cli(["show", "1.1"])).stdout).toMatch(/memory +1\d\d MB at its peak/);
});

test("a run too short to be looked at tells by its launcher what it held; the sh launcher does not know", async () => {
  const native = await aYard();
  await native.submit(`exec python3 -c 'x = b"x" * (50 << 20)'`);
  const { memoryPeakBytes, gpuMemoryPeakBytes } = await native.reaches(1, "succeeded");
  expect(memoryPeakBytes).toBeGreaterThan(50 * MIB);
  expect(memoryPeakBytes).toBeLessThan(100 * MIB);
  expect(gpuMemoryPeakBytes).toBe(null);
  const sh = await aYard({ environment: { RUNYARD_LAUNCHER: "sh" } });
  await sh.submit("true");
  expect(await sh.reaches(1, "succeeded")).toMatchObject({ memoryPeakBytes: null, gpuMemoryPeakBytes: null });
});

test("what a run holds of its GPUs is known, all of its processes on all of them together", async () => {
  const folder = await aFolder();
  symlinkSync(fileURLToPath(new URL("../testbed/nvidia-smi", import.meta.url)), `${folder}/nvidia-smi`);
  const uuids = ["a", "b", "broken"].map((name) => `GPU-${process.pid.toString(16)}-${name}`);
  const say = (...used: { pid: number; used_mib: number }[][]) => {
    const gpus = uuids.map((uuid, index) => ({
      uuid,
      processes: (used[index] ?? []).map((process) => ({ ...process, name: "python3" })),
      // While a GPU cannot be used the agent looks more often.
      ...(uuid.endsWith("broken") && { value: "[Unknown Error]" }),
    }));
    writeFileSync(`${folder}/gpus.json`, JSON.stringify({ gpus }));
  };
  say();
  const environment = {
    RUNYARD_TESTBED_GPUS: `${folder}/gpus.json`,
    PATH: `${folder}:${process.env["PATH"] ?? ""}`,
  };
  const yard = await aYard({ environment });
  await yard.submit("sleep 100 & echo $! > child; echo $$ > parent; until [ -e go ]; do sleep 0.02; done", {
    demand: { gpus: 2 },
  });
  const pidIn = (name: string) => until(() => Number(yard.read(name)) || null, `it has said the pid of its ${name}`);
  const [parent, child] = [await pidIn("parent"), await pidIn("child")];
  say(
    [{ pid: parent, used_mib: 300 }],
    [
      { pid: parent, used_mib: 300 },
      { pid: child, used_mib: 50 },
    ],
  );
  await until(async () => (await yard.run(1)).gpuMemoryPeakBytes === 650 * MIB, "the yard knows what it holds");
  say([{ pid: parent, used_mib: 10 }]);
  writeFileSync(`${yard.folder}/go`, "");
  expect((await yard.reaches(1, "succeeded")).gpuMemoryPeakBytes).toBe(650 * MIB);
  expect((await yard.cli(["show", "1.1"])).stdout).toMatch(/GPU memory +650 MB at its peak/);
});
