import { expect, test } from "vitest";
import type { Overview } from "../core/overview.ts";
import { clusterLines } from "./cluster_tables.ts";

const GB = 1024 ** 3;

const usual = { partitions: ["gpu"], cpus: 8, memoryBytes: 4 * GB };
const overview: Overview = {
  nodes: [
    {
      ...usual,
      name: "n1",
      state: "mixed",
      cpusUsed: 1,
      memoryUsedBytes: GB,
      gpus: [
        { type: "a100", total: 2, used: 1 },
        { type: "p40", total: 2, used: 0 },
      ],
      reason: null,
    },
    {
      ...usual,
      name: "n2\x1b[2J",
      state: "idle+drain",
      cpusUsed: 0,
      memoryUsedBytes: 0,
      gpus: [{ type: null, total: 4, used: 0 }],
      reason: "disk\x07 [root@2026-11-26T17:24:32]",
    },
  ],
  queue: [
    {
      partition: "gpu",
      user: "ada\x1b]0;x\x07",
      running: 2,
      pending: 5,
      gpusRunning: 1,
      gpusPending: 9,
      reasons: { JobHeldUser: 2, Priority: 3 },
    },
  ],
};

test("a cluster is told by where there is room, by its nodes and by its queue, and does nothing to a terminal", () => {
  expect(clusterLines(overview, null, null)).toEqual([
    "3 of 8 GPUs are free: n1 3; 3 jobs wait ahead",
    "",
    "NODE  PARTITIONS  STATE       CORES FREE  MEMORY FREE  GPUS FREE          REASON",
    "n1    gpu         mixed              7/8       3.0 GB  a100 1/2, p40 2/2",
    "n2    gpu         idle+drain         8/8       4.0 GB  gpu 4/4            disk [root@2026-11-26T17:24:32]",
    "",
    "PARTITION  USER  RUNNING  ON GPUS  WAITING  FOR GPUS  MOSTLY BECAUSE",
    "gpu        ada         2        1        5         9  Priority (3 of 5)",
  ]);
});

test("where nothing is free and nobody waits, that is said, and an empty queue is left out", () => {
  const [node] = overview.nodes;
  const nodes = node ? [{ ...node, gpus: [{ type: "a100", total: 2, used: 2 }] }] : [];
  const lines = clusterLines({ nodes, queue: [] }, "gpu", 60);
  expect(lines[0]).toBe("No GPU of 2 is free; nobody waits");
  expect(lines).toHaveLength(4);
  expect(lines.every((line) => line.length <= 60)).toBe(true);
});

test("of many nodes with room the first are named", () => {
  const nodes = Array.from({ length: 20 }, (_, i) => ({
    ...usual,
    name: `n${i}`,
    state: "idle",
    reason: null,
    gpus: [],
    cpusUsed: i % 2,
    memoryUsedBytes: 0,
  }));
  expect(clusterLines({ nodes, queue: [] }, null, null)[0]).toBe(
    "150 of 160 cores are free: n0 8, n2 8, n4 8, n6 8, n8 8, n10 8, n12 8, n14 8 and 12 more; nobody waits",
  );
});
