import { hostname, totalmem } from "node:os";
import { expect, test } from "vitest";
import { memoryLimitBytes, surveyHost } from "./hardware.ts";

const reading = (files: Record<string, string>) => (path: string) => files[path] ?? null;
const GIB = 1024 ** 3;

test("this machine has a name, cores and memory", () => {
  const host = surveyHost();
  expect(host.hostname).toBe(hostname());
  expect(host.cpus).toBeGreaterThanOrEqual(1);
  expect(host.memoryBytes).toBeGreaterThan(0);
  expect(host.memoryBytes).toBeLessThanOrEqual(totalmem());
  expect(host.bootId).toMatch(/^\S+$/);
});

test("the lowest memory limit above a process counts, not only its own group's", () => {
  const files = {
    "/proc/self/cgroup": "0::/user.slice/user-1000.slice/session-2.scope\n",
    "/sys/fs/cgroup/user.slice/user-1000.slice/session-2.scope/memory.max": "max\n",
    "/sys/fs/cgroup/user.slice/user-1000.slice/memory.max": `${8 * GIB}\n`,
    "/sys/fs/cgroup/user.slice/memory.max": `${16 * GIB}\n`,
  };
  expect(memoryLimitBytes(reading(files))).toBe(8 * GIB);
});

test("a container that sees its group as the root has that group's limit", () => {
  expect(
    memoryLimitBytes(reading({ "/proc/self/cgroup": "0::/\n", "/sys/fs/cgroup/memory.max": `${2 * GIB}\n` })),
  ).toBe(2 * GIB);
});

test("cgroup v1 is read too, and its huge number means no limit", () => {
  const v1 = { "/proc/self/cgroup": "4:memory:/job_7\n1:cpu,cpuacct:/\n0::/\n" };
  const limit = "/sys/fs/cgroup/memory/job_7/memory.limit_in_bytes";
  expect(memoryLimitBytes(reading({ ...v1, [limit]: `${4 * GIB}\n` }))).toBe(4 * GIB);
  expect(memoryLimitBytes(reading({ ...v1, [limit]: "9223372036854771712\n" }))).toBeNull();
  expect(memoryLimitBytes(reading({}))).toBeNull();
});
