import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { LineChart } from "lucide-react";
import { useMemo, useState } from "react";
import type { Run } from "../../../src/api/run.ts";
import { valueText } from "../../../src/core/number_text.ts";
import { printable } from "../../../src/core/printable.ts";
import { axisOver, nearestCurve, strokeCurve } from "../job/plots/curve.ts";
import { type Box, PlotFrame, tokenColour } from "../job/plots/plot_frame.tsx";
import { smoothed } from "../job/plots/smoothing.ts";
import { SmoothingField } from "../job/plots/smoothing_field.tsx";
import { Notice } from "../ui/problem.tsx";
import { Segments } from "../ui/segments.tsx";
import { call } from "../yard/client.ts";

interface RunMetricsProps {
  job: number;
  n: number;
  run: Run;
}

type Over = "step" | "seconds";

/** So many plots are drawn; the last values of all metrics stand beside. */
const MOST_PLOTS = 24;

/** What a run has told with its steps, a plot a metric, as it comes. */
export function RunMetrics({ job, n, run }: RunMetricsProps) {
  const [over, setOver] = useState<Over>("step");
  const [isLog, setLog] = useState(false);
  const [weight, setWeight] = useState(0);
  const names = Object.keys(run.metrics);
  if (names.length === 0)
    return (
      <Notice title="No metrics yet" icon={<LineChart className="size-6" aria-hidden="true" />}>
        <p>
          A script tells them with <code>runyard.metric(step, loss=…)</code>; then their plots show here.
        </p>
      </Notice>
    );
  return (
    <div className="min-h-0 flex-1 overflow-auto">
      <div className="mb-3 flex flex-wrap items-center gap-x-4 gap-y-2 text-sm">
        <Segments<Over>
          label="Over what"
          value={over}
          options={[
            { value: "step", label: "Steps" },
            { value: "seconds", label: "Time" },
          ]}
          onChange={setOver}
        />
        <SmoothingField weight={weight} onChange={setWeight} />
        <label className="flex min-h-6 items-center gap-1.5 text-muted">
          <input
            type="checkbox"
            className="accent-accent"
            checked={isLog}
            onChange={(event) => setLog(event.target.checked)}
          />
          log y
        </label>
      </div>
      <div className="grid gap-3 2xl:grid-cols-2">
        {names.slice(0, MOST_PLOTS).map((metric) => (
          <MetricPlot
            key={metric}
            {...{ job, n, metric, over, isLog, weight }}
            last={run.metrics[metric]}
            isOver={run.endedAt !== null}
          />
        ))}
      </div>
      {names.length > MOST_PLOTS && (
        <p className="mt-3 text-sm text-muted">
          {names.length - MOST_PLOTS} more metrics are not drawn; their last values stand beside.
        </p>
      )}
    </div>
  );
}

interface MetricPlotProps {
  job: number;
  n: number;
  metric: string;
  over: Over;
  isLog: boolean;
  weight: number;
  last: unknown;
  isOver: boolean;
}

function MetricPlot({ job, n, metric, over, isLog, weight, last, isOver }: MetricPlotProps) {
  const [hovered, setHovered] = useState<{ x: number; y: number } | null>(null);
  const { data } = useQuery({
    queryKey: ["job", job, "run", n, "curve", metric, over],
    queryFn: ({ signal }) => call("curves", { params: { job }, query: { metric, runs: `${n}`, over }, signal }),
    placeholderData: keepPreviousData,
  });
  const [curve] = data?.curves ?? [];
  const shown = useMemo(() => (curve ? [{ ...curve, y: smoothed(curve.y, weight) }] : []), [curve, weight]);
  const [x, y] = useMemo(
    () => [
      axisOver(
        shown.map((one) => one.x),
        false,
      ),
      axisOver(
        shown.map((one) => one.y),
        isLog,
      ),
    ],
    [shown, isLog],
  );
  const name = printable(metric);

  function draw(context: CanvasRenderingContext2D, box: Box): void {
    context.lineWidth = 1.5;
    context.lineJoin = "round";
    context.strokeStyle = tokenColour("running");
    for (const one of shown) strokeCurve(context, box, one, x, y);
  }

  return (
    <section aria-label={name} className="rounded-lg border border-line bg-surface p-3">
      <h3 className="mb-1 flex items-baseline justify-between gap-3 text-sm">
        <span className="min-w-0 truncate font-semibold">{name}</span>
        <span className="text-muted">
          {isOver ? "last" : "now"} <span className="text-ink">{valueText(last)}</span>
        </span>
      </h3>
      <PlotFrame
        label={`${name} over ${over === "step" ? "steps" : "time"}; the last value is ${valueText(last)}.`}
        height={220}
        x={x}
        y={y}
        xTitle={over === "step" ? "step" : "time since the first point (s)"}
        yTitle={isLog ? "log" : ""}
        draw={draw}
        drawn={shown}
        onPoint={(place, box) => setHovered(place && nearestCurve(shown, x, y, place, box))}
        tip={
          hovered && (
            <p>
              {over === "step" ? "step " : ""}
              {valueText(hovered.x)}
              {over === "seconds" && " s"}: <span className="font-medium">{valueText(hovered.y)}</span>
            </p>
          )
        }
      />
    </section>
  );
}
