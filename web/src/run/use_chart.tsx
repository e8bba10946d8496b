import { type PointerEvent, useState } from "react";
import { localTime } from "../../../src/core/local_time.ts";
import { useNow } from "../yard/clock.ts";

interface UseChartProps {
  label: string;
  /** From 0 to `most`; null: a gap. */
  values: readonly (number | null)[];
  /** The highest of each point. */
  peaks?: readonly (number | null)[];
  most: number;
  say(value: number): string;
  /** When the first point begins, and how long each is. */
  from: number;
  stepMs: number;
  fill: string;
}

/** Something over time, with its scale; the pointer tells a point's values. */
export function UseChart({ label, values, peaks = values, most, say, from, stepMs, fill }: UseChartProps) {
  const [pointed, setPointed] = useState<number | null>(null);
  const now = useNow();
  const at = pointed ?? values.findLastIndex((value) => value !== null);
  const [value, peak] = [values[at] ?? null, peaks[at] ?? null];
  const time = (point: number) => localTime(new Date(from + point * stepMs).toISOString(), now);
  const told =
    value === null ? "nobody has looked" : say(value) + (peak !== null && peak > value ? `, peak ${say(peak)}` : "");

  function point(event: PointerEvent<HTMLDivElement>): void {
    const { left, width } = event.currentTarget.getBoundingClientRect();
    setPointed(Math.max(0, Math.min(values.length - 1, Math.floor(((event.clientX - left) / width) * values.length))));
  }

  return (
    <figure className="min-w-0">
      <figcaption className="flex items-baseline gap-2 text-sm">
        <span className="font-medium">{label}</span>
        <span className="ml-auto text-muted">
          {pointed === null ? "" : `${time(at)}: `}
          {told}
        </span>
      </figcaption>
      <div className="mt-1 flex gap-2">
        <div aria-hidden="true" className="flex w-12 shrink-0 flex-col justify-between text-right text-xs text-muted">
          <span>{say(most)}</span>
          <span>{say(0)}</span>
        </div>
        <div
          className="relative h-24 min-w-0 flex-1 overflow-hidden rounded-sm bg-sunken"
          onPointerMove={point}
          onPointerLeave={() => setPointed(null)}
        >
          <svg
            aria-hidden="true"
            viewBox={`0 0 ${Math.max(1, values.length)} 100`}
            preserveAspectRatio="none"
            className="size-full"
          >
            <path d={areasOf(peaks, most)} className={`${fill} opacity-25`} />
            <path d={areasOf(values, most)} className={`${fill} opacity-75`} />
          </svg>
          {pointed !== null && (
            <span
              aria-hidden="true"
              className="absolute inset-y-0 w-px bg-ink"
              style={{ left: `${(100 * (pointed + 0.5)) / values.length}%` }}
            />
          )}
        </div>
      </div>
      <div aria-hidden="true" className="mt-0.5 ml-14 flex justify-between text-xs text-muted">
        <span>{time(0)}</span>
        <span>{time(values.length)}</span>
      </div>
    </figure>
  );
}

/** Steps, one a value; nothing is drawn where there is none. */
function areasOf(values: readonly (number | null)[], most: number): string {
  return values
    .map((value, at) => {
      if (value === null) return "";
      const top = 100 - Math.max(1.5, (100 * Math.min(most, Math.max(0, value))) / most);
      return `M${at} 100V${top.toFixed(1)}H${at + 1}V100Z`;
    })
    .join("");
}
