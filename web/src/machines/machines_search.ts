import { type MachineFilter, machineFilters } from "./wall.ts";

/** What the wall shows, as its address says it. Absent: as usual. */
export interface MachinesSearch {
  /** Part of the name of a machine, a GPU, a run, a job, a user or a process. */
  search?: string;
  pool?: string;
  state?: MachineFilter;
  /** How far back the use of GPUs is shown. Default: 6. */
  hours?: WallHours;
  /** Of many machines the one that is shown with everything. */
  open?: string;
}

export const wallHours = [1, 6, 24, 168] as const;
export type WallHours = (typeof wallHours)[number];

/** What an address says, as far as it says something that there is. */
export function readMachinesSearch(search: Record<string, unknown>): MachinesSearch {
  // An address may read a number into what was typed as a text.
  const text = (value: unknown) =>
    typeof value === "number" ? String(value) : typeof value === "string" && value !== "" ? value : undefined;
  const read = {
    search: text(search["search"]),
    pool: text(search["pool"]),
    state: machineFilters.find((one) => one === search["state"]),
    hours: wallHours.find((one) => one === search["hours"]),
    open: text(search["open"]),
  };
  return Object.fromEntries(Object.entries(read).filter(([, value]) => value !== undefined));
}
