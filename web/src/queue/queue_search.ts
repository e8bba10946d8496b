import type { JobStatus } from "../../../src/core/job.ts";
import { jobStatuses } from "../../../src/core/job.ts";

/** What the queue page shows, as its address says it. Absent: as usual. */
export interface QueueSearch {
  search?: string;
  status?: JobStatus;
  user?: string;
  pool?: string;
  tag?: string;
  /** A key of the list of jobs, `-` in front: the other way round. Default: the newest first. */
  sort?: QueueSort;
}

const sortKeys = ["id", "name", "user", "pool", "status", "priority", "runs", "submittedAt", "endedAt"] as const;
export type QueueSort = (typeof sortKeys)[number] | `-${(typeof sortKeys)[number]}`;

/** What an address says, as far as it says something that there is. */
export function readQueueSearch(search: Record<string, unknown>): QueueSearch {
  const text = (value: unknown) => (typeof value === "string" && value !== "" ? value : undefined);
  const status = jobStatuses.find((one) => one === search["status"]);
  const sort = text(search["sort"]);
  const read = {
    // An address may read a number into what was typed as a text.
    search: typeof search["search"] === "number" ? String(search["search"]) : text(search["search"]),
    status,
    user: text(search["user"]),
    pool: text(search["pool"]),
    tag: text(search["tag"]),
    sort: sort !== undefined && isSort(sort) ? sort : undefined,
  };
  return Object.fromEntries(Object.entries(read).filter(([, value]) => value !== undefined));
}

function isSort(text: string): text is QueueSort {
  return sortKeys.some((key) => key === text.replace(/^-/, ""));
}
