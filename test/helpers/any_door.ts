import { type DoorName, doors } from "../../src/api/paths.ts";

/** What a door cannot do without. */
const queries: Partial<Record<DoorName, string>> = {
  explain: "?select=1",
  searchOutput: "?text=x",
  readFile: "?path=results/x",
  archiveFiles: "?path=results",
};

const places: Record<string, string> = {
  job: "1",
  n: "1",
  machine: "local",
  token: "x",
  environment: "00000000",
  pool: "local",
};

/** A door's path as it is in a yard with one job: to the job, its run, this machine. */
export function pathThrough(name: DoorName): string {
  return doors[name].path.replaceAll(/:([a-z]+)/g, (_, place: string) => places[place] ?? "x");
}

/** The same with what a door that only looks cannot do without. */
export function lookThrough(name: DoorName): string {
  return pathThrough(name) + (queries[name] ?? "");
}

/** What such a door answers where a yard has nothing of the kind to show. */
export const nothingThere: Partial<Record<DoorName, string>> = {
  showCluster: "422 not_a_cluster",
  readFile: "404 no_such_file",
  archiveFiles: "404 no_such_file",
};
