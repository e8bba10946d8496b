import { setTimeout as sleep } from "node:timers/promises";
import type { TraceJob } from "../src/simulator/trace.ts";
import type { BenchYard } from "./yard.ts";

/** What became of a job. */
export interface LivedJob {
  job: TraceJob;
  /** From when it was to be submitted to its run's end. */
  completionMs: number;
  preemptions: number;
}

/**
 * Runs for WANT_US microseconds in all, over as many attempts as it takes, and keeps count of them beside its checkpoints. It
 * asks for no time of a core while it waits, and goes at once when it is told to.
 */
const WORK = `
kept=$RUNYARD_CHECKPOINTS/ran_us
ran=0
began=\${EPOCHREALTIME/[.,]/}
save() { echo $((ran + \${EPOCHREALTIME/[.,]/} - began)) > "$kept"; kill $! 2> /dev/null; exit 0; }
trap save TERM
[ -e "$kept" ] && read -r ran < "$kept"
left=$((WANT_US - ran))
((left > 0)) || exit 0
printf -v seconds '%d.%06d' $((left / 1000000)) $((left % 1000000))
sleep "$seconds" & wait $!`;

/** Lives through a trace at so many times its pace, with real processes, and resolves when its last job has ended. */
export async function replay(yard: BenchYard, trace: readonly TraceJob[], pace: number): Promise<LivedJob[]> {
  const beganAt = Date.now() + 500;
  const jobs = await Promise.all(
    trace.map(async (job) => {
      const ms = Math.round((1000 * job.durationSeconds) / pace);
      const dueAt = beganAt + (1000 * job.submittedAt) / pace;
      await sleep(dueAt - Date.now());
      const command = { kind: "argv" as const, argv: ["bash", "-c", WORK.replace("WANT_US", String(1000 * ms))] };
      const { id } = await yard.submit({
        work: { kind: "command", command },
        demand: { gpus: job.gpus },
        priority: job.priority,
        expectedMs: ms,
        resumable: true,
      });
      return { job, dueAt, id };
    }),
  );
  return Promise.all(
    jobs.map(async ({ job, dueAt, id }) => {
      while ((await yard.client.call("showJob", { params: { job: id } })).job.endedAt === null) await sleep(500);
      const { run, attempts } = await yard.client.call("showRun", { params: { job: id, n: "1" } });
      if (run.status !== "succeeded" || run.endedAt === null) throw new Error(`job ${id} is ${run.status}`);
      const preemptions = attempts.filter(({ stopReason }) => stopReason === "preempted").length;
      return { job, completionMs: Date.parse(run.endedAt) - dueAt, preemptions };
    }),
  );
}
