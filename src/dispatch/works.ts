import type { Command } from "../core/command.ts";
import type { Space } from "../core/space.ts";
import { isSpaceRefused } from "../core/space_problem.ts";
import { type CompiledWork, compileWork, type Work } from "../core/work.ts";
import type { Db } from "../store/dialect.ts";
import { type JobRow, selectLines } from "../store/jobs.ts";

/** What jobs' runs execute, compiled; the last used ones are kept. */
export interface Works {
  of(job: JobRow): Promise<CompiledWork>;
}

const KEPT = 64;

export function openWorks(db: Db): Works {
  const kept = new Map<number, { spaces: string; work: CompiledWork }>();

  async function compile(job: JobRow): Promise<CompiledWork> {
    const compiled = compileWork(await workOf(db, job));
    if (isSpaceRefused(compiled)) throw new Error(`job ${job.id} was accepted with a space that is refused now`);
    return compiled;
  }

  return {
    async of(job) {
      const known = kept.get(job.id);
      kept.delete(job.id);
      const work = known?.spaces === job.spaces ? known.work : await compile(job);
      kept.set(job.id, { spaces: job.spaces, work });
      const [oldest] = kept.keys();
      if (kept.size > KEPT && oldest !== undefined) kept.delete(oldest);
      return work;
    },
  };
}

export async function workOf(db: Db, job: JobRow): Promise<Work> {
  if (job.command === null) return { kind: "lines", lines: await selectLines(db, job.id) };
  return { kind: "command", command: JSON.parse(job.command) as Command, spaces: JSON.parse(job.spaces) as Space[] };
}
