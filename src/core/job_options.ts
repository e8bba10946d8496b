import type { Axis } from "./axis.ts";
import { isSetAlways, isVariableName } from "./environment.ts";
import { isGpuType } from "./gpu_kind.ts";
import { formatWish, isNoTarget, parseWish } from "./notice_target.ts";
import { duration, isMisread, jobList, label, type Misread, misread, size, wholeNumber } from "./option_values.ts";
import { outputPattern } from "./output_patterns.ts";
import { objectionToOption, runyardsOptions, type SbatchOption } from "./slurm.ts";

/** What a job is submitted with: options of `run` and `sweep`, keys of a job file, defaults of a `runyard.yaml`. */
export interface JobOptions {
  name: string;
  pool: string;
  gpus: number;
  gpuMemoryBytes: number;
  /** With commas between several, any of which will do. */
  gpuType: string;
  cpus: number;
  memoryBytes: number;
  workers: number;
  mostWorkers: number;
  priority: number;
  after: { job: number | "last"; any: boolean }[];
  retries: number;
  timeLimitMs: number;
  expectedMs: number;
  atMost: number;
  runs: number;
  out: string;
  cwd: string;
  env: string[];
  envFiles: string[];
  snapshot: boolean;
  outputs: string[];
  keep: boolean;
  tags: string[];
  /** NoticeWishes, as they are written. */
  notify: string[];
  resumable: boolean;
  paused: boolean;
  sbatch: SbatchOption[];
  params: string[];
  settings: string[];
  zip: string[];
  exclude: string[];
  sample: number;
  seed: number;
  from: string;
  /** Parameters that stand in the job file itself. */
  axes: Axis[];
}

export interface JobOption {
  /** The long flag without its dashes, and the key in a job file. */
  flag: string;
  /** What it takes, for the help; null: it is a switch. */
  takes: string | null;
  help: string;
  /** What it takes may be left out. */
  isOptional?: boolean;
  /** May be given several times. */
  repeats?: boolean;
  /** What it was given may be a secret, and is not repeated where it is refused. */
  isSecret?: boolean;
  /** May stand in a project's `runyard.yaml`. */
  isDefault?: boolean;
  read(text: string): Partial<JobOptions> | Misread;
}

function count<Key extends keyof JobOptions>(key: Key, least: number, most: number) {
  return (text: string) => keyed(key, wholeNumber(text, least, most));
}

function keyed<Value>(key: keyof JobOptions, value: Value | Misread): Partial<JobOptions> | Misread {
  return isMisread(value) ? value : { [key]: value };
}

function words(key: "pool" | "out" | "cwd" | "from") {
  return (text: string) => (text === "" ? misread("It must not be empty.") : { [key]: text });
}

function after(any: boolean) {
  return (text: string) => {
    const jobs = jobList(text);
    return isMisread(jobs) ? jobs : { after: jobs.map((job) => ({ job, any })) };
  };
}

/** `NAME` or `NAME=VALUE`. */
function variable(text: string): Partial<JobOptions> | Misread {
  const [name = ""] = text.split("=", 1);
  if (isSetAlways(name)) return misread(`Runyard sets ${name} itself, for each run.`);
  return isVariableName(name) ? { env: [text] } : misread(`A variable cannot be named ${JSON.stringify(name)}.`);
}

/** `2`, or `1-4`. */
function workerCounts(text: string): Partial<JobOptions> | Misread {
  const [least = "", most = least, ...rest] = text.split("-");
  const [workers, mostWorkers] = [wholeNumber(least, 1, 1024), wholeNumber(most, 1, 1024)];
  if (isMisread(workers)) return workers;
  if (isMisread(mostWorkers) || mostWorkers < workers || rest.length > 0)
    return misread("It takes a whole number from 1 to 1024, or the least and the most: 1-4.");
  return { workers, mostWorkers };
}

