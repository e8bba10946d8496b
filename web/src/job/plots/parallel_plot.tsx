import { type PointerEvent, useEffect, useMemo, useRef, useState } from "react";
import { isBetterSmall } from "../../../../src/core/better.ts";
import { printable } from "../../../../src/core/printable.ts";
import { usePainted } from "../../app/theme.ts";
import { useWidth } from "../../ui/use_width.ts";
import { rangeOf, valuesOf, withRange, withValues } from "../where_edits.ts";
import { colourOn } from "./colours.ts";
import { paint, shortened, tokenColour } from "./plot_frame.tsx";
import { type Scale, scaleOf } from "./scale.ts";
import { shortName } from "./short_name.ts";

type Cell = number | string | null;
type Cells = Readonly<Record<string, readonly Cell[]>>;

interface ParallelPlotProps {
  /** The columns, from left to right; the last one gives the colours. */
  names: readonly string[];
  /** Those that match, and all of them behind. */
  chosen: Cells;
  all: Cells;
  where: string;
  onWhere(where: string): void;
  label: string;
}

const HEIGHT = 340;
const TOP = 44;
const BOTTOM = 20;
const LEAST_GAP = 78;

interface Brush {
  name: string;
  from: number;
  to: number;
}

/** A line for each run over an axis for each column. What is drawn over an axis becomes a condition. */
export function ParallelPlot({ names, chosen, all, where, onWhere, label }: ParallelPlotProps) {
  const frame = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const theme = usePainted();
  const room = useWidth(frame);
  const [linear, setLinear] = useState<ReadonlySet<string>>(new Set());
  const [brush, setBrush] = useState<Brush | null>(null);
  const width = Math.max(room, names.length * LEAST_GAP);
  const scales = useMemo(
    () =>
      new Map(
        names.map((name) => [
          name,
          scaleOf([...(all[name] ?? []), ...(chosen[name] ?? [])], linear.has(name) ? false : null),
        ]),
      ),
    [names, all, chosen, linear],
  );
  const left = (i: number) => (width / names.length) * (i + 0.5);
  const scaleFor = (name: string) => scales.get(name) as Scale;
  const inner = HEIGHT - TOP - BOTTOM;
  const top = (at: number) => TOP + (1 - at) * inner;

  // biome-ignore lint/correctness/useExhaustiveDependencies: what is drawn follows from these.
  useEffect(() => {
    paint(canvas.current, width, HEIGHT, (context) => {
      const line = (cells: Cells, row: number) => {
        context.beginPath();
        let isOpen = false;
        for (const [i, name] of names.entries()) {
          const at = scaleFor(name).at(cells[name]?.[row] ?? null);
          if (at === null) isOpen = false;
          else if (isOpen) context.lineTo(left(i), top(at));
          else {
            context.moveTo(left(i), top(at));
            isOpen = true;
          }
        }
        context.stroke();
      };
      const first = names[0] ?? "";
      context.lineWidth = 1;
      context.globalAlpha = 0.5;
      context.strokeStyle = tokenColour("line");
      for (let row = 0; row < (all[first]?.length ?? 0); row += 1) line(all, row);
      const last = names.at(-1) ?? "";
      const colour = colourOn(scaleFor(last), theme);
      const count = chosen[first]?.length ?? 0;
      context.globalAlpha = Math.max(0.12, Math.min(0.85, 60 / Math.max(1, count)));
      for (const row of bestLast(chosen[last] ?? [], last)) {
        context.strokeStyle = colour(chosen[last]?.[row] ?? null) ?? tokenColour("ended");
        line(chosen, row);
      }
    });
  }, [width, theme, names, chosen, all, scales]);

  function finish({ name, from, to }: Brush): void {
    const scale = scaleFor(name);
    const [low, high] = [Math.min(from, to), Math.max(from, to)];
    setBrush(null);
    // A press alone takes back what was drawn there.
    const isPress = (high - low) * inner < 4;
    if (scale.kind === "words")
      onWhere(withValues(where, name, isPress ? null : wordsWithin(all[name] ?? [], scale, low, high)));
    else onWhere(withRange(where, name, isPress ? null : [scale.valueAt(low), scale.valueAt(high)]));
  }

  return (
    <div ref={frame} className="overflow-x-auto">
      <div role="img" aria-label={label} className="relative" style={{ width, height: HEIGHT }}>
        <canvas ref={canvas} className="absolute inset-0" style={{ width, height: HEIGHT }} />
        <svg aria-hidden="true" className="absolute inset-0 text-xs" width={width} height={HEIGHT}>
          {names.map((name, i) => (
            <Axis
              key={name}
              name={name}
              scale={scaleFor(name)}
              left={left(i)}
              top={top}
              room={width / names.length}
              drawn={brush?.name === name ? brush : drawnBy(where, name, scaleFor(name))}
              onDraw={setBrush}
              onDone={finish}
            />
          ))}
        </svg>
      </div>
      <div className="flex flex-wrap gap-x-4 gap-y-1 px-1 text-xs text-muted">
        {names
          .filter((name) => linear.has(name) || scaleFor(name).kind === "log")
          .map((name) => (
            <label key={name} className="flex min-h-6 items-center gap-1.5">
              <input
                type="checkbox"
                className="accent-accent"
                checked={!linear.has(name)}
                onChange={() => setLinear(toggled(linear, name))}
              />
              log axis for {printable(shortName(name))}
            </label>
          ))}
      </div>
    </div>
  );
}

