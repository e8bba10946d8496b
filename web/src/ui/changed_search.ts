/** Some of what an address says; an empty text, or undefined, takes something out. */
export type SearchChange<Search> = Partial<Record<keyof Search, string | number | undefined>>;

/** What an address says, with some of it changed. */
export function changedSearch<Search extends object>(search: Search, change: SearchChange<Search>): Search {
  const entries = Object.entries({ ...search, ...change }).filter(([, value]) => value !== undefined && value !== "");
  return Object.fromEntries(entries) as Search;
}
