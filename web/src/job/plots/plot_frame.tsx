import { type PointerEvent, type ReactNode, useEffect, useRef, useState } from "react";
import { usePainted } from "../../app/theme.ts";
import { useWidth } from "../../ui/use_width.ts";
import type { Scale, Tick } from "./scale.ts";

/** The part of a plot in which points stand, in CSS pixels. */
export interface Box {
  left: number;
  top: number;
  width: number;
  height: number;
}

/** A place in the box: from its left and from its bottom, 0 to 1. */
export interface Place {
  x: number;
  y: number;
}

interface PlotFrameProps {
  /** What is seen, in a sentence, for those who do not see it. */
  label: string;
  height: number;
  x: Scale;
  y: Scale;
  xTitle: string;
  yTitle: string;
  /** Draws into the box; drawn anew when `drawn` is another one. */
  draw(context: CanvasRenderingContext2D, box: Box, theme: string): void;
  drawn: unknown;
  /** Told where the pointer is; null: it has left. */
  onPoint(place: Place | null, box: Box): void;
  onPress?(place: Place): void;
  /** Told of a rectangle that was drawn. Absent: none can be. */
  onBrush?: ((from: Place, to: Place) => void) | undefined;
  /** Stands over the plot at the pointer. */
  tip: ReactNode;
}

const MARGIN = { left: 64, right: 16, top: 12, bottom: 44 };
/** Further than this a press is a rectangle. */
const DRAG_PX = 5;

/** Axes with their ticks and titles around a canvas. */
export function PlotFrame(props: PlotFrameProps) {
  const { label, height, x, y, xTitle, yTitle, draw, drawn, onPoint, onPress, onBrush, tip } = props;
  const frame = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const width = useWidth(frame);
  const theme = usePainted();
  const [drag, setDrag] = useState<{ from: Place; to: Place } | null>(null);
  const [tipAt, setTipAt] = useState<{ left: number; top: number }>({ left: 0, top: 0 });
  const box: Box = {
    left: MARGIN.left,
    top: MARGIN.top,
    width: Math.max(0, width - MARGIN.left - MARGIN.right),
    height: height - MARGIN.top - MARGIN.bottom,
  };
  const latest = useRef(draw);
  latest.current = draw;
  // biome-ignore lint/correctness/useExhaustiveDependencies: `drawn` says when there is something else to draw.
  useEffect(() => {
    paint(canvas.current, width, height, (context) => {
      context.beginPath();
      context.rect(box.left, box.top, box.width, box.height);
      context.clip();
      latest.current(context, box, theme);
    });
  }, [width, height, theme, drawn, x, y]);

  const placeOf = (event: PointerEvent<HTMLElement>): Place => {
    const { left, top } = event.currentTarget.getBoundingClientRect();
    const part = (value: number) => Math.max(0, Math.min(1, value));
    return {
      x: part((event.clientX - left - box.left) / box.width),
      y: part(1 - (event.clientY - top - box.top) / box.height),
    };
  };
  const isFar = (one: Place, other: Place) =>
    Math.abs(one.x - other.x) * box.width > DRAG_PX || Math.abs(one.y - other.y) * box.height > DRAG_PX;

  return (
    <div
      ref={frame}
      role="img"
      aria-label={label}
      className={`relative select-none ${onBrush ? "cursor-crosshair" : ""}`}
      style={{ height, touchAction: "pan-y" }}
      onPointerMove={(event) => {
        const place = placeOf(event);
        const { left, top } = event.currentTarget.getBoundingClientRect();
        setTipAt({ left: event.clientX - left, top: event.clientY - top });
        if (drag) setDrag({ ...drag, to: place });
        onPoint(place, box);
      }}
      onPointerLeave={() => onPoint(null, box)}
      onPointerDown={(event) => {
        if (event.button !== 0) return;
        if (onBrush) event.currentTarget.setPointerCapture(event.pointerId);
        const place = placeOf(event);
        setDrag({ from: place, to: place });
      }}
      onPointerUp={(event) => {
        const to = placeOf(event);
        if (drag && onBrush && isFar(drag.from, to)) onBrush(drag.from, to);
        else if (drag && onPress) onPress(to);
        setDrag(null);
      }}
    >
      <canvas ref={canvas} className="absolute inset-0" style={{ width, height }} />
      <svg aria-hidden="true" className="absolute inset-0 overflow-visible text-xs" width={width} height={height}>
        <Axes box={box} x={x} y={y} xTitle={xTitle} yTitle={yTitle} />
        {drag && onBrush && isFar(drag.from, drag.to) && (
          <rect
            x={box.left + Math.min(drag.from.x, drag.to.x) * box.width}
            y={box.top + (1 - Math.max(drag.from.y, drag.to.y)) * box.height}
            width={Math.abs(drag.to.x - drag.from.x) * box.width}
            height={Math.abs(drag.to.y - drag.from.y) * box.height}
            className="fill-accent/15 stroke-accent"
          />
        )}
      </svg>
      {tip && drag === null && (
        <div
          className="pointer-events-none absolute z-10 max-w-72 rounded-md border border-line bg-raised px-2.5 py-1.5 text-xs shadow-float"
          style={tipPlace(tipAt, width)}
        >
          {tip}
        </div>
      )}
    </div>
  );
}

