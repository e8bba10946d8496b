/**
 * Which jobs and runs a command means: `12`, `12.3`, `12.1-5`, `3,5,7-9`, `last`, `all`.
 * A part names whole jobs (`first` to `last`) or runs of one job.
 */
export type Selector =
  | { kind: "all" }
  | { kind: "last" }
  | { kind: "jobs"; first: number; last: number }
  | { kind: "runs"; job: number; first: number; last: number };

/** Parses a list of selectors; null where the text is not one. Numbers count from 1 and stay below 2^53. */
export function parseSelectors(text: string): Selector[] | null {
  if (text === "all") return [{ kind: "all" }];
  const selectors = text.split(",").map(parseSelector);
  return selectors.every((selector) => selector !== null) ? selectors : null;
}

function parseSelector(part: string): Selector | null {
  if (part === "last") return { kind: "last" };
  const match = /^(\d{1,15})(?:\.(\d{1,15}))?(?:-(\d{1,15}))?$/.exec(part);
  if (!match) return null;
  const [, a, b, c] = match;
  const first = Number(b ?? a);
  const last = c === undefined ? first : Number(c);
  if (first < 1 || last < first || Number(a) < 1) return null;
  return b === undefined ? { kind: "jobs", first, last } : { kind: "runs", job: Number(a), first, last };
}

export function formatSelector(selector: Selector): string {
  switch (selector.kind) {
    case "all":
    case "last":
      return selector.kind;
    case "jobs":
      return span(selector.first, selector.last);
    case "runs":
      return `${selector.job}.${span(selector.first, selector.last)}`;
  }
}

function span(first: number, last: number): string {
  return first === last ? `${first}` : `${first}-${last}`;
}
