import { expect, test } from "vitest";
import type { Assignment, Handed } from "../../core/assignment.ts";
import type { Ticket } from "../../core/slurm.ts";
import type { Desk } from "../../dispatch/desk.ts";
import { isLaidOut, openTasks } from "./tasks.ts";

const handed: Handed = {
  plan: { resources: [], options: [], env: "", array: null },
  name: "train",
  demand: { gpus: null, cpus: null, memoryBytes: null },
  resumable: false,
  atMost: null,
  ticket: null,
};

function anAttempt(n: number, { workers = 1, rank = 0, ticket = null as Ticket | null } = {}): Assignment {
  const leader = `1.${n}.1-ab`;
  const gang = workers === 1 ? null : { rank, hosts: new Array<string>(workers).fill("x"), port: 20_000 };
  const attempt = rank === 0 ? leader : `${leader}.${rank}`;
  return { attempt, job: 1, n, gang, handed: { ...handed, ticket } } as unknown as Assignment;
}

/** A store that can be away. */
function aDesk() {
  const kept: Record<string, Ticket> = {};
  const store = { isAway: false };
  const handOver: Desk["handOver"] = async (tickets) => {
    if (store.isAway) throw new Error("the store is away");
    for (const { attempt, ticket } of tickets) kept[attempt] = ticket;
  };
  return { desk: { handOver } as Desk, kept, store };
}

test("nothing is known as a task before its ticket is kept", async () => {
  const { desk, kept, store } = aDesk();
  const tasks = openTasks(desk, 7);
  store.isAway = true;
  await expect(tasks.add([anAttempt(1), anAttempt(2)], 1001)).rejects.toThrow("away");
  expect(tasks.isEmpty()).toBe(true);
  store.isAway = false;
  await tasks.add([anAttempt(1), anAttempt(2)], 1001);
  expect(Object.values(kept)).toMatchObject([
    { task: 1, job: null },
    { task: 2, job: null },
  ]);
  const batch = kept["1.1.1-ab"]?.batch ?? "";
  expect(batch).toMatch(/^7-/);
  expect(tasks.named(batch, 2)?.attempt.attempt).toBe("1.2.1-ab");
});

test("what an earlier yard handed over keeps its ticket, and whether Slurm has it is not sure until an id is known", async () => {
  const { desk, kept } = aDesk();
  const tasks = openTasks(desk, 7);
  const [unsure, sure] = [null, 123].map((job, at) => ({ batch: "7-ab", task: at + 1, job }));
  await tasks.add([anAttempt(1, { ticket: unsure as Ticket }), anAttempt(2, { ticket: sure as Ticket })], 1001);
  expect(kept).toEqual({});
  expect(tasks.of("1.1.1-ab")).toMatchObject({ submittedAt: null, unsureSince: expect.any(Number) });
  expect(tasks.of("1.2.1-ab")).toMatchObject({ submittedAt: 0, unsureSince: null });
});

test("the workers of an attempt are one task, until the last of them is done with", async () => {
  const { desk } = aDesk();
  const tasks = openTasks(desk, 7);
  await tasks.add([anAttempt(1, { workers: 2 }), anAttempt(1, { workers: 2, rank: 1 })], 1001);
  const task = tasks.of("1.1.1-ab.1");
  if (!task) throw new Error("its task is not known");
  expect([...tasks.all()]).toEqual([task]);
  task.laidOut.add("1.1.1-ab");
  expect(isLaidOut(task)).toBe(false);
  task.laidOut.add("1.1.1-ab.1");
  expect(isLaidOut(task)).toBe(true);
  expect(tasks.forget(["1.1.1-ab"])).toEqual([]);
  expect(tasks.forget(["1.1.1-ab.1"])).toEqual([task.ticket.batch]);
  expect(tasks.isEmpty()).toBe(true);
});
