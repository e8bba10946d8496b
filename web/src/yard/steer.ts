import type { JobChanges } from "../../../src/api/job.ts";
import type { Changed } from "../../../src/api/steering.ts";
import { counted } from "../../../src/core/number_text.ts";
import { tell, tellProblem } from "../ui/toast.tsx";
import { cache } from "./cache.ts";
import { call } from "./client.ts";

/** What can be done to jobs and runs from anywhere in the panel: it says what came of it. */
export type Deed = "cancel" | "stop_with_checkpoint" | "retry" | "retry_failed" | "pause" | "resume";

/** A run that saves its state has so long for it. */
const SAVING_MS = 60_000;

function saidOfCancel({ runs, stopping }: Changed): string {
  if (runs + stopping === 0) return "There was nothing left to cancel.";
  const waiting = runs > 0 ? `${counted(runs, "waiting run")} cancelled. ` : "";
  return `${waiting}${stopping > 0 ? `${counted(stopping, "run")} told to stop.` : ""}`.trim();
}

const deeds: Record<Deed, { send(select: string): Promise<Changed>; said(changed: Changed): string }> = {
  cancel: {
    send: (select) => call("cancel", { body: { select } }),
    said: saidOfCancel,
  },
  stop_with_checkpoint: {
    send: (select) => call("cancel", { body: { select, graceMs: SAVING_MS } }),
    said: saidOfCancel,
  },
  retry: {
    send: (select) => call("retry", { body: { select } }),
    said: ({ runs }) => (runs === 0 ? "There was nothing to run again." : `${counted(runs, "run")} queued again.`),
  },
  retry_failed: {
    send: (select) => call("retry", { body: { select, failed: true } }),
    said: ({ runs }) => (runs === 0 ? "None of its runs has failed." : `${counted(runs, "failed run")} queued again.`),
  },
  pause: {
    send: (select) => call("pause", { body: { select } }),
    said: ({ jobs }) => `${jobs.length === 0 ? "The queue" : counted(jobs.length, "job")} paused; what runs goes on.`,
  },
  resume: {
    send: (select) => call("resume", { body: { select } }),
    said: ({ jobs }) => `${jobs.length === 0 ? "The queue" : counted(jobs.length, "job")} resumed.`,
  },
};

/**
 * Does it, and says so.
 *
 * @param select  as on the command line: `12`, `12.3`, `3,5`
 * @returns whether it was done
 */
export async function steer(deed: Deed, select: string): Promise<boolean> {
  const { send, said } = deeds[deed];
  return attempt(async () => {
    tell(said(await send(select)));
    if (select === "all") void cache.invalidateQueries({ queryKey: ["status"] });
  });
}

/** Changes what a job is set to; on screen at once. */
export async function setJob(id: number, changes: JobChanges): Promise<boolean> {
  return attempt(async () => {
    const { job } = await call("setJob", { params: { job: id }, body: changes });
    cache.setQueryData<{ job: typeof job }>(["job", id], (known) => known && { ...known, job });
    void cache.invalidateQueries({ queryKey: ["jobs"] });
  });
}

async function attempt(work: () => Promise<void>): Promise<boolean> {
  try {
    await work();
    return true;
  } catch (error) {
    tellProblem(error);
    return false;
  }
}