interface AxisProps {
  name: string;
  scale: Scale;
  left: number;
  top(at: number): number;
  room: number;
  drawn: Omit<Brush, "name"> | null;
  onDraw(brush: Brush): void;
  onDone(brush: Brush): void;
}

function Axis({ name, scale, left, top, room, drawn, onDraw, onDone }: AxisProps) {
  const placeOf = (event: PointerEvent<SVGRectElement>) => {
    const box = event.currentTarget.getBoundingClientRect();
    return Math.max(0, Math.min(1, 1 - (event.clientY - box.top - 8) / (box.height - 16)));
  };
  const [pressed, setPressed] = useState<number | null>(null);
  const [high, low] = [top(1), top(0)];
  return (
    <g transform={`translate(${left} 0)`}>
      <text y={16} textAnchor="middle" className="fill-ink font-medium">
        <title>{printable(name)}</title>
        {shortened(printable(shortName(name)), Math.floor(room / 7))}
      </text>
      <text y={31} textAnchor="middle" className="fill-muted">
        {name.startsWith("params.")
          ? "parameter"
          : name.startsWith("result.")
            ? "result"
            : name.startsWith("metrics.")
              ? "metric"
              : ""}
        {scale.kind === "log" ? ", log" : ""}
      </text>
      <line y1={high} y2={low} className="stroke-edge" />
      {scale.ticks.map(({ at, text }) => (
        <g key={text} transform={`translate(0 ${top(at)})`}>
          <line x1={-3} x2={3} className="stroke-edge" />
          <text
            x={7}
            dominantBaseline="middle"
            className="fill-ink stroke-surface [paint-order:stroke]"
            strokeWidth={4}
          >
            {shortened(printable(text), Math.max(4, Math.floor((room - 16) / 7)))}
          </text>
        </g>
      ))}
      {drawn && (
        <rect
          x={-9}
          width={18}
          y={top(Math.max(drawn.from, drawn.to))}
          height={Math.max(2, Math.abs(drawn.to - drawn.from) * (low - high))}
          className="fill-accent/25 stroke-accent"
        />
      )}
      <rect
        x={-16}
        width={32}
        y={high - 8}
        height={low - high + 16}
        className="cursor-ns-resize fill-transparent"
        style={{ touchAction: "none" }}
        onPointerDown={(event) => {
          event.currentTarget.setPointerCapture(event.pointerId);
          setPressed(placeOf(event));
        }}
        onPointerMove={(event) => pressed !== null && onDraw({ name, from: pressed, to: placeOf(event) })}
        onPointerUp={(event) => {
          if (pressed !== null) onDone({ name, from: pressed, to: placeOf(event) });
          setPressed(null);
        }}
      />
    </g>
  );
}

/** The rows in the order in which they are drawn: what is best lies on top. */
function bestLast(cells: readonly Cell[], name: string): number[] {
  const sign = isBetterSmall(shortName(name)) ? -1 : 1;
  const rank = (cell: Cell | undefined) => (typeof cell === "number" ? sign * cell : Number.NEGATIVE_INFINITY);
  return cells.map((_, row) => row).sort((a, b) => rank(cells[a]) - rank(cells[b]) || a - b);
}

/** Null: none. */
function wordsWithin(cells: readonly Cell[], scale: Scale, low: number, high: number): string[] | null {
  const words = [...new Set(cells.filter((cell) => cell !== null).map(String))];
  const within = words.filter((word) => {
    const at = scale.at(word);
    return at !== null && at >= low && at <= high;
  });
  return within.length > 0 ? within : null;
}

/** What the conditions say of the axis, as it would be drawn. */
function drawnBy(where: string, name: string, scale: Scale): Omit<Brush, "name"> | null {
  if (scale.kind === "words") {
    const places = (valuesOf(where, name) ?? []).flatMap((word) => scale.at(word) ?? []);
    if (places.length === 0) return null;
    const half = 0.4 / Math.max(1, scale.ticks.length);
    return { from: Math.min(...places) - half, to: Math.max(...places) + half };
  }
  const range = rangeOf(where, name);
  if (range === null) return null;
  const [from, to] = range.map((value) => (Number.isFinite(value) ? scale.at(value) : null));
  return { from: Math.max(0, from ?? 0), to: Math.min(1, to ?? 1) };
}

function toggled(set: ReadonlySet<string>, name: string): ReadonlySet<string> {
  const next = new Set(set);
  if (!next.delete(name)) next.add(name);
  return next;
}
