import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { LineChart } from "lucide-react";
import { useMemo, useState } from "react";
import { counted, valueText } from "../../../../src/core/number_text.ts";
import { printable } from "../../../../src/core/printable.ts";
import { Choice } from "../../ui/field.tsx";
import { Loading } from "../../ui/loading.tsx";
import { Notice, Problem } from "../../ui/problem.tsx";
import { call } from "../../yard/client.ts";
import { ColourKey } from "./colour_key.tsx";
import { colourOn } from "./colours.ts";
import { axisOver, nearestCurve, strokeCurve } from "./curve.ts";
import { type Box, PlotFrame, tokenColour } from "./plot_frame.tsx";
import { scaleOf } from "./scale.ts";
import { shortName } from "./short_name.ts";
import { smoothed } from "./smoothing.ts";
import { SmoothingField } from "./smoothing_field.tsx";
import { useColumns } from "./use_columns.ts";

interface CurvesPlotProps {
  job: number;
  metrics: readonly string[];
  /** What curves can be coloured by. */
  colours: readonly string[];
  where: string;
  sort: string;
}

/** One metric of many runs, one over the other. */
export function CurvesPlot({ job, metrics, colours, where, sort }: CurvesPlotProps) {
  const navigate = useNavigate();
  const [askedMetric, setMetric] = useState<string | null>(null);
  const metric = askedMetric ?? metrics[0] ?? "";
  const [over, setOver] = useState<"step" | "seconds">("step");
  const [askedColour, setColour] = useState<string | null>(null);
  const colour = askedColour ?? colours[0] ?? "n";
  const [weight, setWeight] = useState(0);
  const [logs, setLogs] = useState({ x: false, y: false });
  const [hovered, setHovered] = useState<{ n: number; x: number; y: number } | null>(null);
  const { data, error } = useQuery({
    queryKey: ["plots", job, "curves", metric, where, sort, over],
    queryFn: ({ signal }) =>
      call("curves", { params: { job }, query: { metric, where, sort, over, most: 100 }, signal }),
    enabled: metric !== "",
    placeholderData: keepPreviousData,
  });
  const curves = useMemo(
    () => (data?.curves ?? []).map(({ y, ...curve }) => ({ ...curve, y: smoothed(y, weight) })),
    [data, weight],
  );
  const [x, y] = useMemo(
    () => [
      axisOver(
        curves.map((curve) => curve.x),
        logs.x,
      ),
      axisOver(
        curves.map((curve) => curve.y),
        logs.y,
      ),
    ],
    [curves, logs],
  );
  const cells = useColumns(job, [colour], `n=${curves.map(({ n }) => n).join("|")}`).data;
  const cellOf = useMemo(() => {
    const known = new Map(cells?.n.map((n, i) => [n, cells.values[colour]?.[i] ?? null]));
    return (n: number) => known.get(n) ?? null;
  }, [cells, colour]);
  const colourScale = useMemo(() => scaleOf(curves.map(({ n }) => cellOf(n))), [curves, cellOf]);
  if (metric === "") return <NoMetrics />;
  if (error) return <Problem title="Curves cannot be shown" error={error} />;
  if (!data) return <Loading what="curves" />;

  function draw(context: CanvasRenderingContext2D, box: Box, theme: string): void {
    const colourOf = colourOn(colourScale, theme);
    context.lineJoin = "round";
    for (const curve of curves) {
      if (curve.n === hovered?.n) continue;
      context.globalAlpha = hovered ? 0.25 : curves.length > 20 ? 0.7 : 0.95;
      context.lineWidth = 1.25;
      context.strokeStyle = colourOf(cellOf(curve.n)) ?? tokenColour("ended");
      strokeCurve(context, box, curve, x, y);
    }
    const over = curves.find(({ n }) => n === hovered?.n);
    if (!over) return;
    context.globalAlpha = 1;
    context.lineWidth = 2.5;
    context.strokeStyle = tokenColour("ink");
    strokeCurve(context, box, over, x, y);
  }

  const { matching } = data;
  return (
    <div className="flex flex-col gap-2">
      <div className="flex flex-wrap items-center gap-x-4 gap-y-2 text-sm">
        <Choice label="Metric" value={metric} options={asOptions(metrics)} onChange={setMetric} />
        <Choice
          label="Over"
          value={over}
          options={[
            { value: "step", label: "over steps" },
            { value: "seconds", label: "over seconds" },
          ]}
          onChange={(value) => setOver(value === "seconds" ? "seconds" : "step")}
        />
        <Choice
          label="Colour by"
          value={colour}
          options={[
            { value: "n", label: "coloured by run" },
            ...colours.map((name) => ({ value: name, label: `by ${printable(shortName(name))}` })),
          ]}
          onChange={setColour}
        />
        <SmoothingField weight={weight} onChange={setWeight} />
        {(["x", "y"] as const).map((axis) => (
          <label key={axis} className="flex min-h-6 items-center gap-1.5 text-muted">
            <input
              type="checkbox"
              className="accent-accent"
              checked={logs[axis]}
              onChange={(event) => setLogs({ ...logs, [axis]: event.target.checked })}
            />
            log {axis}
          </label>
        ))}
      </div>
      {curves.length === 0 ? (
        <p className="py-12 text-center text-muted">None of these runs has told {printable(metric)} with its steps.</p>
      ) : (
        <PlotFrame
          label={`${metric} of ${counted(curves.length, "run")} over ${over === "step" ? "their steps" : "seconds"}. The last values stand in the table of runs.`}
          height={380}
          x={x}
          y={y}
          xTitle={`${over === "step" ? "step" : "time since the first point (s)"}${x.kind === "log" ? " (log)" : ""}`}
          yTitle={`${printable(metric)}${y.kind === "log" ? " (log)" : ""}`}
          draw={draw}
          drawn={[curves, hovered?.n, colourScale]}
          onPoint={(place, box) => setHovered(place && nearestCurve(curves, x, y, place, box))}
          onPress={() => {
            if (hovered) void navigate({ to: "/jobs/$job/runs/$n", params: { job: `${job}`, n: `${hovered.n}` } });
          }}
          tip={
            hovered && (
              <>
                <p className="font-medium">
                  Run {job}.{hovered.n}
                </p>
                <p className="text-muted">
                  {printable(metric)} <span className="text-ink">{valueText(hovered.y)}</span> at{" "}
                  {over === "step" ? "step " : ""}
                  <span className="text-ink">{valueText(hovered.x)}</span>
                  {over === "seconds" && " s"}
                </p>
                {colour !== "n" && (
                  <p className="text-muted">
                    {printable(shortName(colour))} <span className="text-ink">{valueText(cellOf(hovered.n))}</span>
                  </p>
                )}
              </>
            )
          }
        />
      )}
      <div className="flex flex-wrap items-center justify-between gap-2">
        <ColourKey title={colour === "n" ? "run" : shortName(colour)} scale={colourScale} />
        <p className="text-xs text-muted">
          {matching > curves.length
            ? `${counted(curves.length, "curve")} of ${counted(matching, "run")}${sort === "n" ? ", evenly taken" : ", the first as the table is sorted"}`
            : counted(curves.length, "curve")}
          {weight > 0 && ", smoothed"}
        </p>
      </div>
    </div>
  );
}

function NoMetrics() {
  return (
    <Notice title="No metrics yet" icon={<LineChart className="size-6" aria-hidden="true" />}>
      <p>
        A script tells them with <code>runyard.metric(step, loss=…)</code>; then its curves show here.
      </p>
    </Notice>
  );
}

export function asOptions(names: readonly string[]) {
  return names.map((name) => ({ value: name, label: printable(shortName(name)) }));
}
