import { nonNegativeLeastSquares } from "./nnls.ts";

export interface LossPoint {
  /** After how many epochs; need not be whole. */
  epoch: number;
  loss: number;
}

/** `loss(k) ≈ 1/(a·k + b) + c` after k epochs, all ≥ 0 (Optimus, Peng et al., EuroSys 2018, after the rate of SGD). */
export interface LossCurve {
  a: number;
  b: number;
  /** What the loss comes down to in the end. */
  c: number;
}

/** After how many epochs in all a training has converged. */
export interface Convergence {
  epochs: number;
  /** Most likely within these; they are the further apart, the less the points agree on one curve. */
  lowEpochs: number;
  highEpochs: number;
}

const LEAST_POINTS = 3;
/** A training has converged where so many epochs have lowered its loss by less than this part of its range. */
const EPOCHS = 10;
const LEAST_FALL = 0.05;
/** Into how many parts what c may be is cut, and how often the best of them is cut again. */
const CUTS = 20;
const ROUNDS = 3;
/** At most so many steps from there; a handful do. */
const STEPS = 30;
/** Into how many groups points are dealt, each left out once, to see how much hangs on them. */
const GROUPS = 5;

/** Null: there are fewer than 3 points, or their loss does not fall, or it is below 0 somewhere: no such curve is. */
export function fitLoss(points: readonly LossPoint[]): LossCurve | null {
  const usable = usablePoints(points);
  return usable.length < LEAST_POINTS ? null : closestCurve(usable);
}

/** Null where there is no curve; the usual guess then is 20 epochs more than now. */
export function epochsToConverge(points: readonly LossPoint[]): Convergence | null {
  const usable = usablePoints(points);
  const curve = fitLoss(points);
  const firstEpoch = usable[0]?.epoch ?? 0;
  if (curve === null) return null;
  const epochs = convergedAfter(curve, firstEpoch);
  const error = errorIn(epochs, usable);
  if (!Number.isFinite(epochs + error)) return null;
  return { epochs, lowEpochs: Math.max(firstEpoch, epochs - error), highEpochs: epochs + error };
}

/** Two standard errors, by the jackknife (Quenouille 1956, Tukey 1958): points are left out in turn, a group at a time. */
function errorIn(epochs: number, points: readonly LossPoint[]): number {
  // As many as the curve has numbers: it goes through all of them, and nothing tells how far it is off.
  if (points.length === LEAST_POINTS) return epochs;
  const groups = Math.min(GROUPS, points.length);
  const others = Array.from({ length: groups }, (_, group) => {
    const without = closestCurve(points.filter((_, at) => at % groups !== group));
    return without === null ? epochs : convergedAfter(without, points[0]?.epoch ?? 0);
  });
  const mean = others.reduce((sum, other) => sum + other, 0) / groups;
  const variance = others.reduce((sum, other) => sum + (other - mean) ** 2, 0) * ((groups - 1) / groups);
  return 2 * Math.sqrt(variance);
}

/**
 * By epoch; of an epoch that came twice, as after a restart, the later one. Each is the median of itself and its
 * neighbours, so that one that leaps does no harm.
 */
function usablePoints(points: readonly LossPoint[]): LossPoint[] {
  const losses = new Map<number, number>();
  for (const { epoch, loss } of points) {
    if (Number.isFinite(loss) && Number.isFinite(epoch) && epoch >= 0) losses.set(epoch, loss);
  }
  const inOrder = [...losses].map(([epoch, loss]) => ({ epoch, loss })).sort((a, b) => a.epoch - b.epoch);
  if (inOrder.some(({ loss }) => loss < 0)) return [];
  return inOrder.map((point, at) => {
    const [before, after] = [inOrder[at - 1], inOrder[at + 1]];
    if (!before || !after) return point;
    const [low, high] = before.loss < after.loss ? [before.loss, after.loss] : [after.loss, before.loss];
    return { epoch: point.epoch, loss: Math.min(Math.max(point.loss, low), high) };
  });
}

/** Null: the loss does not fall. */
function closestCurve(points: readonly LossPoint[]): LossCurve | null {
  const losses = points.map(({ loss }) => loss).sort((a, b) => b - a);
  let least = 0;
  // It takes two points above c.
  let most = losses[1] ?? 0;
  let best = curveAbove(points, 0);
  for (let round = 0; round < ROUNDS; round += 1) {
    const width = (most - least) / CUTS;
    for (let cut = 0; cut < CUTS; cut += 1) best = closer(points, best, curveAbove(points, least + cut * width));
    [least, most] = [Math.max(0, best.c - width), best.c + width];
  }
  for (let step = 0; step < STEPS; step += 1) {
    const next = closer(points, best, straightened(points, best));
    if (next === best) break;
    best = next;
  }
  return best.a > 0 ? best : null;
}

/** The best for one c. */
function curveAbove(points: readonly LossPoint[], c: number): LossCurve {
  const rows: number[][] = [];
  const values: number[] = [];
  for (const [at, { epoch, loss }] of points.entries()) {
    const above = loss - c;
    if (!(above > 0)) continue;
    // An error of 1/above is one of the loss by the square of that.
    const weight = weightOf(at) * above ** 2;
    rows.push([weight * epoch, weight]);
    values.push(weight / above);
  }
  const [a = 0, b = 0] = nonNegativeLeastSquares(rows, values);
  return { a, b, c };
}

/**
 * A step of Gauss and Newton: the best of all three where the curve is taken to be as straight as it is here. Unlike 1/loss,
 * it does not favour points that happen to lie above the curve.
 */
function straightened(points: readonly LossPoint[], { a, b }: LossCurve): LossCurve {
  const rows: number[][] = [];
  const values: number[] = [];
  for (const [at, { epoch, loss }] of points.entries()) {
    const weight = weightOf(at);
    const above = 1 / (a * epoch + b);
    rows.push([-weight * epoch * above ** 2, -weight * above ** 2, weight]);
    values.push(weight * (loss - 2 * above));
  }
  const [nextA = 0, nextB = 0, c = 0] = nonNegativeLeastSquares(rows, values);
  return { a: nextA, b: nextB, c };
}

/** The first, unless the second is closer. */
function closer(points: readonly LossPoint[], first: LossCurve, second: LossCurve): LossCurve {
  return errorOf(points, second) < errorOf(points, first) ? second : first;
}

function errorOf(points: readonly LossPoint[], { a, b, c }: LossCurve): number {
  return points.reduce((sum, { epoch, loss }, at) => {
    return sum + (weightOf(at) * (1 / (a * epoch + b) + c - loss)) ** 2;
  }, 0);
}

/** The last point counts most. */
function weightOf(place: number): number {
  return place + 1;
}

/** The first epoch, by the curve, at which the loss has fallen so little over the 10 before it. */
function convergedAfter({ a, b }: LossCurve, firstEpoch: number): number {
  // With u = a·k + b at the first of the 10: 1/u − 1/(u + 10·a) = 0.05/(a·first + b), solved for u.
  const fall = EPOCHS * a;
  const start = a * firstEpoch + b;
  const u = Math.sqrt((fall / 2) ** 2 + (fall * start) / LEAST_FALL) - fall / 2;
  return Math.max(firstEpoch, (u - b) / a) + EPOCHS;
}
