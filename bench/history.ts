import { userInfo } from "node:os";
import type { AttemptId, Ending, JobId } from "../src/core/run.ts";
import { type Files, openFiles } from "../src/files/open_files.ts";
import type { OutputPlace } from "../src/files/output_place.ts";
import { homeOf } from "../src/platform/home.ts";
import { assignAttempts } from "../src/store/attempts.ts";
import { openChanges } from "../src/store/changes.ts";
import { connectSqlite } from "../src/store/dialect.ts";
import { insertJob, type NewJob } from "../src/store/jobs.ts";
import { selectMachines } from "../src/store/machines.ts";
import { recordEnds, recordObserved, recordStarts } from "../src/store/reports.ts";
import { openStore } from "../src/store/store.ts";
import { openDice } from "../test/helpers/dice.ts";

/** Writes what a yard could have behind it, through the store's own functions. */
export interface History {
  /** A sweep that has ended: each run with parameters of its own, metrics, a result; every tenth failed. */
  sweep(wishes: SweepWishes): Promise<JobId>;
  close(): Promise<void>;
}

export interface SweepWishes {
  name: string;
  runs: number;
  /** That each run tells metrics of. 0: there are no streams. */
  steps: number;
}

/** Different streams of events and of errors; runs share them, since the disk need not be the measure. */
const STREAMS = 200;
const BATCH = 500;
const FAILED = 0.1;
const DAY_MS = 86_400_000;

/** The home is that of a yard that has been started once, and does not run now. */
export async function openHistory(home: string): Promise<History> {
  const { database, files: folder } = homeOf({ RUNYARD_HOME: home });
  const store = openStore(connectSqlite(database), openChanges());
  const opened = await openFiles(folder);
  if (!opened.ok) throw new Error("the yard's files cannot be opened");
  const files = opened.value;
  const dice = openDice(1);
  const begun = Date.now() - DAY_MS;
  const [machine] = await selectMachines(store.read);
  const lease = await store.read.selectFrom("lease").select("epoch").executeTakeFirst();
  if (!machine || !lease) throw new Error("the yard was never started");
  const slot = { devices: "", gpus: [], cpus: 1, memoryBytes: 0 };
  let tries = 0;

  return {
    async sweep({ name, runs, steps }) {
      const job = await store.write((db) => insertJob(db, store.dialect, jobOf(name, runs), begun));
      const placeOf = steps === 0 ? nowhere : await streamsOf(files, job, steps);
      for (let made = 0; made < runs; made += BATCH) {
        const starts = Array.from({ length: Math.min(BATCH, runs - made) }, () => ({
          job,
          n: null,
          resumable: false,
          workers: [{ machine: machine.id, slot }],
          port: null,
          snapshot: null,
        }));
        await store.write(async (db) => {
          const id = (job: JobId, n: number) => `${job}.${n}.1-${(tries++).toString(36).padStart(6, "0")}` as AttemptId;
          const attempts = (await assignAttempts(db, store.dialect, starts, lease.epoch, id, begun)).flat();
          const at = (n: number) => begun + n * 500;
          await recordStarts(
            db,
            attempts.map(({ id, n }) => ({ attempt: id, at: at(n) })),
          );
          const told = attempts.map(({ id, n }) => {
            const isFailed = dice.even() < FAILED;
            const loss = Math.abs(Math.log10(n % 100 || 1) - 1) + dice.even() / 4;
            const metrics = { loss: dice.even() < 0.01 ? "NaN" : loss, val_loss: loss * 1.1, epoch: steps };
            const result: Record<string, number> = isFailed ? {} : { accuracy: Math.exp(-loss) };
            const progress = { done: isFailed ? steps / 2 : steps, of: steps };
            return { attempt: id, n, isFailed, observed: { attempt: id, progress, metrics, result } };
          });
          await recordObserved(
            db,
            told.map(({ observed }) => observed),
          );
          const ends = told.map(({ attempt, n, isFailed }) => {
            const ending: Ending = { kind: "exited", exitCode: isFailed ? 1 + (n % 3) : 0 };
            const err = isFailed ? placeOf(STREAMS + (n % STREAMS)) : { kind: "none" };
            return {
              attempt,
              startedAt: at(n),
              endedAt: at(n) + 60_000 + (n % 1000) * 100,
              ending,
              timeLimitMs: null,
              symptom: isFailed && n % 7 === 0 ? ("out_of_gpu_memory" as const) : null,
              output: JSON.stringify({ out: { kind: "none" }, err, events: placeOf(n % STREAMS) }),
              memoryPeakBytes: null,
              gpuMemoryPeakBytes: null,
            };
          });
          await recordEnds(db, ends, at(runs));
        });
      }
      return job;
    },
    async close() {
      await files.close();
      await store.close();
    },
  };
}

