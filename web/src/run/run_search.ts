/** What the page of a run shows, as its address says it. */
export interface RunSearch {
  /** Default: the output. */
  tab?: RunTab;
}

const tabs = ["output", "metrics", "files", "attempts"] as const;
export type RunTab = (typeof tabs)[number];

export function readRunSearch(search: Record<string, unknown>): RunSearch {
  const tab = tabs.find((one) => one === search["tab"]);
  return tab === undefined ? {} : { tab };
}
