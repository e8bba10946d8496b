import { openBell } from "../platform/bell.ts";
import type { Change } from "../store/changes.ts";
import { type JobRow, selectJob } from "../store/jobs.ts";
import { selectRun } from "../store/runs.ts";
import { absentRun } from "./present.ts";
import { presentJobs, presentRuns } from "./present_many.ts";
import { answered, type Handler, type Yard } from "./yard.ts";

/** Changes remembered for those who come back: beyond them one is told to look at everything anew. */
const REMEMBERED = 20_000;
/** Changes are told in bundles: what changes ten times in a blink is told once. */
const PAUSE_MS = 100;
const HEARTBEAT_MS = 10_000;
/** With nothing to tell, it is asked this often whether the token is still good. */
const LOOK_MS = 1000;
/** Runs told one by one in a bundle; with more, the job's counts say enough. */
const MOST_RUNS = 200;

type LiveEvent = [event: "hello" | "reset" | "job" | "run" | "machines", data: object];

/**
 * Live events over SSE. Each says how something is now, not what happened to it, so missing some or hearing one twice
 * does no harm: `job` and `run` carry the object, `reset` says that too much was missed. Ids are `<epoch>-<number>`.
 */
export function liveHandler(yard: Yard): Handler<"events"> {
  const { store } = yard;
  const history: Change[] = [];
  let firstNumber = 0;
  const bell = openBell<"changes">();
  store.changes.hear((changes) => {
    history.push(...changes);
    const surplus = history.length - REMEMBERED;
    if (surplus > REMEMBERED / 4) firstNumber += history.splice(0, surplus).length;
    bell.ring("changes");
  });
  const latest = () => firstNumber + history.length;

  return async ({ query, who, secret, incoming, outgoing, signal }) => {
    outgoing.writeHead(200, {
      "content-type": "text/event-stream",
      "cache-control": "no-store",
      "x-accel-buffering": "no",
    });
    if (incoming.method === "HEAD") {
      outgoing.end();
      return answered;
    }
    const lastId = incoming.headers["last-event-id"];
    let told = whereToGoOn(typeof lastId === "string" ? lastId : null);
    if (told === null) {
      told = latest();
      await send(["reset", {}], told);
    }
    await send(["hello", { epoch: yard.epoch }], told);
    let toldAt = yard.clock.steady();
    while (await isWelcome()) {
      const rings = bell.rings("changes");
      const hasNews = latest() > told;
      if (told < firstNumber) {
        // It read so slowly that what came next is forgotten.
        told = latest();
        await send(["reset", {}], told);
      } else if (hasNews) {
        const before = told;
        told = latest();
        await tell(history.slice(before - firstNumber), before, told);
        toldAt = yard.clock.steady();
      } else if (yard.clock.steady() - toldAt > HEARTBEAT_MS) {
        outgoing.write(": still here\n\n");
        toldAt = yard.clock.steady();
      }
      if (hasNews) await pause();
      else await bell.wait("changes", rings, LOOK_MS, signal);
    }
    // Not ended: who reads nothing would hold it open for ever.
    outgoing.destroy();
    return answered;

    async function isWelcome(): Promise<boolean> {
      return !signal.aborted && (await yard.authority.isStillGood(who, secret));
    }

    /** Only the last event of a bundle has the bundle's number: who is cut off before that hears the bundle again. */
    async function tell(changes: Change[], before: number, number: number): Promise<void> {
      let held: LiveEvent | null = null;
      for await (const event of eventsOf(changes)) {
        if (signal.aborted) return;
        if (held) await send(held, before);
        held = event;
      }
      if (held) await send(held, number);
    }

    async function* eventsOf(changes: Change[]): AsyncGenerator<LiveEvent> {
      const jobs = new Map<number, Set<number>>();
      for (const change of changes) {
        if (change.kind !== "job" && change.kind !== "run") continue;
        if (query.job !== undefined && change.job !== query.job) continue;
        const runs = jobs.get(change.job) ?? new Set();
        jobs.set(change.job, runs);
        if (change.kind === "run") runs.add(change.n);
      }
      for (const [id, runs] of jobs) {
        const job = await selectJob(store.read, id);
        if (!job) continue;
        const isWatched = query.job !== undefined && query.runs !== false;
        if (isWatched) for (const run of await runsNow(job, [...runs].slice(-MOST_RUNS))) yield ["run", run];
        for (const one of await presentJobs(yard, [job])) yield ["job", one];
      }
      if (query.job === undefined && changes.some(({ kind }) => kind === "machine")) yield ["machines", {}];
    }

    async function runsNow(job: JobRow, numbers: number[]): Promise<object[]> {
      const rows = [];
      for (const n of numbers) rows.push((await selectRun(store.read, job.id, n)) ?? absentRun(job, n));
      return presentRuns(yard, job, rows);
    }

    /** Resolves when the other side has read enough for more: what it is slow to read does not pile up here. */
    async function send([event, data]: LiveEvent, number: number): Promise<void> {
      outgoing.write(`id: ${yard.epoch}-${number}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
      while (outgoing.writableNeedDrain && (await isWelcome())) await drained();
    }

    function drained(): Promise<void> {
      return new Promise((resolve) => {
        const timer = setTimeout(done, LOOK_MS);
        outgoing.once("drain", done);
        signal.addEventListener("abort", done, { once: true });
        function done() {
          clearTimeout(timer);
          outgoing.off("drain", done);
          signal.removeEventListener("abort", done);
          resolve();
        }
      });
    }
  };

  /** The number after which to go on; null: too much was missed. Without an id one begins now. */
  function whereToGoOn(id: string | null): number | null {
    if (id === null) return latest();
    const [epoch, number] = id.split("-").map(Number);
    if (epoch !== yard.epoch || number === undefined || !(number >= firstNumber && number <= latest())) return null;
    return number;
  }

  function pause(): Promise<void> {
    return new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}
