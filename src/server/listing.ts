import { type Refused, refuse } from "../core/failure.ts";
import { type Mark, type Page, pageOf, type SortValue, type ValueKind } from "../core/page.ts";

/** The order of a list, and where its page begins, as the contract parses them. */
interface Listing<Key extends string> {
  sort: Key | `-${Key}`;
  after?: string | undefined;
  limit: number;
}

/** Of what kind the values are that each key sorts by. */
type Kinds<Key extends string> = Record<Key, { kind: ValueKind }>;

/**
 * The page that was asked for and one thing more, by which it is known whether another page follows.
 * Refuses an `after` that no list like this one has given out.
 */
export function pageFrom<Key extends string>(query: Listing<Key>, kinds: Kinds<Key>): Page<Key> | Refused {
  return readPage<Key, number>(query, (key) => kinds[key].kind, "whole");
}

/** What a page shows of what was asked for with it, and the `next` behind it. */
export function shown<Thing>(
  things: Thing[],
  { sort, limit }: { sort: string; limit: number },
  markOf: (thing: Thing) => Mark<number | string>,
): { page: Thing[]; next: string | null } {
  const last = things[limit - 1];
  if (things.length <= limit || last === undefined) return { page: things, next: null };
  const { value, id } = markOf(last);
  return { page: things.slice(0, limit), next: Buffer.from(JSON.stringify([sort, value, id])).toString("base64url") };
}

/** The page of a list that is at hand as a whole. */
export function listed<Thing, Key extends string>(
  things: readonly Thing[],
  query: Listing<Key>,
  idOf: (thing: Thing) => string,
  values: Record<Key, (thing: Thing) => string | null>,
): { page: Thing[]; next: string | null } | Refused {
  const page = readPage<Key, string>(query, () => "text", "text");
  if ("refused" in page) return page;
  const markOf = (thing: Thing) => ({ value: values[page.key](thing), id: idOf(thing) });
  return shown(pageOf(things, page, markOf), query, markOf);
}

function readPage<Key extends string, Id extends number | string>(
  { sort, after, limit }: Listing<Key>,
  kindOf: (key: Key) => ValueKind,
  idKind: ValueKind,
): Page<Key, Id> | Refused {
  const descending = sort.startsWith("-");
  const key = (descending ? sort.slice(1) : sort) as Key;
  const page = { key, descending, limit: limit + 1 };
  if (after === undefined) return { ...page, after: null };
  const [under, value, id] = readPlace(after);
  if (under === sort && isOf(idKind, id) && (value === null || isOf(kindOf(key), value)))
    return { ...page, after: { value: value as SortValue, id: id as Id } };
  const detail = `after: "${after}" is no place in this list. Pass on the "next" of the page before, with the same sort.`;
  return refuse({ code: "bad_request", detail });
}

function isOf(kind: ValueKind, value: unknown): boolean {
  if (kind === "text") return typeof value === "string" && !value.includes("\0");
  return kind === "whole" ? Number.isSafeInteger(value) : Number.isFinite(value);
}

function readPlace(text: string): unknown[] {
  try {
    const place: unknown = JSON.parse(Buffer.from(text, "base64url").toString("utf8"));
    return Array.isArray(place) ? place : [];
  } catch {
    return [];
  }
}