function Axes({ box, x, y, xTitle, yTitle }: { box: Box; x: Scale; y: Scale; xTitle: string; yTitle: string }) {
  const bottom = box.top + box.height;
  return (
    <g className="fill-muted">
      {y.ticks.map(({ at, text }) => (
        <g key={text} transform={`translate(0 ${bottom - at * box.height})`}>
          <line x1={box.left} x2={box.left + box.width} className="stroke-line" />
          <text x={box.left - 8} textAnchor="end" dominantBaseline="middle">
            {shortened(text, 9)}
          </text>
        </g>
      ))}
      {withRoom(x.ticks, box.width).map(({ at, text }) => (
        <g key={text} transform={`translate(${box.left + at * box.width} 0)`}>
          <line y1={bottom} y2={bottom + 4} className="stroke-edge" />
          <text y={bottom + 17} textAnchor="middle">
            {text}
          </text>
        </g>
      ))}
      <line x1={box.left} x2={box.left + box.width} y1={bottom} y2={bottom} className="stroke-edge" />
      <text x={box.left + box.width / 2} y={bottom + 37} textAnchor="middle" className="fill-ink font-medium">
        {xTitle}
      </text>
      <text
        transform={`translate(13 ${box.top + box.height / 2}) rotate(-90)`}
        textAnchor="middle"
        className="fill-ink font-medium"
      >
        {yTitle}
      </text>
    </g>
  );
}

const LONGEST_TICK = 16;
/** Of the type that ticks are written in. */
const LETTER_PX = 7;

/** Those of which the text stands clear of the one before. */
function withRoom(ticks: readonly Tick[], width: number): Tick[] {
  const kept: Tick[] = [];
  let end = Number.NEGATIVE_INFINITY;
  for (const { at, text } of ticks) {
    const shown = shortened(text, LONGEST_TICK);
    const half = (shown.length * LETTER_PX) / 2;
    if (at * width - half < end) continue;
    kept.push({ at, text: shown });
    end = at * width + half + LETTER_PX;
  }
  return kept;
}

export function shortened(text: string, most: number): string {
  return text.length > most ? `${text.slice(0, most - 1)}…` : text;
}

/** Clears the canvas, as fine as the screen is, and draws on it in CSS pixels. */
export function paint(
  canvas: HTMLCanvasElement | null,
  width: number,
  height: number,
  draw: (context: CanvasRenderingContext2D) => void,
): void {
  const context = canvas?.getContext("2d");
  if (!canvas || !context || width === 0) return;
  const fine = window.devicePixelRatio || 1;
  canvas.width = Math.round(width * fine);
  canvas.height = Math.round(height * fine);
  context.scale(fine, fine);
  context.save();
  draw(context);
  context.restore();
}

/** A colour as the page means it: `muted`, `line`. */
export function tokenColour(token: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${token}`).trim();
}

/** On the side of the pointer where there is room. */
function tipPlace({ left, top }: { left: number; top: number }, width: number): React.CSSProperties {
  return left > width / 2 ? { right: width - left + 14, top: top + 10 } : { left: left + 14, top: top + 10 };
}
