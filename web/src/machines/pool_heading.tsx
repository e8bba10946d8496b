import type { Machine } from "../../../src/api/machine.ts";
import { counted, grouped } from "../../../src/core/number_text.ts";
import { printable } from "../../../src/core/printable.ts";
import { countGpus } from "./wall.ts";

/** A pool's name, and how it stands. */
export function PoolHeading({ pool, machines }: { pool: string; machines: readonly Machine[] }) {
  const counts = countGpus(machines);
  const gpus = Object.values(counts).reduce((sum, count) => sum + count, 0);
  return (
    <div className="flex flex-wrap items-baseline gap-x-3">
      <h2 className="text-base font-semibold">
        <span className="font-normal text-muted">Pool</span> {printable(pool)}
      </h2>
      <p className="text-sm text-muted">
        {counted(machines.length, "machine")}
        {gpus > 0 && `, ${counted(gpus, "GPU")}, ${grouped(counts.free)} free`}
      </p>
    </div>
  );
}
