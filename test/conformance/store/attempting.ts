import { expect, test } from "vitest";
import type { AttemptId, JobId } from "../../../src/core/run.ts";
import {
  assignAttempts,
  selectAttempt,
  selectAttempts,
  selectAttemptsOfRun,
  selectMates,
  selectOpenAttempts,
  selectWantedStops,
  takeAttempts,
  wantBack,
  wantStops,
} from "../../../src/store/attempts.ts";
import { takeLease } from "../../../src/store/lease.ts";
import { type RunSpan, selectRun } from "../../../src/store/runs.ts";
import { aStore, MACHINE, NOW, yardsTogether } from "./a_store.ts";
import type { Kind } from "./place.ts";

const slot = { devices: "0,1", gpus: ["0", "1"], cpus: 2, memoryBytes: 3 };

export function attempting(kind: Kind): void {
  test("each waiting run is assigned once, in order, and null says that none is left", async () => {
    const yard = await aStore(kind);
    const [a, b] = [await yard.submit({ total: 3 }), await yard.submit()];
    const { store } = yard;
    const starts = [a, b, a, a, b, a].map((job) => {
      return { job, n: null, resumable: false, workers: [{ machine: MACHINE, slot }], port: null, snapshot: "s" };
    });
    const name = (job: JobId, n: number, attempt: number) => `${job}-${n}-${attempt}` as AttemptId;
    const given = await store.write((db) => assignAttempts(db, store.dialect, starts, 1, name, NOW));
    expect(given.map(([first]) => first?.id ?? null)).toEqual(["1-1-1", "2-1-1", "1-2-1", "1-3-1", null, null]);
    expect(await yard.assign(a)).toEqual([]);
    expect(await yard.counts(a)).toEqual({ running: 3 });
    expect(await yard.statuses(a)).toEqual(["starting", "starting", "starting"]);
    expect(await selectAttempt(store.read, "1-1-1" as AttemptId)).toMatchObject({
      job_id: a,
      n: 1,
      try: 1,
      machine_id: MACHINE,
      epoch: 1,
      status: "assigned",
      slot_json: JSON.stringify(slot),
      snapshot: "s",
      previous_id: null,
      assigned_at: NOW,
    });
    expect(await selectRun(store.read, a, 1)).toMatchObject({ attempt_id: "1-1-1", attempts: 1, machine: "lab1" });
  });

  test("runs that have no row yet are assigned too", async () => {
    const yard = await aStore(kind);
    const id = await yard.submit({ total: 2400 });
    expect(await yard.assign(id, 900)).toHaveLength(900);
    expect((await yard.assign(id, 1300)).map((attempt) => attempt.n)).toEqual(
      Array.from({ length: 1300 }, (_, i) => 901 + i),
    );
    expect(await yard.assign(id, 300)).toHaveLength(200);
    expect(await yard.counts(id)).toEqual({ running: 2400 });
  });

  test("a range that was cancelled before it was made does not hide the runs behind it", async () => {
    const yard = await aStore(kind);
    const id = await yard.submit({ total: 9000 });
    await yard.cancel(id, { first: 2, last: 8990 });
    expect((await yard.assign(id, 3)).map((attempt) => attempt.n)).toEqual([1, 8991, 8992]);
  });

  test("a yard that no longer leads assigns nothing", async () => {
    const yard = await aStore(kind);
    const { store } = yard;
    const id = await yard.submit();
    for (const holder of ["a", "b"]) await store.write((db) => takeLease(db, store.dialect, holder, true));
    expect(await yard.assign(id)).toEqual([]);
    expect(await yard.counts(id)).toEqual({ queued: 1 });
  });

  test("what is assigned to a machine is taken once, the longest assigned first", async () => {
    const yard = await aStore(kind);
    const id = await yard.submit({ total: 12 });
    const given = (await yard.assign(id, 12)).map((attempt) => attempt.id);
    await yard.assign(await yard.submit(), 1, 2);
    expect(await yard.take(5)).toEqual(given.slice(0, 5));
    expect(await yard.take()).toEqual(given.slice(5));
    expect(await yard.take()).toEqual([]);
    const row = await selectAttempt(yard.store.read, given[0] as AttemptId);
    expect(row).toMatchObject({ status: "taken", agent: "agent" });
  });

  test("workers of one attempt are rows of their own, and end it together", async () => {
    const yard = await aStore(kind);
    const { store } = yard;
    const job = await yard.submit({ total: 2 });
    const name = (job: JobId, n: number, attempt: number) => `${job}-${n}-${attempt}` as AttemptId;
    const place = { machine: MACHINE, slot };
    const starts = [1, 2].map(() => ({
      job,
      n: null,
      resumable: false,
      workers: [place, place],
      port: 20_001,
      snapshot: null,
    }));
    const given = await store.write((db) => assignAttempts(db, store.dialect, starts, 1, name, NOW));
    expect(given.map((workers) => workers.map(({ id }) => id))).toEqual([
      ["1-1-1", "1-1-1.1"],
      ["1-2-1", "1-2-1.1"],
    ]);
    expect(await yard.take()).toEqual(given.flat().map(({ id }) => id));
    expect(await selectMates(store.read, ["1-1-1" as AttemptId])).toMatchObject([
      { id: "1-1-1.1", rank: 1, port: 20_001 },
    ]);
    expect(await selectAttemptsOfRun(store.read, job, 1)).toMatchObject([{ id: "1-1-1", rank: 0 }]);
    expect(await store.write((db) => wantBack(db, "all"))).toEqual([]);

    await yard.start("1-1-1.1" as AttemptId, "1-2-1" as AttemptId);
    expect(await yard.statuses(job)).toEqual(["running", "running"]);
    expect((await yard.end("1-1-1.1" as AttemptId, 0)).stopping).toEqual([]);
    expect(await yard.statuses(job)).toEqual(["running", "running"]);
    await yard.end("1-1-1" as AttemptId, 0);
    expect(await yard.statuses(job)).toEqual(["succeeded", "running"]);

    expect((await yard.end("1-2-1" as AttemptId, 3)).stopping).toEqual([MACHINE]);
    expect(await selectWantedStops(store.read, MACHINE)).toMatchObject([
      { id: "1-2-1.1", stop_reason: "worker_ended" },
    ]);
    expect(await yard.statuses(job)).toEqual(["succeeded", "running"]);
    await yard.end("1-2-1.1" as AttemptId, 143);
    expect(await selectRun(store.read, job, 2)).toMatchObject({ status: "failed", exit_code: 3, attempts: 1 });
    expect(await yard.counts(job)).toEqual({ succeeded: 1, failed: 1 });
  });

  test("what is assigned at one instant is taken by priority, then as it was submitted", async () => {
    const yard = await aStore(kind);
    const [low, first, high, second] = [
      await yard.submit({ priority: 5 }),
      await yard.submit({ total: 2 }),
      await yard.submit({ priority: 50 }),
      await yard.submit(),
    ];
    const given = new Map<JobId, string[]>();
    for (const job of [low, second, first, high])
      given.set(
        job,
        (await yard.assign(job, 2)).map(({ id }) => id),
      );
    const inOrder = [high, first, second, low].flatMap((job) => given.get(job) ?? []);
    expect(await yard.take(2)).toEqual(inOrder.slice(0, 2));
    expect(await yard.take()).toEqual(inOrder.slice(2));
  });

  test("of fifty that ask at once for each attempt one wins", { timeout: 30_000 }, async () => {
    const yards = await yardsTogether(kind);
    const [yard] = yards;
    const given = await yard.assign(await yard.submit({ total: 40 }), 40);
    const askers = Array.from({ length: 50 }, (_, i) => ({
      store: (yards[i % yards.length] ?? yard).store,
      agent: `agent${i}`,
    }));
    const taken = await Promise.all(
      askers.map(({ store, agent }) => store.write((db) => takeAttempts(db, MACHINE, agent, 3))),
    );
    const winners = taken.flat();
    expect(winners.map((row) => row.id).sort()).toEqual(given.map((attempt) => attempt.id).sort());
    const kept = await selectAttempts(
      yard.store.read,
      winners.map((row) => row.id),
    );
    const agentOf = new Map(kept.map((row) => [row.id, row.agent]));
    for (const row of winners) expect(agentOf.get(row.id)).toBe(row.agent);
  });

  test("yards that assign at once give each run out once", { timeout: 30_000 }, async () => {
    const yards = await yardsTogether(kind);
    const [yard] = yards;
    const id = await yard.submit({ total: 200 });
    const given = await Promise.all(
      Array.from({ length: 40 }, (_, i) => (yards[i % yards.length] ?? yard).assign(id, 7)),
    );
    const numbers = given.flat().map((attempt) => attempt.n);
    expect(numbers.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 200 }, (_, i) => i + 1));
    expect(await yard.counts(id)).toEqual({ running: 200 });
  });

  test("an attempt is open until it has ended, and a run keeps all of its attempts", async () => {
    const yard = await aStore(kind);
    const id = await yard.submit({ total: 2, retries: 1 });
    const [first] = await yard.assign(id);
    await yard.assign(id, 1, 2);
    const open = async (machine: number | null) =>
      (await selectOpenAttempts(yard.store.read, machine)).map((row) => row.n);
    expect(await open(null)).toEqual([1, 2]);
    expect(await open(2)).toEqual([2]);
    await yard.end(first?.id as AttemptId, 3);
    expect(await open(MACHINE)).toEqual([]);
    const [second] = await yard.assign(id);
    const attempts = await selectAttemptsOfRun(yard.store.read, id, 1);
    expect(attempts.map((row) => [row.try, row.id, row.previous_id])).toEqual([
      [1, first?.id, null],
      [2, second?.id, first?.id],
    ]);
  });

  test("what waits on a machine is asked back, what has begun is not", async () => {
    const yard = await aStore(kind);
    const { store } = yard;
    const id = await yard.submit({ total: 4 });
    const other = await yard.assign(await yard.submit());
    const given = (await yard.assign(id, 4)).map((attempt) => attempt.id);
    const [begun, over, ...waiting] = given as [AttemptId, AttemptId, AttemptId, AttemptId];
    await yard.start(begun);
    await yard.end(over);
    const back = await store.write((db) => wantBack(db, { attempts: [begun, over, waiting[0]] }));
    expect(back.map((row) => row.id)).toEqual([waiting[0]]);
    const rest = await store.write((db) => wantBack(db, { jobs: [id] }));
    expect(rest.map((row) => row.id)).toEqual([waiting[1]]);
    expect((await store.write((db) => wantBack(db, { machine: MACHINE }))).map((row) => row.id)).toEqual(
      other.map((one) => one.id),
    );
  });

  test("a stop is wanted of what runs in the span, and a wish that stands is kept", async () => {
    const yard = await aStore(kind);
    const { store } = yard;
    const id = await yard.submit({ total: 4, resumable: true });
    const [, second] = await yard.assign(id, 4);
    await yard.end((await yard.assign(await yard.submit()))[0]?.id as AttemptId);
    const want = (span: RunSpan, ...why: ["cancelled" | "preempted", number]) =>
      store.write((db) => wantStops(db, [span], ...why));
    const range = { first: 2, last: 2 };
    expect(await want({ job: id, range }, "preempted", 7)).toEqual([{ id: second?.id, machine_id: MACHINE }]);
    expect(await want({ job: id, range }, "preempted", 9)).toEqual([]);
    expect((await selectWantedStops(store.read, MACHINE)).map((row) => row.stop_grace_ms)).toEqual([7]);
    expect(await want({ job: id, range }, "cancelled", 8)).toHaveLength(1);
    const all = { job: id, range: null };
    expect(await want(all, "cancelled", 9)).toHaveLength(3);
    expect(await want(all, "cancelled", 9)).toEqual([]);
    expect(await want(all, "cancelled", 8)).toHaveLength(3);
    expect(await selectWantedStops(store.read, 2)).toEqual([]);
    const stops = await selectWantedStops(store.read, MACHINE);
    expect(stops.map((row) => [row.n, row.stop_reason]).sort()).toEqual([1, 2, 3, 4].map((n) => [n, "cancelled"]));
  });
}
