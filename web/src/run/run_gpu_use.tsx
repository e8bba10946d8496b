import { useQuery } from "@tanstack/react-query";
import { Cpu } from "lucide-react";
import type { Machine } from "../../../src/api/machine.ts";
import type { Run } from "../../../src/api/run.ts";
import type { Answer } from "../../../src/client/client.ts";
import { printable } from "../../../src/core/printable.ts";
import { formatBytes, formatDuration } from "../../../src/core/quantity.ts";
import { Loading } from "../ui/loading.tsx";
import { Notice, Problem } from "../ui/problem.tsx";
import { call } from "../yard/client.ts";
import { UseChart } from "./use_chart.tsx";

type WorkerUse = Answer<"runUse">["workers"][number];

/** Machines say every few seconds how they are; a chart is kept by the minute. */
const REFRESH_MS = 15_000;
const POINTS = 240;

/** How the GPUs that a run had were used while it had them. */
export function RunGpuUse({ job, n, run }: { job: number; n: number; run: Run }) {
  const isOver = run.endedAt !== null;
  const use = useQuery({
    queryKey: ["run_use", job, n, run.attempts, run.endedAt],
    queryFn: ({ signal }) => call("runUse", { params: { job, n }, query: { points: POINTS }, signal }),
    refetchInterval: isOver ? false : REFRESH_MS,
    placeholderData: (before) => before,
  });
  const sizes = useQuery({
    queryKey: ["gpu_sizes"],
    queryFn: () => call("listMachines", { query: { limit: 1000 } }),
  });
  if (use.error && !use.data) return <Problem title="The use of its GPUs cannot be shown" error={use.error} />;
  if (!use.data) return <Loading what="the use of its GPUs" />;
  const workers = use.data.workers.filter(({ gpus }) => gpus.length > 0).reverse();
  if (workers.length === 0)
    return (
      <Notice title="It had no GPU" icon={<Cpu className="size-6" aria-hidden="true" />}>
        <p>
          {run.attempts === 0 ? "Once it has one, its use is shown here." : "How busy its GPUs are would stand here."}
        </p>
      </Notice>
    );
  return (
    <div className="min-h-0 flex-1 overflow-auto rounded-lg border border-line bg-surface">
      {workers.map((worker) => (
        <section
          key={worker.attempt}
          aria-label={titleOf(worker, workers)}
          className="flex flex-col gap-3 border-b border-line px-4 py-3 last:border-0"
        >
          <h2 className="flex flex-wrap items-baseline gap-x-3 font-medium">
            {titleOf(worker, workers)}
            <span className="text-xs font-normal text-muted">
              a step is {formatDuration(1000 * worker.stepSeconds)}, with its mean and its peak
            </span>
          </h2>
          {worker.gpus.map((gpu) => (
            <GpuCharts
              key={gpu.index}
              gpu={gpu}
              worker={worker}
              size={sizeOf(gpu.index, worker, sizes.data?.machines ?? [])}
            />
          ))}
        </section>
      ))}
    </div>
  );
}

interface GpuChartsProps {
  gpu: WorkerUse["gpus"][number];
  worker: WorkerUse;
  /** How much memory it has; null: it is not known. */
  size: number | null;
}

function GpuCharts({ gpu, worker, size }: GpuChartsProps) {
  const when = { from: Date.parse(worker.from), stepMs: 1000 * worker.stepSeconds };
  const index = printable(gpu.index);
  if ([...gpu.peak, ...gpu.usedBytes].every((value) => value === null))
    return (
      <p className="text-sm text-muted">
        GPU {index}: nobody has looked at it. A cluster does not tell, and what is older than a week is forgotten.
      </p>
    );
  const most = size ?? Math.max(1, ...gpu.usedBytes.map((bytes) => bytes ?? 0));
  return (
    <div className="grid gap-4 xl:grid-cols-2">
      <UseChart
        {...when}
        label={`GPU ${index}, use`}
        values={gpu.utilization}
        peaks={gpu.peak}
        most={1}
        say={(share) => `${Math.round(100 * share)} %`}
        fill="fill-running"
      />
      <UseChart
        {...when}
        label={`GPU ${index}, memory`}
        values={gpu.usedBytes}
        most={most}
        say={formatBytes}
        fill="fill-edge"
      />
    </div>
  );
}

function titleOf({ try: attempt, rank, machine }: WorkerUse, workers: readonly WorkerUse[]): string {
  const place = printable(machine ?? "a machine that is gone");
  const which = workers.some((other) => other.rank > 0) ? `, worker ${rank}` : "";
  return `Attempt ${attempt}${which}, on ${place}`;
}

function sizeOf(index: string, { machine }: WorkerUse, machines: readonly Machine[]): number | null {
  const gpus = machines.find(({ name }) => name === machine)?.gpus ?? [];
  return gpus.find((gpu) => gpu.index === index)?.memoryBytes ?? null;
}
