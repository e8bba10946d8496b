import { existsSync } from "node:fs";
import { keptName } from "../../core/assignment.ts";
import { type Refused, refuse } from "../../core/failure.ts";
import type { AttemptId } from "../../core/run.ts";
import { parseEvent } from "../../core/run_event.ts";
import type { OutputPlace } from "../../files/output_place.ts";
import { describeFileProblem } from "../../files/problem.ts";
import { type AttemptRow, selectAttempt, selectAttemptsOfRun, selectMates } from "../../store/attempts.ts";
import { type JobRow, makeRuns, selectJob } from "../../store/jobs.ts";
import { type MachineRow, selectMachines } from "../../store/machines.ts";
import { type RunRow, selectRun } from "../../store/runs.ts";
import { absentRun, presentAttempt } from "../present.ts";
import { presentRuns } from "../present_many.ts";
import { forbidStrangers } from "../selection.ts";
import { answered, type Handlers, type Yard } from "../yard.ts";

type RunHandlers = Pick<Handlers, "showRun" | "output" | "runMetrics">;

/** Of one attempt so often at most. */
const BRING_OVER_MS = 300;
const FETCH_WITHIN_MS = 10_000;
const MOST_BROUGHT = 10_000;

export function runHandlers(yard: Yard): RunHandlers {
  const { store } = yard;
  /** When the output of attempts on other machines was last asked for. */
  const broughtAt = new Map<string, number>();

  return {
    async showRun({ params }) {
      const job = await selectJob(store.read, params.job);
      if (!job) return refuse({ code: "no_such_job", job: params.job });
      if (params.n > job.counts.total) return refuse({ code: "no_such_run", run: `${params.job}.${params.n}` });
      const row = await runRow(job, params.n);
      const [run] = await presentRuns(yard, job, [row]);
      if (!run) return refuse({ code: "no_such_run", run: `${params.job}.${params.n}` });
      const machines = new Map((await selectMachines(store.read)).map((machine) => [machine.id, machine]));
      const folder = (attempt: AttemptRow, below: string) => {
        const spool = machines.get(attempt.machine_id)?.spool;
        const path = `${spool}/${yard.id}/${below}`;
        return spool && existsSync(path) ? path : null;
      };
      const rows = await selectAttemptsOfRun(store.read, job.id, params.n);
      const last = rows.at(-1);
      const latest = last ? [last, ...(await selectMates(store.read, [last.id]))] : [];
      const workers = run.workers.map((worker) => {
        const row = latest.find(({ id }) => id === worker.attempt);
        return row ? { ...worker, results: folder(row, `results/${row.id}`) } : worker;
      });
      return {
        run: { ...run, workers },
        attempts: rows.map((attempt) => {
          const machine = machines.get(attempt.machine_id);
          const runs = machine && job.plan.keep ? `${spoolThere(machine, yard.clusters)}/${yard.id}/runs` : null;
          return presentAttempt(attempt, machine?.name ?? null, folder(attempt, `results/${attempt.id}`), runs);
        }),
        checkpoints: last ? folder(last, `kept/${keptName(job.id, params.n, 0)}`) : null,
      };
    },

    async output({ params, query, who, outgoing }) {
      const job = await selectJob(store.read, params.job);
      if (!job) return refuse({ code: "no_such_job", job: params.job });
      const forbidden = forbidStrangers(who, [job]);
      if (forbidden) return forbidden;
      if (params.n > job.counts.total) return refuse({ code: "no_such_run", run: `${params.job}.${params.n}` });
      // The stream may move from the spool to the yard's files between looking it up and reading it: then it is looked up anew.
      for (let left = 3; ; left -= 1) {
        const found = await find(job, params.n, query.attempt ?? null, query.stream);
        if (!found) return noSuchAttempt(params.job, params.n, query.attempt);
        const stretch = await readStretch(found.place, query);
        if (!stretch.ok) {
          if (stretch.problem.code === "missing" && left > 0 && !found.ended) continue;
          if (stretch.problem.code === "missing" && !found.ended) return writeBytes(Buffer.alloc(0), 0, found.ended);
          return refuse({ code: "gone", what: describeFileProblem(stretch.problem) });
        }
        return writeBytes(stretch.bytes, stretch.from, found.ended);
      }

      function writeBytes(bytes: Buffer, from: number, ended: boolean): typeof answered {
        outgoing.writeHead(200, {
          "content-type": "application/octet-stream",
          "content-disposition": "attachment",
          "x-content-type-options": "nosniff",
          "content-length": bytes.length,
          "runyard-from": from,
          "runyard-to": from + bytes.length,
          "runyard-ended": String(ended),
        });
        outgoing.end(bytes);
        return answered;
      }
    },

    async runMetrics({ params, query, who }) {
      const job = await selectJob(store.read, params.job);
      if (!job) return refuse({ code: "no_such_job", job: params.job });
      const forbidden = forbidStrangers(who, [job]);
      if (forbidden) return forbidden;
      if (params.n > job.counts.total) return refuse({ code: "no_such_run", run: `${params.job}.${params.n}` });
      const found = await find(job, params.n, query.attempt ?? null, "events");
      return found ? readPoints(found.place) : noSuchAttempt(params.job, params.n, query.attempt);
    },
  };

  async function runRow(job: JobRow, n: number): Promise<RunRow> {
    if (n > job.made) await store.write((db) => makeRuns(db, store.dialect, job.id, n, n));
    return (await selectRun(store.read, job.id, n)) ?? absentRun(job, n);
  }

  /** Where a stream of an attempt lies now: with the yard, or still where the run writes it. Null: the run had no such attempt. */
  async function find(job: JobRow, n: number, attemptId: string | null, stream: "out" | "err" | "events") {
    const attempt =
      attemptId === null
        ? (await selectAttemptsOfRun(store.read, job.id, n)).at(-1)
        : await attemptNamed(job, n, attemptId);
    const run = await selectRun(store.read, job.id, n);
    const ended = run !== null && run.ended_at !== null;
    if (!attempt && attemptId !== null) return null;
    if (!attempt) return { place: { kind: "none" } satisfies OutputPlace as OutputPlace, ended };
    const machine = (await selectMachines(store.read)).find(({ id }) => id === attempt.machine_id);
    // What another machine prints comes to the user's file when it has ended; until then, and after, it is the yard's too.
    if (job.plan.out !== null && attempt.rank === 0 && stream !== "events" && isAtHand(machine)) {
      const place: OutputPlace = stream === "out" ? { kind: "spool", path: job.plan.out } : { kind: "none" };
      return { place, ended };
    }
    if (attempt.output_json !== null)
      return {
        place: (JSON.parse(attempt.output_json) as Record<string, OutputPlace>)[stream] ?? { kind: "none" as const },
        ended,
      };
    return { place: await spoolPlace(attempt, machine, stream), ended };
  }

  /** Also a worker beside that of rank 0. */
  async function attemptNamed(job: JobRow, n: number, id: string): Promise<AttemptRow | null> {
    const attempt = await selectAttempt(store.read, id as AttemptId);
    return attempt?.job_id === job.id && attempt.n === n ? attempt : null;
  }

  async function spoolPlace(
    attempt: AttemptRow,
    machine: MachineRow | undefined,
    stream: string,
  ): Promise<OutputPlace> {
    if (machine && !isAtHand(machine)) await bringOver(machine.id, attempt.id);
    const name = stream === "events" ? "events.jsonl" : stream;
    return machine?.spool
      ? { kind: "spool", path: `${machine.spool}/${yard.id}/${attempt.id}/0/${name}` }
      : { kind: "none" };
  }

  /** What a machine behind ssh or a cluster has printed lies there until it is asked for. Where it does not answer, what came before is shown. */
  async function bringOver(machine: number, attempt: string): Promise<void> {
    const since = yard.clock.now() - (broughtAt.get(attempt) ?? 0);
    if (since < BRING_OVER_MS) return;
    broughtAt.set(attempt, yard.clock.now());
    if (broughtAt.size > MOST_BROUGHT) broughtAt.clear();
    await yard.enquire(machine, { kind: "fetch", attempt }, FETCH_WITHIN_MS);
  }

  async function readStretch(
    place: OutputPlace,
    query: { from?: number | undefined; tail?: number | undefined; limit: number },
  ) {
    const { outputs } = yard.files;
    if (query.from === undefined && query.tail !== undefined) {
      const tail = await outputs.lastLines(place, query.tail);
      return tail.ok ? { ok: true as const, bytes: tail.value.bytes, from: tail.value.from } : tail;
    }
    const from = query.from ?? 0;
    const read = await outputs.read(place, from, from + query.limit);
    return read.ok ? { ok: true as const, bytes: read.value, from } : read;
  }

  async function readPoints(place: OutputPlace) {
    const points: { at: number; step: number | null; values: Record<string, unknown> }[] = [];
    const texts: { at: number; text: string }[] = [];
    let skipped = 0;
    let rest = Buffer.alloc(0);
    for (let from = 0; ; ) {
      const read = await yard.files.outputs.read(place, from);
      if (!read.ok || read.value.length === 0) break;
      from += read.value.length;
      const bytes = Buffer.concat([rest, read.value]);
      const end = bytes.lastIndexOf(0x0a) + 1;
      for (const line of bytes.subarray(0, end).toString("utf8").split("\n")) {
        if (line === "") continue;
        const event = parseEvent(line);
        if (event === null) skipped += 1;
        else if (event.kind === "metric") points.push({ at: event.at, step: event.step, values: event.values });
        else if (event.kind === "log") texts.push({ at: event.at, text: event.text });
      }
      rest = Buffer.from(bytes.subarray(end));
    }
    return { points, texts, skipped };
  }
}

/** Whether what runs there is written to this machine's files. Of others the yard has a mirror. */
function isAtHand(machine: MachineRow | undefined): boolean {
  return machine === undefined || machine.driver === "agent";
}

/** As its machine knows it. What the yard has of a machine behind ssh, or of a cluster, is a mirror. */
function spoolThere({ id, login, cluster, spool }: MachineRow, clusters: string): string | null {
  if (cluster?.spool) return cluster.spool;
  if (login) return login.spool ?? "~/.local/share/runyard/spool";
  return cluster ? `${clusters}/${id}` : spool;
}

function noSuchAttempt(job: number, n: number, attempt: string | undefined): Refused {
  return refuse({ code: "gone", what: `Attempt ${attempt ?? ""} of run ${job}.${n}` });
}
