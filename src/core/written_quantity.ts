/** Quantities as an option takes them: what is written here is read back as exactly the same number. */

const UNITS = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["m", 60_000],
] as const;

/** Milliseconds → `2h30m`, `90.5s`. At least 1. */
export function writtenDuration(ms: number): string {
  let rest = ms;
  let text = "";
  for (const [unit, unitMs] of UNITS) {
    const count = Math.floor(rest / unitMs);
    rest -= count * unitMs;
    if (count > 0) text += `${count}${unit}`;
  }
  return rest > 0 ? `${text}${rest / 1000}s` : text;
}

/** Bytes → `24G`, `1536M`, `1000`: in the largest unit that has a whole number of them. */
export function writtenSize(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && value % 1024 === 0 && unit < 4) {
    value /= 1024;
    unit += 1;
  }
  return `${value}${["", "K", "M", "G", "T"][unit]}`;
}
