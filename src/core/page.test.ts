import fc from "fast-check";
import { expect, test } from "vitest";
import { pageOf } from "./page.ts";

const things = fc.uniqueArray(
  fc.record({ id: fc.nat(1000), value: fc.oneof(fc.integer({ min: 0, max: 5 }), fc.constant(null)) }),
  { selector: ({ id }) => id },
);

test("pages one behind the other show everything once, in order, what has no value last", () => {
  fc.assert(
    fc.property(things, fc.boolean(), fc.integer({ min: 1, max: 7 }), (all, descending, limit) => {
      const seen: typeof all = [];
      for (let after: (typeof all)[number] | null = null; ; ) {
        const page: typeof all = pageOf(all, { key: "value", descending, after, limit }, (thing) => thing);
        seen.push(...page);
        after = page.at(-1) ?? null;
        if (page.length < limit) break;
      }
      expect(seen.toSorted((a, b) => a.id - b.id)).toEqual(all.toSorted((a, b) => a.id - b.id));
      const values = seen.map(({ value }) => value ?? (descending ? -1 : 6));
      expect(values).toEqual(values.toSorted((a, b) => (descending ? b - a : a - b)));
      for (const [i, { id, value }] of seen.entries()) {
        const before = seen[i - 1];
        if (before?.value === value) expect(before.id).toBeLessThan(id);
      }
    }),
  );
});

test("what comes or goes before the page's place moves nothing", () => {
  const names = (words: string[], after: string | null) =>
    pageOf(
      words,
      { key: "name", descending: false, after: after === null ? null : { value: after, id: after }, limit: 2 },
      (word) => ({ value: word, id: word }),
    );
  expect(names(["d", "b", "c", "e"], null)).toEqual(["b", "c"]);
  expect(names(["d", "a", "e"], "c")).toEqual(["d", "e"]);
});
