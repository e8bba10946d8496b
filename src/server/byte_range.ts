/** A stretch of a file, in bytes: `from` up to, but not including, `to`. */
export interface ByteRange {
  from: number;
  to: number;
}

/**
 * What a `Range` header asks for. Null: all of it, as where the header is missing, asks for several stretches, or is none
 * that is understood. `unsatisfiable`: nothing of it is there.
 */
export function byteRange(header: string | undefined, size: number): ByteRange | "unsatisfiable" | null {
  const match = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header?.trim() ?? "");
  if (!match) return null;
  const [, first = "", last = ""] = match;
  if (first === "" && last === "") return null;
  const from = first === "" ? Math.max(0, size - Number(last)) : Number(first);
  const to = first === "" || last === "" ? size : Math.min(size, Number(last) + 1);
  if (first !== "" && last !== "" && Number(last) < from) return null;
  return from < to ? { from, to } : "unsatisfiable";
}
