import { afterEach, beforeEach, expect, onTestFinished, test, vi } from "vitest";
import { aStore, NOW, type Steered } from "../../test/conformance/store/a_store.ts";
import { sqlite } from "../../test/conformance/store/place.ts";
import type { Notice } from "../core/notice.ts";
import { PATIENCE_MS } from "../core/notice_retry.ts";
import { formatTarget } from "../core/notice_target.ts";
import { good } from "../platform/result.ts";
import { insertNotices, selectNotices } from "../store/notices.ts";
import { startDelivery } from "./deliver.ts";
import { failed, type Outcome, told } from "./outcome.ts";

const MINUTE_MS = 60_000;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date", "performance"] });
  vi.setSystemTime(NOW);
});
afterEach(() => {
  vi.useRealTimers();
});

interface World extends Steered {
  /** `target: jobs`, in the order in which they were sent. */
  sent: string[];
  /** What sending there comes to from now on. */
  answers: Map<string, () => Promise<Outcome>>;
  /** Has something told there, of a job with this number. */
  tell(target: string, job: number): Promise<void>;
  /** Lets time pass, and what is due then happen. */
  advance(ms: number): Promise<void>;
  states(): Promise<string[]>;
}

async function aWorld(): Promise<World> {
  const steered = await aStore(sqlite);
  const { store } = steered;
  const sent: string[] = [];
  const answers: World["answers"] = new Map();
  const secretOf = () => "secret";
  const delivery = startDelivery({
    yardId: "yard",
    store,
    // Where something goes is its own id here.
    files: { addresses: { get: async (id: string) => good({ target: id }) }, notices: { secretOf } } as never,
    clock: { now: () => Date.now(), steady: () => performance.now() },
    send: async (target, { notices }) => {
      const text = formatTarget(target);
      sent.push(`${text}: ${notices.map((notice) => ("job" in notice ? notice.job.id : notice.event)).join()}`);
      return (await answers.get(text)?.()) ?? told;
    },
    log: () => {},
  });
  onTestFinished(async () => {
    vi.useRealTimers();
    await delivery.stop();
  });

  /** Whatever the store and the delivery have begun comes to its end. */
  async function settle(): Promise<void> {
    for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  }

  return {
    ...steered,
    sent,
    answers,
    async tell(target, job) {
      const runs = { total: 1, queued: 0, running: 0, succeeded: 1, failed: 0, cancelled: 0, skipped: 0 };
      const notice: Notice = {
        event: "job_succeeded",
        at: NOW,
        job: { id: job, name: "x", user: "ada", submittedAt: NOW, runs, firstFailure: null },
      };
      const to = [{ user: "ada", address: target, shown: target }];
      const ids = await store.write((db) => insertNotices(db, [{ to, notice, job: null }], Date.now()));
      store.changes.tell(ids.map((id) => ({ kind: "notice", notice: id })));
    },
    async advance(ms) {
      await settle();
      await vi.advanceTimersByTimeAsync(ms);
      // What is done by then has more done at once.
      for (let turn = 0; turn < 5; turn += 1) {
        await settle();
        await vi.advanceTimersByTimeAsync(0);
      }
    },
    async states() {
      const page = { key: "id", descending: false, limit: 1000, after: null } as const;
      const rows = await selectNotices(store.read, { user: null, job: null, state: null }, page);
      return rows.map(({ state, tries }) => `${state} ${tries}`);
    },
  };
}

const HOOK = "webhook:https://a.example/";
const OTHER = "webhook:https://b.example/";
const MAIL = "email:ada@example.org";

test("what fails is tried again with growing pauses, and what comes meanwhile waits with it, in order", async () => {
  const world = await aWorld();
  world.answers.set(HOOK, async () => failed("It answered 503."));
  await world.tell(HOOK, 1);
  await world.advance(100);
  expect(world.sent).toEqual([`${HOOK}: 1`]);
  await world.advance(9000);
  expect(world.sent).toHaveLength(1);
  await world.advance(1000);
  expect(world.sent).toHaveLength(2);
  await world.advance(19_000);
  expect(world.sent).toHaveLength(2);
  world.answers.delete(HOOK);
  await world.advance(1000);
  expect(world.sent).toHaveLength(3);
  await world.tell(HOOK, 2);
  await world.tell(HOOK, 3);
  await world.advance(100);
  expect(world.sent.slice(3)).toEqual([`${HOOK}: 2`, `${HOOK}: 3`]);
  expect(await world.states()).toEqual(["told 3", "told 1", "told 1"]);
});

