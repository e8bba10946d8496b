/** What the page of a run shows, as its address says it. */
export interface RunSearch {
  /** Default: the output. */
  tab?: RunTab;
  /** The folder whose files are shown. Default: the places that they lie in. */
  path?: string;
}

const tabs = ["output", "metrics", "files", "gpus", "attempts"] as const;
export type RunTab = (typeof tabs)[number];

export function readRunSearch(search: Record<string, unknown>): RunSearch {
  const tab = tabs.find((one) => one === search["tab"]);
  const path = search["path"];
  return { ...(tab !== undefined && { tab }), ...(typeof path === "string" && path !== "" && { path }) };
}
