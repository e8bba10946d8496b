import { dirname, join } from "node:path";
import { expect } from "vitest";
import type { Slurm } from "../testbed/slurm.ts";
import { fill } from "./a_folder.ts";
import { aYard, type TestYard, type YardOptions } from "./a_yard.ts";
import { linesOf } from "./the_stopped.ts";
import { until } from "./until.ts";

/** A yard whose user has the pool `slurm:gpu`. */
export interface ClusterYard extends TestYard {
  /** Submits there by `run`, `sweep` or `submit`, and answers the job's id. */
  queue(verb: string, ...args: string[]): Promise<number>;
  /** Why a run waits, as `explain` says it. */
  why(id: string | number): Promise<string>;
}

export interface ClusterYardOptions extends YardOptions {
  /** Of the pool. Default: a GPU a run. */
  resources?: Record<string, string>;
  /** What else the pool says. Default: where the cluster is. */
  keys?: Record<string, string | number>;
}

export async function aClusterYard(
  slurm: Slurm,
  { resources = { gres: "gpu:fake:1" }, keys = { conf: slurm.conf }, ...options }: ClusterYardOptions = {},
): Promise<ClusterYard> {
  const yard = await aYard(options);
  const pools = { "slurm:gpu": { ...keys, resources } };
  await fill(join(dirname(yard.folder), "user"), { ".config/runyard/runyard.yaml": JSON.stringify({ pools }) });
  return {
    ...yard,
    async queue(verb, ...args) {
      const { code, stdout, stderr } = await yard.cli([verb, "--on", "slurm:gpu", "--yes", "--json", ...args]);
      expect([code, stderr]).toEqual([0, expect.anything()]);
      return JSON.parse(stdout).job.id;
    },
    async why(id) {
      const { stdout } = await yard.cli(["explain", `${id}`, "--json"]);
      return JSON.parse(stdout).runs[0]?.because.text ?? "";
    },
  };
}

/** Waits until both workers of a run are under way. */
export async function bothRun(yard: TestYard, id: number): Promise<void> {
  await until(
    async () => (await yard.run(id)).workers.filter(({ status }) => status === "running").length === 2,
    "both run",
  );
}

/** What Slurm has of the yard's, also what has ended lately, in these fields of squeue. */
export async function tasksIn(slurm: Slurm, format: string, ...options: string[]): Promise<string[]> {
  const { stdout } = await slurm.run("squeue", ["-h", "-r", "-t", "all", ...options, "-o", format]);
  return stdout.split("\n").filter((line) => line !== "");
}

/** Each start leaves a line; it goes on until `go` is there. */
export const HELD = 'echo "$RUNYARD_RUN" >> starts; while [ ! -e go ]; do sleep 0.05; done; echo over';

/** Submits such a run, and waits until it goes on; answers its job, and Slurm's. */
export async function aHeldRun(
  slurm: Slurm,
  yard: ClusterYard,
  ...args: string[]
): Promise<{ job: number; id: string }> {
  const starts = linesOf(yard, "starts");
  const job = await yard.queue("run", ...args, HELD);
  await until(() => linesOf(yard, "starts") > starts, "it has started");
  await yard.reaches(job, "running");
  const [id = ""] = await tasksIn(slurm, "%A", "--states=running");
  return { job, id };
}
