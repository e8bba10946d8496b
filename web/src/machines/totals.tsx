import type { Machine } from "../../../src/api/machine.ts";
import { counted, grouped } from "../../../src/core/number_text.ts";
import { stateLooks } from "./state_look.ts";
import type { WallUse } from "./use_wall.ts";
import { countGpus, gpuStates, isIn } from "./wall.ts";

interface TotalsProps {
  machines: readonly Machine[];
  use: WallUse | null;
}

/** How all machines and their GPUs stand, at a glance. */
export function Totals({ machines, use }: TotalsProps) {
  const counts = countGpus(machines);
  const all = gpuStates.reduce((sum, state) => sum + counts[state], 0);
  const running = machines.reduce((sum, machine) => sum + machine.running.length, 0);
  const unreachable = machines.filter((machine) => isIn(machine, "unreachable")).length;
  return (
    <section
      aria-label="All of them"
      className="flex flex-col gap-2 rounded-lg border border-line bg-surface px-3 py-2.5"
    >
      {all > 0 && (
        <div aria-hidden="true" className="flex h-2.5 gap-px overflow-hidden rounded-full bg-sunken">
          {gpuStates.map((state) =>
            counts[state] > 0 ? (
              <div
                key={state}
                className={stateLooks[state].fill}
                style={{ width: `max(3px, ${(100 * counts[state]) / all}%)` }}
              />
            ) : null,
          )}
        </div>
      )}
      <dl className="flex flex-wrap gap-x-5 gap-y-1 text-sm">
        <Total label={machines.length === 1 ? "machine" : "machines"} value={grouped(machines.length)} />
        {all > 0 && <Total label={all === 1 ? "GPU" : "GPUs"} value={grouped(all)} />}
        <Total label={running === 1 ? "run there" : "runs there"} value={grouped(running)} />
        {gpuStates
          .filter((state) => counts[state] > 0 || (all > 0 && (state === "free" || state === "held")))
          .map((state) => {
            const { glyph, word, colour } = stateLooks[state];
            return <Total key={state} glyph={glyph} colour={colour} label={word} value={grouped(counts[state])} />;
          })}
        {unreachable > 0 && (
          <Total
            glyph="✗"
            colour="text-failed"
            label={`${unreachable === 1 ? "machine" : "machines"} out of reach`}
            value={grouped(unreachable)}
          />
        )}
        {use && use.wastedSeconds > 0 && (
          <Total
            glyph="◌"
            colour="text-waiting"
            label={`GPU hours held but idle in the last ${counted(use.hours, "hour")}`}
            value={hoursText(use.wastedSeconds)}
          />
        )}
      </dl>
    </section>
  );
}

interface TotalProps {
  label: string;
  value: string;
  glyph?: string;
  colour?: string;
}

function Total({ glyph = "", colour = "", label, value }: TotalProps) {
  return (
    <div className="flex flex-row-reverse items-baseline gap-1.5">
      <dt className="text-muted">{label}</dt>
      <dd className="flex items-baseline gap-1.5 font-semibold">
        {glyph !== "" && (
          <span aria-hidden="true" className={`font-mono font-normal ${colour}`}>
            {glyph}
          </span>
        )}
        {value}
      </dd>
    </div>
  );
}

function hoursText(seconds: number): string {
  const hours = seconds / 3600;
  return hours < 10 ? hours.toFixed(1) : grouped(Math.round(hours));
}
