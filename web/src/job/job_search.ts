/** What the page of a job shows, as its address says it. Absent: as usual. */
export interface JobSearch {
  /** Default: the runs. */
  part?: JobPart;
  /** Conditions on runs, for the table and the plots alike; see `parseWhere` in core. */
  where?: string;
  /** A column, `-` in front: the largest first. Default: by number. */
  sort?: string;
  /** The columns of the table, as `parseNames` reads them. Default: what tells most. */
  columns?: string;
  /** Runs that stand side by side: `3,7-9`. */
  compare?: string;
}

export const jobParts = ["runs", "plots", "compare", "failures", "waiting", "definition"] as const;
export type JobPart = (typeof jobParts)[number];

/** What an address says, as far as it says something that there is. */
export function readJobSearch(search: Record<string, unknown>): JobSearch {
  // An address may read a number, or true, into what was meant as a text.
  const text = (value: unknown) =>
    ["string", "number", "boolean"].includes(typeof value) && value !== "" ? String(value) : undefined;
  const read = {
    part: jobParts.find((one) => one === search["part"]),
    where: text(search["where"]),
    sort: text(search["sort"]),
    columns: text(search["columns"]),
    compare: text(search["compare"]),
  };
  return Object.fromEntries(Object.entries(read).filter(([, value]) => value !== undefined));
}
