import { openBell } from "../platform/bell.ts";
import type { Change } from "../store/changes.ts";
import { type JobRow, selectJob } from "../store/jobs.ts";
import { selectRun } from "../store/runs.ts";
import { absentRun, presentJob, presentRun } from "./present.ts";
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
    const lastId = incoming.headers["last-event-id"];
    let told = whereToGoOn(typeof lastId === "string" ? lastId : null);
    if (told === null) {
      told = latest();
      send("reset", {}, told);
    }
    send("hello", { epoch: yard.epoch }, told);
    let toldAt = yard.clock.steady();
    while (!signal.aborted) {
      const rings = bell.rings("changes");
      const hasNews = latest() > told;
      if (told < firstNumber) {
        // It read so slowly that what came next is forgotten.
        told = latest();
        send("reset", {}, told);
      } else if (hasNews) {
        const news = history.slice(told - firstNumber);
        told = latest();
        await tell(news, told);
        toldAt = yard.clock.steady();
      } else if (yard.clock.steady() - toldAt > HEARTBEAT_MS) {
        outgoing.write(": still here\n\n");
        toldAt = yard.clock.steady();
      }
      if (!(await yard.authority.isStillGood(who, secret))) break;
      if (outgoing.writableNeedDrain) await drained();
      if (hasNews) await pause();
      else await bell.wait("changes", rings, LOOK_MS, signal);
    }
    outgoing.end();
    return answered;

    async function tell(changes: Change[], number: number): Promise<void> {
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
        if (isWatched) for (const n of [...runs].slice(-MOST_RUNS)) await tellRun(job, n, number);
        send("job", presentJob(job), number);
      }
      if (query.job === undefined && changes.some(({ kind }) => kind === "machine")) send("machines", {}, number);
    }

    async function tellRun(job: JobRow, n: number, number: number): Promise<void> {
      const row = (await selectRun(store.read, job.id, n)) ?? absentRun(job, n);
      send("run", presentRun(job, row, await yard.works.of(job), null), number);
    }

    function send(event: string, data: object, number: number): void {
      outgoing.write(`id: ${yard.epoch}-${number}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
    }

    function drained(): Promise<unknown> {
      return Promise.race([
        new Promise((resolve) => outgoing.once("drain", resolve)),
        new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true })),
      ]);
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
