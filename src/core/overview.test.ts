import { expect, test } from "vitest";
import { type ClusterNode, type QueueShare, roomOf } from "./overview.ts";

function aNode(name: string, facts: Partial<ClusterNode> = {}): ClusterNode {
  return {
    name,
    partitions: ["gpu"],
    state: "idle",
    cpus: 8,
    cpusUsed: 0,
    memoryBytes: 1024,
    memoryUsedBytes: 0,
    gpus: [{ type: "a100", total: 4, used: 0 }],
    reason: null,
    ...facts,
  };
}

function waiting(reasons: Record<string, number>, partition = "gpu"): QueueShare {
  const pending = Object.values(reasons).reduce((sum, count) => sum + count, 0);
  return { partition, user: "ada", running: 1, pending, gpusRunning: 1, gpusPending: pending, reasons };
}

test("room is where GPUs are free on nodes that take jobs, most first", () => {
  const nodes = [
    aNode("half", { state: "mixed", gpus: [{ type: "a100", total: 4, used: 2 }] }),
    aNode("free"),
    aNode("asleep", { state: "idle+cloud+powered_down", gpus: [{ type: null, total: 1, used: 0 }] }),
    ...["idle+drain", "down*", "idle*", "idle+maint", "idle+reserved", "mixed+powering_down", "unknown"].map((state) =>
      aNode(state, { state }),
    ),
    aNode("no core left", { cpusUsed: 8 }),
    aNode("no memory left", { memoryUsedBytes: 1024 }),
  ];
  expect(roomOf({ nodes, queue: [] }, null)).toEqual({
    of: "GPU",
    free: 7,
    total: 4 + 4 + 1 + 9 * 4,
    nodes: [
      { name: "free", free: 4 },
      { name: "half", free: 2 },
      { name: "asleep", free: 1 },
    ],
    ahead: 0,
  });
});

test("without GPUs, room is cores; of a partition, only there", () => {
  const nodes = [
    aNode("cpu1", { partitions: ["cpu", "long"], gpus: [], cpusUsed: 3 }),
    aNode("gpu1"),
    aNode("untold", { partitions: ["cpu"], gpus: [], memoryBytes: 0 }),
  ];
  const { of, free, total } = roomOf({ nodes, queue: [] }, "cpu");
  expect({ of, free, total }).toEqual({ of: "core", free: 13, total: 16 });
});

test("who is held, or waits for something else than room, is not ahead", () => {
  const queue = [
    waiting({ Resources: 3, Priority: 4, JobHeldUser: 5, Dependency: 6, BeginTime: 1, JobArrayTaskLimit: 90 }),
    waiting({ Priority: 2 }, "long,gpu"),
    waiting({ Priority: 1000 }, "cpu"),
  ];
  expect(roomOf({ nodes: [], queue }, "gpu").ahead).toBe(9);
});
