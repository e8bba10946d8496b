import type { ValueSequence } from "./axis.ts";
import { formatDecimal, normalDecimal, parseDecimal, scaledBy } from "./decimal.ts";

const MAX_EXPONENT = 300;
/** Up to this many decimal places, numbers are written plainly (1e-7 is not), so digits can simply be cut. */
const PLAIN_SCALE = 6;

/** `from`, `from ± step`, … up to `to`, in exact decimals; a text saying why where that cannot be. */
export function rangeValues(from: string, to: string, step: string): ValueSequence | string {
  const [first, last, stride] = [parseDecimal(from), parseDecimal(to), parseDecimal(step)];
  for (const [decimal, text] of [
    [first, from],
    [last, to],
    [stride, step],
  ] as const) {
    if (!decimal) return `${text} is not a number as ranges take them`;
    if (Math.abs(decimal.exponent) > MAX_EXPONENT) return `${text} is too large or too fine`;
  }
  if (!first || !last || !stride) return "not a range";
  if (stride.digits === 0n) return "the step is 0";

  const scale = Math.max(0, -first.exponent, -last.exponent, -stride.exponent);
  const [a, b, s] = [scaledBy(first, scale), scaledBy(last, scale), scaledBy(stride, scale)];
  if (s < 0n && b > a) return "the step leads away from the end";
  const distance = b >= a ? b - a : a - b;
  const size = s < 0n ? -s : s;
  const total = distance / size + 1n;
  if (total > BigInt(Number.MAX_SAFE_INTEGER)) return "it has more than 2^53 values";
  return progressionValues(a, b >= a ? size : -size, scale, Number(total));
}

function progressionValues(first: bigint, step: bigint, scale: number, count: number): ValueSequence {
  const last = first + step * BigInt(count - 1);
  const small = scale <= PLAIN_SCALE && [first, last, step].every((n) => Number.isSafeInteger(Number(n)));
  const [firstNumber, stepNumber] = [Number(first), Number(step)];

  function textAt(index: number): string {
    if (small) return cutDecimals(firstNumber + index * stepNumber, scale);
    return formatDecimal(normalDecimal(first + step * BigInt(index), -scale));
  }

  function indexesOf(text: string): readonly number[] {
    const decimal = parseDecimal(text);
    if (!decimal || decimal.exponent < -scale || decimal.exponent > MAX_EXPONENT * 2) return [];
    const distance = scaledBy(decimal, scale) - first;
    if (distance % step !== 0n) return [];
    const index = distance / step;
    return index >= 0n && index < BigInt(count) ? [Number(index)] : [];
  }

  return {
    count,
    at(index) {
      if (!(index >= 0 && index < count)) throw new RangeError(`no value ${index} of ${count}`);
      const text = textAt(index);
      return { text, json: text };
    },
    indexesOf,
    computed: true,
    progression: { first, step, scale },
  };
}

function cutDecimals(scaled: number, scale: number): string {
  if (scale === 0) return String(scaled);
  const digits = String(Math.abs(scaled)).padStart(scale + 1, "0");
  const fraction = digits.slice(-scale).replace(/0+$/, "");
  const whole = (scaled < 0 ? "-" : "") + digits.slice(0, -scale);
  return fraction === "" ? whole : `${whole}.${fraction}`;
}
