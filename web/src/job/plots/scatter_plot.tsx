import { useNavigate } from "@tanstack/react-router";
import { useMemo, useState } from "react";
import { valueText } from "../../../../src/core/number_text.ts";
import { printable } from "../../../../src/core/printable.ts";
import { withRange, withValues } from "../where_edits.ts";
import { ColourKey } from "./colour_key.tsx";
import { colourOn } from "./colours.ts";
import { type Box, type Place, PlotFrame, tokenColour } from "./plot_frame.tsx";
import { type Scale, scaleOf } from "./scale.ts";
import { shortName } from "./short_name.ts";

type Cell = number | string | null;

interface ScatterPlotProps {
  job: number;
  x: string;
  y: string;
  colour: string;
  n: readonly number[];
  values: Readonly<Record<string, readonly Cell[]>>;
  where: string;
  onWhere(where: string): void;
}

/** A point for each run. A rectangle drawn around some becomes conditions. */
export function ScatterPlot({ job, x, y, colour, n, values, where, onWhere }: ScatterPlotProps) {
  const navigate = useNavigate();
  const [hovered, setHovered] = useState<number | null>(null);
  const [xs, ys, colours] = [values[x] ?? [], values[y] ?? [], values[colour] ?? []];
  const [xScale, yScale, colourScale] = useMemo(() => [scaleOf(xs), scaleOf(ys), scaleOf(colours)], [xs, ys, colours]);
  const points = useMemo(
    () =>
      n.flatMap((number, i) => {
        const [at, up] = [xScale.at(xs[i] ?? null), yScale.at(ys[i] ?? null)];
        if (at === null || up === null) return [];
        return [{ i, x: at + jitter(xScale, number), y: up + jitter(yScale, number * 7) }];
      }),
    [n, xs, ys, xScale, yScale],
  );

  function draw(context: CanvasRenderingContext2D, box: Box, theme: string): void {
    const colourOf = colourOn(colourScale, theme);
    context.globalAlpha = points.length > 500 ? 0.55 : 0.8;
    for (const point of points) {
      context.fillStyle = colourOf(colours[point.i] ?? null) ?? tokenColour("ended");
      dot(context, box, point, 3);
      context.fill();
    }
    const over = points.find(({ i }) => i === hovered);
    if (!over) return;
    context.globalAlpha = 1;
    context.strokeStyle = tokenColour("ink");
    context.lineWidth = 2;
    dot(context, box, over, 6);
    context.stroke();
  }

  function brush(from: Place, to: Place): void {
    const [left, right] = [Math.min(from.x, to.x), Math.max(from.x, to.x)];
    const [low, high] = [Math.min(from.y, to.y), Math.max(from.y, to.y)];
    onWhere(within(within(where, x, xScale, xs, left, right), y, yScale, ys, low, high));
  }

  const named = [...new Set([x, y, colour])];
  return (
    <div className="flex flex-col gap-2">
      <PlotFrame
        label={`${points.length} runs by ${x} and ${y}. The table of runs has the same numbers; conditions choose among them.`}
        height={340}
        x={xScale}
        y={yScale}
        xTitle={axisTitle(x, xScale)}
        yTitle={axisTitle(y, yScale)}
        draw={draw}
        drawn={`${points.length} ${hovered} ${colour} ${n[0]} ${n.at(-1)} ${where}`}
        onPoint={(place, box) => setHovered(place && nearest(points, place, box))}
        onPress={() => {
          const run = hovered === null ? undefined : n[hovered];
          if (run !== undefined) void navigate({ to: "/jobs/$job/runs/$n", params: { job: `${job}`, n: `${run}` } });
        }}
        onBrush={brush}
        tip={
          hovered !== null && (
            <>
              <p className="font-medium">
                Run {job}.{n[hovered]}
              </p>
              {named.map((name) => (
                <p key={name} className="text-muted">
                  {printable(shortName(name))} <span className="text-ink">{valueText(values[name]?.[hovered])}</span>
                </p>
              ))}
            </>
          )
        }
      />
      <ColourKey title={shortName(colour)} scale={colourScale} />
    </div>
  );
}

function axisTitle(name: string, scale: Scale): string {
  const unit = name === "took" ? " (s)" : "";
  return `${printable(shortName(name))}${unit}${scale.kind === "log" ? " (log)" : ""}`;
}

function dot(context: CanvasRenderingContext2D, box: Box, { x, y }: Place, radius: number): void {
  context.beginPath();
  context.arc(box.left + x * box.width, box.top + (1 - y) * box.height, radius, 0, 2 * Math.PI);
}

/** Those of one word would hide each other; the same ones always stand at the same place. */
function jitter(scale: Scale, number: number): number {
  if (scale.kind !== "words") return 0;
  return ((((number * 2_654_435_761) >>> 0) / 2 ** 32 - 0.5) * 0.5) / Math.max(1, scale.ticks.length);
}

function nearest(points: readonly (Place & { i: number })[], place: Place, box: Box): number | null {
  const WITHIN_PX = 24;
  let [best, distance] = [null as number | null, WITHIN_PX];
  for (const { i, x, y } of points) {
    const away = Math.hypot((x - place.x) * box.width, (y - place.y) * box.height);
    if (away < distance) [best, distance] = [i, away];
  }
  return best;
}

function within(where: string, name: string, scale: Scale, cells: readonly Cell[], low: number, high: number): string {
  if (scale.kind !== "words") return withRange(where, name, [scale.valueAt(low), scale.valueAt(high)]);
  const words = [...new Set(cells.filter((cell) => cell !== null).map(String))];
  const chosen = words.filter((word) => {
    const at = scale.at(word) ?? -1;
    return at >= low && at <= high;
  });
  return chosen.length > 0 ? withValues(where, name, chosen) : where;
}
