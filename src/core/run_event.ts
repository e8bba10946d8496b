/** What a run has told of itself through its events file, as far as it has been read. */
export interface Observations {
  progress: { done: number; of: number | null } | null;
  /** Last values, in the order they first came. */
  metrics: Record<string, number | string | boolean | null>;
  result: Record<string, number | string | boolean | null>;
}

export type RunEvent =
  | { kind: "metric"; at: number; step: number | null; values: Observations["metrics"] }
  | { kind: "progress"; at: number; done: number; of: number | null }
  | { kind: "result"; at: number; values: Observations["result"] }
  | { kind: "log"; at: number; text: string };

/** A longer line is not one of the client library's. */
export const LONGEST_LINE_BYTES = 256 * 1024;

/** Beyond this no instant has a date (ECMAScript's time values). */
const FURTHEST_MS = 8.64e15;

/** One line of an events file; null where it is torn, foreign or oversized. */
export function parseEvent(line: string): RunEvent | null {
  if (line.length > LONGEST_LINE_BYTES) return null;
  const event = parseJson(line);
  if (typeof event !== "object" || event === null || !("kind" in event)) return null;
  const { kind, t, step, values, done, of, text } = event as Record<string, unknown>;
  const at = isFiniteNumber(t) && Math.abs(t * 1000) <= FURTHEST_MS ? Math.round(t * 1000) : 0;
  if (kind === "metric" && isRecord(values)) {
    return { kind, at, step: isFiniteNumber(step) ? step : null, values: scalars(values) };
  }
  if (kind === "result" && isRecord(values)) return { kind, at, values: scalars(values) };
  if (kind === "progress" && isFiniteNumber(done)) {
    return { kind, at, done, of: isFiniteNumber(of) ? of : null };
  }
  return kind === "log" && typeof text === "string" ? { kind, at, text } : null;
}

/** Python's json writes bare NaN and Infinity, which are not JSON: read as the strings that stand for them. */
function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    try {
      return JSON.parse(line.replaceAll(/([:[,]\s*)(NaN|-?Infinity)(?=\s*[,\]}])/g, '$1"$2"'));
    } catch {
      return null;
    }
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** JSON has no infinity, but 1e999 reads as one. */
function isFiniteNumber(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value);
}

function scalars(values: Record<string, unknown>): Observations["metrics"] {
  const kept: Observations["metrics"] = {};
  for (const [name, value] of Object.entries(values)) {
    const isScalar = value === null || ["number", "string", "boolean"].includes(typeof value);
    const key = name.slice(0, 200);
    if (typeof value === "number" && !Number.isFinite(value)) kept[key] = String(value);
    else kept[key] = isScalar ? (value as string | number | boolean | null) : JSON.stringify(value);
  }
  return kept;
}
