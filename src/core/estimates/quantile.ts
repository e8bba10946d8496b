export interface Weighted {
  value: number;
  /** Above 0. */
  weight: number;
}

/**
 * The value that has `part` of the weight below it: each stands in the middle of its own weight, and between two of them
 * the way is straight. With equal weights that is Hazen's (1914): of 1 2 3 4 the quartiles are 1.5, 2.5 and 3.5.
 * NaN: there are no values.
 */
export function quantileOf(items: readonly Weighted[], part: number): number {
  const inOrder = [...items].sort((a, b) => a.value - b.value);
  const wanted = part * inOrder.reduce((sum, { weight }) => sum + weight, 0);
  let below = 0;
  let before: { value: number; middle: number } | null = null;
  for (const { value, weight } of inOrder) {
    const middle = below + weight / 2;
    if (middle >= wanted) {
      if (before === null) return value;
      return before.value + ((value - before.value) * (wanted - before.middle)) / (middle - before.middle);
    }
    before = { value, middle };
    below += weight;
  }
  return before?.value ?? Number.NaN;
}
