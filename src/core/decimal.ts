/** An exact decimal number: `digits × 10^exponent`, without trailing zeros in `digits`; zero is `0 × 10^0`. */
export interface Decimal {
  digits: bigint;
  exponent: number;
}

const NUMBER = /^([+-]?)(?:(0|[1-9]\d*)(?:\.(\d*))?|\.(\d+))(?:[eE]([+-]?\d{1,6}))?$/;
const MAX_DIGITS = 1000;

/** A number as people write one (`0.10`, `.5`, `1e-3`, `-7`); null for anything else, `007` and `1_000` included. */
export function parseDecimal(text: string): Decimal | null {
  if (text.length > MAX_DIGITS) return null;
  const match = NUMBER.exec(text);
  if (!match) return null;
  const fraction = match[3] ?? match[4] ?? "";
  const digits = BigInt((match[2] ?? "") + fraction);
  const exponent = Number(match[5] ?? "0") - fraction.length;
  return normalDecimal(match[1] === "-" ? -digits : digits, exponent);
}

export function normalDecimal(digits: bigint, exponent: number): Decimal {
  if (digits === 0n) return { digits: 0n, exponent: 0 };
  const text = digits.toString();
  const significant = text.replace(/0+$/, "");
  const zeros = text.length - significant.length;
  return zeros === 0 ? { digits, exponent } : { digits: BigInt(significant), exponent: exponent + zeros };
}

/** The shortest way to write the number; plain from 1e-6 to 1e21 like JavaScript's own, but with every digit kept. */
export function formatDecimal(decimal: Decimal): string {
  const negative = decimal.digits < 0n;
  const digits = (negative ? -decimal.digits : decimal.digits).toString();
  const point = digits.length + decimal.exponent;
  const sign = negative ? "-" : "";
  if (decimal.exponent >= 0 && point <= 21) return sign + digits + "0".repeat(decimal.exponent);
  if (point > 0 && point <= 21) return `${sign}${digits.slice(0, point)}.${digits.slice(point)}`;
  if (point > -6 && point <= 0) return `${sign}0.${"0".repeat(-point)}${digits}`;
  const mantissa = digits.length === 1 ? digits : `${digits.slice(0, 1)}.${digits.slice(1)}`;
  return `${sign}${mantissa}e${point > 0 ? "+" : "-"}${Math.abs(point - 1)}`;
}

/** The same text for every way to write the same number (`0.1` for `0.10` and `1e-1`); null where it is no number. */
export function numberKey(text: string): string | null {
  if (/^[1-9]\d{0,20}$/.test(text)) return text;
  const first = text.charCodeAt(0);
  // Most texts that are not numbers are words: + - . and the digits lie between 43 and 57.
  if (!(first >= 43 && first <= 57)) return null;
  const decimal = parseDecimal(text);
  return decimal && formatDecimal(decimal);
}

/** The number as a whole count of 10^-scale; `scale` must be at least the number of its decimal places. */
export function scaledBy(decimal: Decimal, scale: number): bigint {
  return decimal.digits * 10n ** BigInt(decimal.exponent + scale);
}
