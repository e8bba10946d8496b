/** Points of a curve in order; `y` null: there is a gap (NaN, infinite). */
export interface Curve {
  x: number[];
  y: (number | null)[];
}

/**
 * At most `most` of the curve's points, so that it looks the same: the first, the last, and of each stretch of equally many the
 * lowest and the highest (as M4, Jugel and others 2014), and the first of a gap. Every extreme and every gap is kept.
 *
 * @param most  at least 5
 */
export function thinned({ x, y }: Curve, most: number): Curve {
  if (x.length <= most) return { x: [...x], y: [...y] };
  const inner = x.length - 2;
  const stretches = Math.max(1, Math.floor((most - 2) / 3));
  const kept: number[] = [0];
  for (let stretch = 0; stretch < stretches; stretch += 1) {
    const from = 1 + Math.floor((stretch * inner) / stretches);
    const to = 1 + Math.floor(((stretch + 1) * inner) / stretches);
    kept.push(...tellingOnes(y, from, to));
  }
  kept.push(x.length - 1);
  return { x: kept.map((at) => x[at] as number), y: kept.map((at) => y[at] ?? null) };
}

function tellingOnes(y: readonly (number | null)[], from: number, to: number): number[] {
  let [lowest, highest, gap] = [-1, -1, -1];
  for (let at = from; at < to; at += 1) {
    const value = y[at] ?? null;
    if (value === null) {
      if (gap === -1) gap = at;
      continue;
    }
    if (lowest === -1 || value < (y[lowest] as number)) lowest = at;
    if (highest === -1 || value > (y[highest] as number)) highest = at;
  }
  return [...new Set([lowest, highest, gap])].filter((at) => at >= 0).sort((a, b) => a - b);
}
