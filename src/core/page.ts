/** A value that things in a list are ordered by; null: there is none. */
export type SortValue = number | string | null;

export type ValueKind = "whole" | "real" | "text";

/** The place of a thing in a list: its value under the list's order, and the id that tells it from its equals. */
export interface Mark<Id extends number | string = number> {
  value: SortValue;
  id: Id;
}

/**
 * A stretch of a list: ordered by `key`, what has no value last, equals by their ids upwards; `limit` of them, behind
 * `after` (null: from the beginning). Since it begins behind a place and not a number of things, nothing is shown twice
 * or left out because others came or went.
 */
export interface Page<Key extends string, Id extends number | string = number> {
  key: Key;
  descending: boolean;
  after: Mark<Id> | null;
  limit: number;
}

/** Takes the page out of all things there are. */
export function pageOf<Thing, Key extends string, Id extends number | string>(
  things: readonly Thing[],
  page: Page<Key, Id>,
  markOf: (thing: Thing) => Mark<Id>,
): Thing[] {
  const { after, descending } = page;
  const marked = things.map((thing) => ({ thing, mark: markOf(thing) }));
  return marked
    .filter(({ mark }) => after === null || compare(mark, after, descending) > 0)
    .sort((a, b) => compare(a.mark, b.mark, descending))
    .slice(0, page.limit)
    .map(({ thing }) => thing);
}

function compare<Id extends number | string>(a: Mark<Id>, b: Mark<Id>, descending: boolean): number {
  if (a.value === null || b.value === null) {
    if (a.value !== b.value) return a.value === null ? 1 : -1;
  } else if (a.value !== b.value) return (a.value < b.value ? -1 : 1) * (descending ? -1 : 1);
  return a.id === b.id ? 0 : a.id < b.id ? -1 : 1;
}
