/** What the page of a new job begins with, as its address says it. */
export interface SubmitSearch {
  /** The job that is to be submitted again, with changes. */
  from?: number;
}

export function readSubmitSearch(search: Record<string, unknown>): SubmitSearch {
  const from = Number(search["from"]);
  return Number.isSafeInteger(from) && from > 0 ? { from } : {};
}