function jobOf(name: string, runs: number): NewJob {
  const axes = [
    listed(
      "lr",
      counted(100, (at) => (10 ** (-5 + at / 25)).toPrecision(4)),
    ),
    listed("opt", ["adam", "sgd", "lion", "adamw"], '"'),
    listed("width", ["64", "128", "256", "512", "1024"]),
    listed("seed", counted(Math.ceil(runs / 2000), String)),
  ];
  const command = { kind: "argv" as const, argv: ["python3", "train.py"] };
  const space = { axes, zip: [], exclude: [], sample: null, repeat: 1 };
  return {
    name,
    user: userInfo().username,
    pool: "local",
    priority: 30,
    paused: false,
    work: { kind: "command" as const, command, spaces: [space] },
    total: runs,
    demand: { gpus: 0, cpus: 1, memoryBytes: null },
    plan: {
      cwd: "/",
      environment: "0".repeat(64),
      umask: "022",
      limits: {},
      out: null,
      snapshot: null,
      commit: null,
    },
    tags: [],
    retries: 0,
    timeLimitMs: null,
    expectedMs: null,
    atMost: null,
    resumable: false,
    after: [],
  };
}

function listed(name: string, texts: string[], quote = "") {
  const values = texts.map((text) => ({ text, json: `${quote}${text}${quote}` }));
  return { name, values: { kind: "list" as const, values } };
}

function counted(most: number, write: (at: number) => string): string[] {
  return Array.from({ length: most }, (_, at) => write(at + 1));
}

function nowhere(): OutputPlace {
  return { kind: "none" };
}

/** Where each of the job's shared streams lies: those of events, and then those of errors. */
async function streamsOf(files: Files, job: JobId, steps: number): Promise<(at: number) => OutputPlace> {
  const events = Array.from({ length: STREAMS }, (_, at) => Buffer.from(eventsOf(steps, at / STREAMS)));
  const errors = Array.from({ length: STREAMS }, (_, at) => Buffer.from(errorOf(at)));
  const placed = await files.append(job, [...events, ...errors]);
  if (!placed.ok) throw new Error("the streams cannot be written");
  return (at) => ({ kind: "pack", job, offset: 0, length: 0, ...placed.value[at] });
}

function eventsOf(steps: number, part: number): string {
  const lines = Array.from({ length: steps }, (_, step) => {
    const loss = Math.exp(-step / (100 + 400 * part)) + 0.05 * Math.sin(step * (1 + part));
    return JSON.stringify({ t: 1_700_000_000 + step, kind: "metric", step, values: { loss, val_loss: loss * 1.1 } });
  });
  return `${lines.join("\n")}\n`;
}

function errorOf(at: number): string {
  const said = ["CUDA error: device-side assert triggered", `ValueError: batch ${at} is not finite`, "KeyError: 'lr'"];
  return `Traceback (most recent call last):\n  File "/home/ada/train.py", line ${at}\n${said[at % 3]}\n`;
}
