/** How much of a column of length 1 has to be left beside the others for it to count as one of its own. */
const INDEPENDENT = 1e-9;

/**
 * The x ≥ 0 for which `rows · x` comes closest to `values`, by least squares: the active set method of Lawson and Hanson
 * ("Solving Least Squares Problems", 1974, chapter 23). A row and its value, both times a factor, count with the square of
 * that factor. Where columns depend on each other one of them carries what they share, and the rest have 0.
 */
export function nonNegativeLeastSquares(
  rows: readonly (readonly number[])[],
  values: readonly number[],
): readonly number[] {
  const width = rows[0]?.length ?? 0;
  const lengths = Array.from({ length: width }, (_, at) => Math.hypot(...rows.map((row) => row[at] ?? 0)) || 1);
  const columns = lengths.map((length, at) => rows.map((row) => (row[at] ?? 0) / length));
  let best: Fit = { used: [], weights: [], left: [...values] };
  const useless = new Set<number>();
  for (;;) {
    const next = mostPromising(columns, best, useless);
    if (next === null) break;
    const better = withColumn(columns, values, best, next);
    // Each fit has to be closer than the one before, so no set of columns is tried twice, whatever rounding does.
    if (better !== null && dot(better.left, better.left) < dot(best.left, best.left)) {
      best = better;
      useless.clear();
    } else useless.add(next);
  }
  const { used, weights } = best;
  return lengths.map((length, at) => (weights[used.indexOf(at)] ?? 0) / length);
}

interface Fit {
  /** Columns with a weight above 0. */
  used: readonly number[];
  weights: readonly number[];
  /** Of the values, what the weighted columns do not explain. */
  left: readonly number[];
}

/** The column that comes closest to what is left, of those that lower it; null: none does. */
function mostPromising(columns: readonly number[][], { used, left }: Fit, useless: Set<number>): number | null {
  let best: number | null = null;
  let most = 0;
  for (const [at, column] of columns.entries()) {
    const slope = dot(column, left);
    if (used.includes(at) || useless.has(at) || !(slope > most)) continue;
    best = at;
    most = slope;
  }
  return best;
}

/** A fit with one column more, less those that this pushes to 0. Null: the new one depends on the others. */
function withColumn(columns: readonly number[][], values: readonly number[], fit: Fit, added: number): Fit | null {
  let used = [...fit.used, added];
  let from = [...fit.weights, 0];
  for (;;) {
    const chosen = used.map((at) => columns[at] ?? []);
    const to = leastSquares(chosen, values);
    if (to === null) return null;
    if (to.every((weight) => weight > 0)) return { used, weights: to, left: leftOf(chosen, to, values) };
    // From the last weights towards the new ones, as far as all stay at 0 or above: the first to get there goes.
    const reach = to.map((weight, at) => {
      const start = from[at] ?? 0;
      return weight > 0 ? Number.POSITIVE_INFINITY : start / (start - weight) || 0;
    });
    const part = Math.min(...reach);
    const stays = reach.map((most) => most > part);
    from = from.map((weight, at) => weight + part * ((to[at] ?? 0) - weight)).filter((_, at) => stays[at]);
    used = used.filter((_, at) => stays[at]);
  }
}

/**
 * Without bounds: the columns are made orthogonal one after the other (Gram and Schmidt, modified), and the values along
 * with them. Null: a column depends on those before it.
 */
function leastSquares(columns: readonly (readonly number[])[], values: readonly number[]): number[] | null {
  const axes: number[][] = [];
  const shares: number[][] = [];
  for (const column of [...columns, values]) {
    const rest = [...column];
    const along = axes.map((axis) => takeOut(rest, axis));
    shares.push(along);
    if (shares.length > columns.length) break;
    const length = Math.hypot(...rest);
    if (!(length > INDEPENDENT)) return null;
    along.push(length);
    axes.push(rest.map((value) => value / length));
  }
  const weights = [...(shares[columns.length] ?? [])];
  for (let at = columns.length - 1; at >= 0; at -= 1) {
    const share = shares[at] ?? [];
    const weight = (weights[at] ?? 0) / (share[at] ?? 1);
    weights[at] = weight;
    for (let above = 0; above < at; above += 1) weights[above] = (weights[above] ?? 0) - weight * (share[above] ?? 0);
  }
  return weights;
}

/** Leaves of `vector` what is across `axis`; how much was along it. */
function takeOut(vector: number[], axis: readonly number[]): number {
  const along = dot(vector, axis);
  for (const [at, value] of axis.entries()) vector[at] = (vector[at] ?? 0) - along * value;
  return along;
}

function leftOf(columns: readonly (readonly number[])[], weights: readonly number[], values: readonly number[]) {
  const left = [...values];
  for (const [at, column] of columns.entries()) {
    for (const [row, value] of column.entries()) left[row] = (left[row] ?? 0) - (weights[at] ?? 0) * value;
  }
  return left;
}

function dot(a: readonly number[], b: readonly number[]): number {
  let sum = 0;
  for (const [at, value] of a.entries()) sum += value * (b[at] ?? 0);
  return sum;
}
