import type { RunUse } from "../../../src/api/use.ts";
import { printable } from "../../../src/core/printable.ts";
import { formatBytes } from "../../../src/core/quantity.ts";
import { Sparkline } from "../machines/sparkline.tsx";

type WorkerUse = RunUse["workers"][number];

/** How the GPUs of an attempt were used while it had them, from left to right; in words beside. */
export function AttemptUse({ workers }: { workers: readonly WorkerUse[] }) {
  const rows = workers.flatMap((worker) => worker.gpus.map((gpu) => ({ worker, gpu })));
  if (rows.length === 0) return null;
  return (
    <ul className="mt-2 flex flex-col gap-1.5">
      {rows.map(({ worker: { rank, machine }, gpu: { index, utilization, peak, usedBytes } }) => (
        <li key={`${rank} ${index}`} className="flex items-center gap-3 text-xs text-muted">
          <span className="w-28 shrink-0 truncate">
            GPU {printable(index)}
            {workers.length > 1 && machine !== null && ` of ${printable(machine)}`}
          </span>
          <span className="min-w-0 flex-1">
            <Sparkline values={utilization} peaks={peak} className="h-5" />
          </span>
          <span className="w-44 shrink-0 text-right">{told(utilization, usedBytes)}</span>
        </li>
      ))}
    </ul>
  );
}

function told(utilization: readonly (number | null)[], usedBytes: readonly (number | null)[]): string {
  const seen = utilization.filter((value) => value !== null);
  const used = usedBytes.filter((value) => value !== null);
  if (seen.length + used.length === 0) return "nobody has looked";
  const mean = seen.length === 0 ? null : seen.reduce((sum, value) => sum + value, 0) / seen.length;
  return [
    mean === null ? "" : `${Math.round(100 * mean)} % used`,
    used.length === 0 ? "" : `${formatBytes(Math.max(...used))} at most`,
  ]
    .filter((part) => part !== "")
    .join(", ");
}
