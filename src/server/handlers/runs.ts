import { existsSync } from "node:fs";
import { keptName } from "../../core/assignment.ts";
import { type Refused, refuse } from "../../core/failure.ts";
import { parseEvent } from "../../core/run_event.ts";
import { findLines } from "../../files/find_lines.ts";
import type { OutputPlace } from "../../files/output_place.ts";
import { describeFileProblem } from "../../files/problem.ts";
import { type AttemptRow, selectAttemptsOfRun, selectMates } from "../../store/attempts.ts";
import { type JobRow, makeRuns, selectJob } from "../../store/jobs.ts";
import { type MachineRow, selectMachines } from "../../store/machines.ts";
import { type RunRow, selectRun } from "../../store/runs.ts";
import { absentRun, presentAttempt } from "../present.ts";
import { presentRuns } from "../present_many.ts";
import { forbidStrangers } from "../selection.ts";
import { openStreams } from "../streams.ts";
import { answered, type Handlers, type Yard } from "../yard.ts";

type RunHandlers = Pick<Handlers, "showRun" | "output" | "searchOutput" | "runMetrics">;

export function runHandlers(yard: Yard): RunHandlers {
  const { store } = yard;
  const streams = openStreams(yard);

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
        const found = await streams.find(job, params.n, query.attempt ?? null, query.stream);
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

    async searchOutput({ params, query, who, signal }) {
      const job = await selectJob(store.read, params.job);
      if (!job) return refuse({ code: "no_such_job", job: params.job });
      const forbidden = forbidStrangers(who, [job]);
      if (forbidden) return forbidden;
      if (params.n > job.counts.total) return refuse({ code: "no_such_run", run: `${params.job}.${params.n}` });
      const found = await streams.find(job, params.n, query.attempt ?? null, query.stream);
      if (!found) return noSuchAttempt(params.job, params.n, query.attempt);
      const searched = await findLines(yard.files.outputs, found.place, query, signal);
      return searched.ok ? searched.value : refuse({ code: "gone", what: describeFileProblem(searched.problem) });
    },

    async runMetrics({ params, query, who }) {
      const job = await selectJob(store.read, params.job);
      if (!job) return refuse({ code: "no_such_job", job: params.job });
      const forbidden = forbidStrangers(who, [job]);
      if (forbidden) return forbidden;
      if (params.n > job.counts.total) return refuse({ code: "no_such_run", run: `${params.job}.${params.n}` });
      const found = await streams.find(job, params.n, query.attempt ?? null, "events");
      return found ? readPoints(found.place) : noSuchAttempt(params.job, params.n, query.attempt);
    },
  };

  async function runRow(job: JobRow, n: number): Promise<RunRow> {
    if (n > job.made) await store.write((db) => makeRuns(db, store.dialect, job.id, n, n));
    return (await selectRun(store.read, job.id, n)) ?? absentRun(job, n);
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

/** As its machine knows it. What the yard has of a machine behind ssh, or of a cluster, is a mirror. */
function spoolThere({ id, login, cluster, spool }: MachineRow, clusters: string): string | null {
  if (cluster?.spool) return cluster.spool;
  if (login) return login.spool ?? "~/.local/share/runyard/spool";
  return cluster ? `${clusters}/${id}` : spool;
}

function noSuchAttempt(job: number, n: number, attempt: string | undefined): Refused {
  return refuse({ code: "gone", what: `Attempt ${attempt ?? ""} of run ${job}.${n}` });
}
