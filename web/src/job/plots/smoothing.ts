/**
 * Each value moved towards those before it: an exponential average, started where the curve starts and not at 0 (the correction of
 * Kingma and Ba 2015). A gap stays one, and what comes behind it goes on from what was before.
 *
 * @param weight  of what came before, 0 (none) up to 1
 */
export function smoothed(values: readonly (number | null)[], weight: number): (number | null)[] {
  if (weight <= 0) return [...values];
  let [average, correction] = [0, 0];
  return values.map((value) => {
    if (value === null) return null;
    average = weight * average + (1 - weight) * value;
    correction = weight * correction + (1 - weight);
    return average / correction;
  });
}
