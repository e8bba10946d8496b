import type { SubmissionInput } from "../api/job.ts";
import type { Demand } from "../core/demand.ts";
import type { JobOptions } from "../core/job_options.ts";
import type { Work } from "../core/work.ts";

/** What a submission says of a job whoever submits it: the command line and the panel read the same options. */
export function submissionOf(work: Work, options: Partial<JobOptions>, demand: Demand): SubmissionInput {
  return {
    ...(options.name !== undefined && { name: options.name }),
    work: sentWork(work),
    demand,
    ...(options.priority !== undefined && { priority: options.priority }),
    retries: options.retries ?? 0,
    timeLimitMs: options.timeLimitMs ?? null,
    expectedMs: options.expectedMs ?? null,
    atMost: options.atMost ?? null,
    resumable: options.resumable ?? false,
    paused: options.paused ?? false,
    tags: options.tags ?? [],
    notify: options.notify ?? [],
    outputs: options.outputs ?? [],
    keep: options.keep ?? false,
  };
}

function sentWork(work: Work): SubmissionInput["work"] {
  if (work.kind === "lines") return work;
  const [space] = work.spaces;
  return { kind: "command", command: work.command, ...(space && { space }) };
}