/** `KEY=VALUE`, or `KEY` for a switch. */
function sbatchOption(text: string): Partial<JobOptions> | Misread {
  const [, name = "", value] = /^(?:--)?([^=]*)(?:=(.*))?$/s.exec(text) ?? [];
  if (runyardsOptions.has(name)) return misread(`Runyard itself says to sbatch what ${name} is.`);
  const option: SbatchOption = [name, value ?? null];
  const objection = objectionToOption(option);
  return objection === null ? { sbatch: [option] } : misread(objection);
}

/** `TARGET`, `me`, `failed=TARGET`, or nothing. */
function wish(text: string): Partial<JobOptions> | Misread {
  const read = parseWish(text);
  if (!isNoTarget(read)) return { notify: [formatWish(read)] };
  return misread(`${read.misread} Without a target write --notify last, or --notify me.`);
}

const MOST_RUNS = 10_000_000;

/** Every option of a job, once. */
export const jobOptions: readonly JobOption[] = [
  {
    flag: "name",
    takes: "NAME",
    help: "what to call the job (default: its command)",
    read: (text) => keyed("name", label(text)),
  },
  {
    flag: "on",
    takes: "POOL",
    help: "where to run (default: local, this machine); slurm, or slurm:NAME: through Slurm",
    isDefault: true,
    read: words("pool"),
  },
  {
    flag: "gpus",
    takes: "N",
    help: "GPUs a run needs (default: 1 where there are any); 0: a CPU run",
    isDefault: true,
    read: count("gpus", 0, 1024),
  },
  {
    flag: "gpu-memory",
    takes: "SIZE",
    help: "only GPUs sold with at least so much memory: 24G",
    isDefault: true,
    read: (text) => keyed("gpuMemoryBytes", size(text)),
  },
  {
    flag: "gpu-type",
    takes: "TYPE",
    help: "only GPUs with this in their name: a100; or with one of several: a100,h100",
    isDefault: true,
    read: (text) =>
      text.split(",").every(isGpuType) ? { gpuType: text } : misread("It takes words of a GPU's name: a100, rtx 3090."),
  },
  { flag: "cpus", takes: "N", help: "cores a run needs", isDefault: true, read: count("cpus", 1, 100_000) },
  {
    flag: "memory",
    takes: "SIZE",
    help: "memory a run needs: 800M, 24G",
    isDefault: true,
    read: (text) => keyed("memoryBytes", size(text)),
  },
  {
    flag: "workers",
    takes: "N[-MOST]",
    help: "processes of a run, with as much each, that start together on several machines; 1-4: as many as is worth it",
    isDefault: true,
    read: workerCounts,
  },
  {
    flag: "priority",
    takes: "N",
    help: "0 to 1000, higher first (default: 30)",
    isDefault: true,
    read: count("priority", 0, 1000),
  },
  {
    flag: "after",
    takes: "JOBS",
    help: "start when these jobs have succeeded: 12, or 12,13",
    repeats: true,
    read: after(false),
  },
  {
    flag: "after-any",
    takes: "JOBS",
    help: "start when these jobs have ended, however they did",
    repeats: true,
    read: after(true),
  },
  {
    flag: "retries",
    takes: "N",
    help: "how often a failed run is tried again (default: 0)",
    isDefault: true,
    read: count("retries", 0, 1000),
  },
  {
    flag: "time-limit",
    takes: "TIME",
    help: "stop a run after so long: 90s, 2h30m, HH:MM:SS",
    isDefault: true,
    read: (text) => keyed("timeLimitMs", duration(text)),
  },
  {
    flag: "expect",
    takes: "TIME",
    help: "how long a run takes, as far as you know: some policies go by it",
    isDefault: true,
    read: (text) => keyed("expectedMs", duration(text)),
  },
  {
    flag: "at-most",
    takes: "N",
    help: "how many runs of this job may run at once",
    isDefault: true,
    read: count("atMost", 1, MOST_RUNS),
  },
  {
    flag: "runs",
    takes: "N",
    help: "how often to run it, or each combination (default: 1)",
    read: count("runs", 1, MOST_RUNS),
  },
  { flag: "out", takes: "FILE", help: "write both streams of the run into this new file", read: words("out") },
  { flag: "cwd", takes: "FOLDER", help: "work in this folder (default: the current one)", read: words("cwd") },
  {
    flag: "env",
    takes: "NAME|NAME=VALUE",
    help: "take a variable along, or set it",
    repeats: true,
    isSecret: true,
    read: variable,
  },
  {
    flag: "env-file",
    takes: "FILE",
    help: "set the variables in a file of NAME=VALUE lines",
    repeats: true,
    read: (text) => ({ envFiles: [text] }),
  },
  {
    flag: "snapshot",
    takes: null,
    help: "run the code as it is now, whatever changes later",
    isDefault: true,
    read: () => ({ snapshot: true }),
  },
  {
    flag: "outputs",
    takes: "PATTERN",
    help: "of what a run makes, bring back only this: model.bin, 'out/*.png' (default: all)",
    repeats: true,
    isDefault: true,
    read: (text) => {
      const pattern = outputPattern(text);
      return pattern === null
        ? misread("It names a file or folder within the run's work folder, with * ? [a-z].")
        : { outputs: [pattern] };
    },
  },
  {
    flag: "keep",
    takes: null,
    help: "leave the run's folder on its machine",
    isDefault: true,
    read: () => ({ keep: true }),
  },
  {
    flag: "tag",
    takes: "TAG",
    help: "mark the job, to find it with ls --tag",
    repeats: true,
    isDefault: true,
    read: (text) => {
      const tag = label(text);
      return isMisread(tag) ? tag : { tags: [tag] };
    },
  },
  {
    // In no runyard.yaml: a project that somebody else has made says nobody of what runs here.
    flag: "notify",
    takes: "TARGET",
    help: "tell when it has ended, at your targets or at email:… slack:… webhook:… command:…; failed=TARGET: only then",
    isOptional: true,
    repeats: true,
    isSecret: true,
    read: wish,
  },
  {
    flag: "resumable",
    takes: null,
    help: "a run may be stopped and started again: it goes on from its checkpoint",
    isDefault: true,
    read: () => ({ resumable: true }),
  },
  { flag: "paused", takes: null, help: "hold the job until: runyard resume", read: () => ({ paused: true }) },
  {
    flag: "sbatch",
    takes: "KEY=VALUE",
    help: "an option of sbatch, or KEY alone for a switch; counts over the pool's",
    repeats: true,
    read: sbatchOption,
  },
  {
    flag: "params",
    takes: "FILE",
    help: "a JSON or YAML file of parameters: {name: [values]}",
    repeats: true,
    read: (text) => ({ params: [text] }),
  },
  {
    flag: "set",
    takes: "NAME=VALUES",
    help: "a parameter: lr=0.1,0.01  seed=1..5  lr=log:1e-5..1e-1:5",
    repeats: true,
    read: (text) => ({ settings: [text] }),
  },
  {
    flag: "zip",
    takes: "NAMES",
    help: "parameters that advance together: a,b",
    repeats: true,
    read: (text) => ({ zip: [text] }),
  },
  {
    flag: "exclude",
    takes: "NAME=VALUE,…",
    help: "leave out the combinations with all these values",
    repeats: true,
    read: (text) => ({ exclude: [text] }),
  },
  { flag: "sample", takes: "N", help: "only N combinations, drawn at random", read: count("sample", 1, MOST_RUNS) },
  {
    flag: "seed",
    takes: "S",
    help: "of the draw: the same seed draws the same (default: 0)",
    read: count("seed", 0, Number.MAX_SAFE_INTEGER),
  },
  {
    flag: "from",
    takes: "FILE",
    help: "a shell command a line, each a run of this job; - is stdin",
    read: words("from"),
  },
];

/** Both together; of lists the second goes on where the first ended, of single values the second counts. */
export function mergeOptions(first: Partial<JobOptions>, second: Partial<JobOptions>): Partial<JobOptions> {
  const merged: Record<string, unknown> = { ...first };
  for (const [key, value] of Object.entries(second)) {
    const known = merged[key];
    merged[key] = Array.isArray(known) && Array.isArray(value) ? [...known, ...value] : value;
  }
  return merged;
}
