import { existsSync } from "node:fs";
import { keptName } from "../../core/assignment.ts";
import { refuse } from "../../core/failure.ts";
import { parseEvent } from "../../core/run_event.ts";
import type { OutputPlace } from "../../files/output_place.ts";
import { type AttemptRow, selectAttemptsOfRun, selectMates } from "../../store/attempts.ts";
import { type JobRow, makeRuns, selectJob } from "../../store/jobs.ts";
import { type MachineRow, selectMachines } from "../../store/machines.ts";
import { type RunRow, selectRun } from "../../store/runs.ts";
import { absentRun, presentAttempt } from "../present.ts";
import { presentRuns } from "../present_many.ts";
import { forbidStrangers } from "../selection.ts";
import { noSuchAttempt, type Streams } from "../streams.ts";
import type { Handlers, Yard } from "../yard.ts";

type RunHandlers = Pick<Handlers, "showRun" | "runMetrics">;

export function runHandlers(yard: Yard, streams: Streams): RunHandlers {
  const { store } = yard;

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
