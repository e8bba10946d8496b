import type { Box, Place } from "./plot_frame.tsx";
import { linearScale, logScale, type Scale } from "./scale.ts";

/** One metric of one run: what it was at each point; null: nothing that can be drawn. */
export interface Curve {
  n: number;
  x: readonly number[];
  y: readonly (number | null)[];
}

/** An axis on which all of these find room. */
export function axisOver(lists: readonly (readonly (number | null)[])[], isLog: boolean): Scale {
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const list of lists) {
    for (const value of list) {
      if (value === null || (isLog && value <= 0)) continue;
      least = Math.min(least, value);
      most = Math.max(most, value);
    }
  }
  if (most < least) return linearScale(0, 1);
  return isLog ? logScale(least, most) : linearScale(least, most);
}

/** Draws a curve as the context has its pen; it breaks off where there is nothing. */
export function strokeCurve(context: CanvasRenderingContext2D, box: Box, curve: Curve, x: Scale, y: Scale): void {
  context.beginPath();
  let isOpen = false;
  for (const [i, value] of curve.x.entries()) {
    const [at, up] = [x.at(value), y.at(curve.y[i] ?? null)];
    if (at === null || up === null) {
      isOpen = false;
      continue;
    }
    const [left, top] = [box.left + at * box.width, box.top + (1 - up) * box.height];
    if (isOpen) context.lineTo(left, top);
    else context.moveTo(left, top);
    isOpen = true;
  }
  context.stroke();
}

/** The point that is nearest, of the curve that it is of. */
export function nearestCurve(curves: readonly Curve[], x: Scale, y: Scale, place: Place, box: Box) {
  const WITHIN_PX = 30;
  let [best, distance] = [null as { n: number; x: number; y: number } | null, WITHIN_PX];
  for (const { n, x: xs, y: ys } of curves) {
    for (const [i, value] of xs.entries()) {
      const number = ys[i] ?? null;
      const [at, up] = [x.at(value), y.at(number)];
      if (at === null || up === null || number === null) continue;
      const across = Math.abs(at - place.x) * box.width;
      if (across > distance) continue;
      const away = Math.hypot(across, (up - place.y) * box.height);
      if (away < distance) [best, distance] = [{ n, x: value, y: number }, away];
    }
  }
  return best;
}
