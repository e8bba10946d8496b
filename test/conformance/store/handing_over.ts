import { expect, test } from "vitest";
import type { AttemptId } from "../../../src/core/run.ts";
import { selectAttempt, selectAttemptsOfRun, setTickets } from "../../../src/store/attempts.ts";
import { ensureMachine, selectMachines } from "../../../src/store/machines.ts";
import { recordStarts } from "../../../src/store/reports.ts";
import { selectRun } from "../../../src/store/runs.ts";
import { aStore, NOW } from "./a_store.ts";
import type { Kind } from "./place.ts";

/** What is kept of attempts in a cluster's queue. */
export function handingOver(kind: Kind): void {
  test("a cluster is a machine with a queue of its own, and is told by where it is", async () => {
    const { store } = await aStore(kind);
    const cluster = { conf: "/etc/slurm/slurm.conf", spool: null };
    expect(await store.write((db) => ensureMachine(db, "slurm:gpu", "slurm:gpu", null, cluster))).toBe(true);
    const machine = (await selectMachines(store.read)).find(({ name }) => name === "slurm:gpu");
    expect(machine).toMatchObject({ driver: "slurm", cluster, hasQueue: true, login: null });
  });

  test("tickets are kept, those of unknown attempts passed over, and the later one counts", async () => {
    const yard = await aStore(kind);
    const { store } = yard;
    const [attempt] = await yard.assign(await yard.submit());
    const id = attempt?.id as AttemptId;
    expect(await selectAttempt(store.read, id)).toMatchObject({ ticket_json: null });
    const ticket = { batch: "2-ab", task: 4, job: null };
    const tickets = [
      { attempt: id, ticket },
      { attempt: "9.9.9-x", ticket },
    ];
    await store.write((db) => setTickets(db, tickets));
    await store.write((db) => setTickets(db, [{ attempt: id, ticket: { ...ticket, job: 123 } }]));
    expect(JSON.parse((await selectAttempt(store.read, id))?.ticket_json ?? "")).toEqual({ ...ticket, job: 123 });
  });

  test("where it turned out to be is kept with its start, or with its end where that comes first", async () => {
    const yard = await aStore(kind);
    const { store } = yard;
    const job = await yard.submit({ total: 2 });
    const [first, second] = (await yard.assign(job, 2)).map(({ id }) => id);
    if (!first || !second) throw new Error("two runs wait");
    const seat = (gpu: string) => ({
      node: `n${gpu}`,
      slot: JSON.stringify({ devices: gpu, gpus: [gpu], cpus: 1, memoryBytes: 0 }),
    });
    await store.write((db) => recordStarts(db, [{ attempt: first, at: NOW + 1, ...seat("1") }]));
    await yard.end(first);
    await yard.end(second, 0, seat("2"));
    for (const [n, id, gpu] of [
      [1, first, "1"],
      [2, second, "2"],
    ] as const) {
      expect(await selectRun(store.read, job, n)).toMatchObject({ status: "succeeded", machine: `n${gpu}` });
      expect(JSON.parse((await selectAttempt(store.read, id))?.slot_json ?? "")).toMatchObject({ gpus: [gpu] });
    }
  });

  test("what its cluster took back goes on in a new attempt, whatever its code, unless it was cancelled", async () => {
    const yard = await aStore(kind);
    const job = await yard.submit({ total: 2 });
    const [first, second] = (await yard.assign(job, 2)).map(({ id }) => id);
    if (!first || !second) throw new Error("two runs wait");
    await yard.end(first, 0, { isInterrupted: true, timeLimitMs: 60_000 });
    expect(await selectRun(yard.store.read, job, 1)).toMatchObject({ status: "queued", tries: 0, cause_json: null });
    const [again] = await yard.assign(job);
    expect(again).toMatchObject({ n: 1 });
    expect(await selectAttemptsOfRun(yard.store.read, job, 1)).toMatchObject([
      { try: 1, stop_reason: "preempted" },
      { try: 2 },
    ]);
    await yard.store.write((db) =>
      db.updateTable("attempt").set({ stop_reason: "cancelled" }).where("id", "=", second).execute(),
    );
    await yard.end(second, 1, { isInterrupted: true });
    expect(await selectRun(yard.store.read, job, 2)).toMatchObject({ status: "cancelled" });
  });

  test("what somebody has cancelled without the yard is cancelled, with who it was, and is not tried again", async () => {
    const yard = await aStore(kind);
    const job = await yard.submit({ retries: 3 });
    const [attempt] = await yard.assign(job);
    await yard.end(attempt?.id as AttemptId, { kind: "cancelled", by: "ada" });
    expect(await selectRun(yard.store.read, job, 1)).toMatchObject({
      status: "cancelled",
      cause_json: '{"code":"cancelled_there","by":"ada"}',
      exit_code: null,
    });
    expect(await yard.counts(job)).toEqual({ cancelled: 1 });
  });
}
