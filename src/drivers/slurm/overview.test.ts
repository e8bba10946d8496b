import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import type { Overview } from "../../core/overview.ts";
import { readOverview } from "./overview.ts";

function recorded(version: string): string {
  return readFileSync(new URL(`../../../test/data/slurm/overview_${version}.txt`, import.meta.url), "utf8");
}

function read(text: string): Overview {
  const overview = readOverview(text);
  if (!overview.ok) throw new Error(overview.problem);
  return overview.value;
}

const GB = 1024 ** 3;

test("nodes are told with what they have and what is given away, a drained one with its reason", () => {
  const usual = { partitions: ["gpu"], cpus: 8, memoryBytes: 4 * GB, memoryUsedBytes: 0 };
  expect(read(recorded("22.05")).nodes).toEqual([
    {
      ...usual,
      name: "n1",
      state: "mixed+drain",
      cpusUsed: 1,
      gpus: [{ type: "fake", total: 4, used: 1 }],
      reason: "disk = full, State=x [root@2026-11-26T17:30:22]",
    },
    {
      ...usual,
      name: "n2",
      state: "mixed",
      cpusUsed: 4,
      gpus: [{ type: "fake", total: 4, used: 4 }],
      reason: null,
    },
  ]);
});

test("the queue counts each user's jobs, their GPUs however they ask for them, and why they wait", () => {
  expect(read(recorded("22.05")).queue).toEqual([
    {
      partition: "gpu",
      user: "root",
      running: 5,
      pending: 104,
      gpusRunning: 5,
      gpusPending: 400 + 1 + 2 + 2 + 2,
      reasons: { "Nodes required for job are DOWN": 100, ReqNodeNotAvail: 1, Resources: 1, JobHeldUser: 2 },
    },
    {
      partition: "gpu",
      user: "nobody",
      running: 0,
      pending: 1,
      gpusRunning: 0,
      gpusPending: 3,
      reasons: { Priority: 1 },
    },
  ]);
});

test("what 24.11 tells besides does not matter: types, specialised cores, nodes in a cloud, remarks", () => {
  const { nodes } = read(recorded("24.11"));
  expect(nodes.map(({ name, state, cpus, gpus }) => ({ name, state, cpus, gpus }))).toEqual([
    {
      name: "gpu-a01",
      state: "mixed+planned",
      cpus: 62,
      gpus: [
        { type: "a100", total: 4, used: 3 },
        { type: "a100_3g.20gb", total: 2, used: 0 },
      ],
    },
    { name: "gpu-b01", state: "idle+cloud+powered_down", cpus: 32, gpus: [{ type: "h100", total: 8, used: 0 }] },
    { name: "cpu-01", state: "down*+not_responding", cpus: 128, gpus: [] },
  ]);
  expect(nodes.map(({ reason }) => reason)).toEqual([null, null, "Not responding [slurm@2025-03-02T10:00:00]"]);
  expect(nodes[0]?.partitions).toEqual(["gpu", "long"]);
});

test("a site that tracks GPUs tells their sum; one that does not, what was asked for", () => {
  const shares = read(recorded("24.11")).queue.map(
    ({ partition, user, running, pending, gpusRunning, gpusPending }) => ({
      whose: `${user} in ${partition}`,
      jobs: [running, pending],
      gpus: [gpusRunning, gpusPending],
    }),
  );
  expect(shares).toEqual([
    { whose: "bob in cpu", jobs: [1, 0], gpus: [0, 0] },
    { whose: "eve in cpu", jobs: [0, 1], gpus: [0, 0] },
    { whose: "bob in gpu", jobs: [0, 2], gpus: [0, 16] },
    { whose: "ada in gpu", jobs: [1, 0], gpus: [3, 0] },
    { whose: "ada in gpu,long", jobs: [0, 40], gpus: [0, 80] },
  ]);
});

test("a node of which little is told is told as far as it is; without GresUsed the account of its TRES counts", () => {
  const nodes = [
    "NodeName=bare",
    "NodeName=old CPUTot=8 Gres=gpu:a100:2,gpu:p40:4 AllocTRES=cpu=1,gres/gpu=3,gres/gpu:p40=2",
    "NodeName=plain CPUTot=8 Gres=gpu:4 AllocTRES=cpu=1,gres/gpu=3",
  ];
  const [bare, old, plain] = read(["== nodes", ...nodes, "== queue", "== end", ""].join("\n")).nodes;
  expect(bare).toEqual({
    name: "bare",
    partitions: [],
    state: "unknown",
    cpus: 0,
    cpusUsed: 0,
    memoryBytes: 0,
    memoryUsedBytes: 0,
    gpus: [],
    reason: null,
  });
  expect(old?.gpus).toEqual([
    { type: "a100", total: 2, used: 1 },
    { type: "p40", total: 4, used: 2 },
  ]);
  expect(plain?.gpus).toEqual([{ type: null, total: 4, used: 3 }]);
});

test.each([
  [
    "the controller is down",
    "== nodes\nslurm_load_node error: Unable to contact slurm controller (connect failure)\n",
    "slurm_load_node error: Unable to contact slurm controller (connect failure)",
  ],
  [
    "squeue alone fails",
    "== nodes\nNodeName=n1\n== queue\n      1 == failed\n      1 slurm_load_jobs error: Zero Bytes were transmitted\n== end\n",
    "slurm_load_jobs error: Zero Bytes were transmitted",
  ],
  ["there is no Slurm", "== nodes\nsh: 3: scontrol: not found\n", "3: scontrol: not found"],
  ["nothing is said", "", "it gave no reason"],
  [
    "the answer is cut off",
    "== nodes\nNodeName=n1\n== queue\n   1 gpu|ro",
    "Slurm's answer is longer than could be read.",
  ],
])("where %s, Slurm's own words are the problem", (_, text, problem) => {
  expect(readOverview(text)).toEqual({ ok: false, problem });
});

test("a reason may be named like what every object has", () => {
  const job = "1 gpu|ada|PENDING|1|1|N/A|N/A|N/A|N/A|__proto__|";
  const [share] = read(`== nodes\n== queue\n  ${job}\n== end\n`).queue;
  expect(JSON.stringify(share?.reasons)).toBe('{"__proto__":1}');
});

test("5000 nodes and 50,000 jobs, no two alike, are read in a moment", () => {
  const node = recorded("24.11").split("\n")[1] ?? "";
  const nodes = Array.from({ length: 5000 }, (_, i) => node.replace("gpu-a01", `gpu-${i}`));
  const jobs = Array.from({ length: 50_000 }, (_, i) => `      1 p|u${i}|PENDING|1|1|gres/gpu=1|N/A|N/A|N/A|R${i}|`);
  const text = ["== nodes", ...nodes, "== queue", ...jobs, "== end"].join("\n");
  const startedAt = performance.now();
  const { nodes: found, queue } = read(text);
  expect([found.length, queue.length]).toEqual([5000, 50_000]);
  expect(performance.now() - startedAt).toBeLessThan(5000);
});