test("a hundred notices to who is away do not knock a hundred times", async () => {
  const world = await aWorld();
  world.answers.set(HOOK, async () => failed("connection refused."));
  for (let job = 1; job <= 100; job += 1) await world.tell(HOOK, job);
  for (let minute = 0; minute < 10; minute += 1) await world.advance(MINUTE_MS);
  expect(world.sent.length).toBeLessThan(30);
  expect(new Set(await world.states())).toContain("waiting 0");
});

test("after a day it is given up, and what cannot be helped at once", async () => {
  const world = await aWorld();
  world.answers.set(HOOK, async () => failed("connection refused."));
  world.answers.set(OTHER, async () => failed("It answered 410.", true));
  await world.tell(HOOK, 1);
  await world.tell(OTHER, 2);
  await world.advance(100);
  expect(await world.states()).toEqual(["waiting 1", "given_up 1"]);
  for (let passed = 0; passed < PATIENCE_MS + 60 * MINUTE_MS; passed += 30 * MINUTE_MS)
    await world.advance(30 * MINUTE_MS);
  const [state = ""] = await world.states();
  expect(state).toMatch(/^given_up /);
  const tries = world.sent.length;
  await world.advance(24 * 60 * MINUTE_MS);
  expect(world.sent).toHaveLength(tries);
});

test("people get one message for what ends close together, programs one for each", async () => {
  const world = await aWorld();
  await world.tell(MAIL, 1);
  await world.advance(100);
  for (const job of [2, 3, 4]) for (const target of [MAIL, HOOK]) await world.tell(target, job);
  await world.advance(1000);
  expect(world.sent.filter((one) => one.startsWith(HOOK))).toEqual([2, 3, 4].map((job) => `${HOOK}: ${job}`));
  await world.advance(30_000);
  expect(world.sent.filter((one) => one.startsWith(MAIL))).toEqual([`${MAIL}: 1`, `${MAIL}: 2,3,4`]);
});

test("a test goes at once and by itself, and is tried once", async () => {
  const world = await aWorld();
  await world.tell(MAIL, 1);
  await world.advance(100);
  await world.tell(MAIL, 2);
  const notice: Notice = { event: "test", at: NOW, user: "ada" };
  const to = [{ user: "ada", address: MAIL, shown: MAIL }];
  world.answers.set(MAIL, async () => failed("no"));
  const ids = await world.store.write((db) => insertNotices(db, [{ to, notice, job: null }], Date.now()));
  world.store.changes.tell(ids.map((id) => ({ kind: "notice", notice: id })));
  await world.advance(100);
  expect(world.sent).toEqual([`${MAIL}: 1`, `${MAIL}: test`]);
  expect(await world.states()).toEqual(["told 1", "waiting 0", "given_up 1"]);
});

test("who hangs holds up himself, and eight of them nobody for longer than they hang", async () => {
  const world = await aWorld();
  const release: (() => void)[] = [];
  for (let one = 0; one < 9; one += 1) {
    const target = `webhook:https://hanging${one}.example/`;
    world.answers.set(target, () => new Promise((resolve) => release.push(() => resolve(failed("late")))));
    await world.tell(target, one);
  }
  await world.advance(100);
  expect(release).toHaveLength(8);
  await world.tell(HOOK, 99);
  await world.advance(1000);
  expect(world.sent).not.toContain(`${HOOK}: 99`);
  for (const one of release.splice(0)) one();
  await world.advance(100);
  expect(world.sent).toContain(`${HOOK}: 99`);
  for (const one of release.splice(0)) one();
  await world.advance(100);
});

test("where what was told cannot be noted, it is not told again and again", async () => {
  const world = await aWorld();
  const { store } = world;
  const write = vi.spyOn(store, "write");
  await world.tell(HOOK, 1);
  write.mockRejectedValue(new Error("disk full"));
  await world.advance(100);
  await world.advance(1000);
  expect(world.sent).toHaveLength(1);
  write.mockRestore();
  await world.advance(MINUTE_MS);
  expect(await world.states()).toEqual(["told 1"]);
});
