import { nonNegativeLeastSquares } from "./nnls.ts";

export interface SpeedPoint {
  workers: number;
  /** Parameter servers. Absent: none. */
  servers?: number;
  /** As measured. What is not above 0 is passed over. */
  stepsPerSecond: number;
}

export interface SpeedModel {
  /** θ of the formula, all ≥ 0. */
  theta: readonly number[];
  /** As measured with as many, the mean where that was done more than once; else by the formula. */
  stepsPerSecond(workers: number, servers?: number): number;
}

/**
 * What the seconds of a step consist of, each to be weighted with a θ, for w workers, p parameter servers and M examples
 * in a step of all workers together (Optimus, Peng et al., EuroSys 2018; all-reduce: with the same reasoning for a ring).
 */
const formulas = {
  /** 1/f = θ0·M/w + θ1 + θ2·w */
  all_reduce: (w: number, _p: number, m: number) => [m / w, 1, w],
  /** 1/f = θ0·M/w + θ1 + θ2·w/p + θ3·w + θ4·p */
  synchronous_servers: (w: number, p: number, m: number) => [m / w, 1, w / p, w, p],
  /** w/f = θ0 + θ1·w/p + θ2·w + θ3·p; each worker takes steps of its own */
  asynchronous_servers: (w: number, p: number) => [1 / w, 1 / p, 1, p / w],
};

/** How the workers of a run keep their model in step: it decides how their number tells on its speed. */
export type Training = keyof typeof formulas;

/**
 * The speed of a run with any number of workers, by what was measured with some. It takes as many different counts as the
 * formula has θ: 3, 5 and 4. Null: there are fewer. A caller may then give the run one worker more each time, to have them
 * measured, or take it to be as fast as it was last, which leaves it with what it has.
 *
 * @param examples  M. Where it is not known, 1: that changes θ0, and no speed
 */
export function fitSpeed(training: Training, measured: readonly SpeedPoint[], examples = 1): SpeedModel | null {
  const speeds = new Map<string, number[]>();
  const rows: number[][] = [];
  for (const { workers, servers = 0, stepsPerSecond } of measured) {
    // By its speed: then all rows aim at 1, and an error of a tenth counts the same wherever it is.
    const row = formulas[training](workers, servers, examples).map((seconds) => seconds * stepsPerSecond);
    if (!(stepsPerSecond > 0) || !row.every(Number.isFinite)) continue;
    rows.push(row);
    const known = speeds.get(`${workers}/${servers}`);
    if (known) known.push(stepsPerSecond);
    else speeds.set(`${workers}/${servers}`, [stepsPerSecond]);
  }
  if (speeds.size < formulas[training](1, 1, 1).length) return null;
  const theta = nonNegativeLeastSquares(
    rows,
    rows.map(() => 1),
  );
  return {
    theta,
    stepsPerSecond(workers, servers = 0) {
      const known = speeds.get(`${workers}/${servers}`);
      if (known) return known.reduce((sum, speed) => sum + speed, 0) / known.length;
      const terms = formulas[training](workers, servers, examples);
      return 1 / terms.reduce((seconds, term, at) => seconds + term * (theta[at] ?? 0), 0);
    },
  };
}
