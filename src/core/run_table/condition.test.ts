import fc from "fast-check";
import { expect, test } from "vitest";
import { type Condition, formatWhere, parseNames, parseWhere, valueNumber } from "./condition.ts";

const anyText = fc.string({ unit: "grapheme", maxLength: 8 });
const anyName = anyText.filter((name) => name !== "" && name !== "search");
const anyCondition: fc.Arbitrary<Condition> = fc.oneof(
  fc.record({
    column: anyName,
    is: fc.constantFrom("=" as const, "!=" as const, "~" as const),
    values: fc.array(anyText, { minLength: 1, maxLength: 3 }),
  }),
  fc.record({
    column: anyName.filter((name) => !["startedAt", "endedAt"].includes(name)),
    is: fc.constantFrom("<" as const, "<=" as const, ">" as const, ">=" as const),
    values: fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => [String(value)]),
  }),
);

test("conditions are read as they are written", () => {
  expect(
    parseWhere('params.lr>=0.01, status=failed|cancelled,machine ~ lab , search=adam, params."a b,"=" x"'),
  ).toEqual([
    { column: "params.lr", is: ">=", values: ["0.01"] },
    { column: "status", is: "=", values: ["failed", "cancelled"] },
    { column: "machine", is: "~", values: ["lab"] },
    { column: "search", is: "=", values: ["adam"] },
    { column: "params.a b,", is: "=", values: [" x"] },
  ]);
  expect(parseWhere("  ")).toEqual([]);
  expect(parseWhere("result.accuracy!=")).toEqual([{ column: "result.accuracy", is: "!=", values: [""] }]);
});

test("whatever conditions are written out, they are read again as they were", () => {
  fc.assert(
    fc.property(fc.array(anyCondition, { maxLength: 5 }), (conditions) => {
      expect(parseWhere(formatWhere(conditions))).toEqual(conditions);
    }),
  );
});

test("any text at all is read, or refused at a place within it", () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...'ab.<>=!~,|"\\ 1') }), (text) => {
      const parsed = parseWhere(text);
      if (Array.isArray(parsed)) return;
      expect(parsed.at).toBeGreaterThanOrEqual(1);
      expect(parsed.at).toBeLessThanOrEqual(text.length + 1);
    }),
  );
});

test.each([
  ["params.lr", 10, "may follow params.lr; to look for a word write search=params.lr"],
  ["params.lr>=0.1 status=failed", 12, '">=" compares'],
  ["params.lr>fast", 11, '> compares numbers, and "fast" is none'],
  ["took>soon", 6, "or durations (90s, 2h30m)"],
  ["startedAt>5", 11, "here instants (2026-01-31T12:00Z)"],
  ["loss<1|2", 7, "< takes one value"],
  ["search~x", 7, "only = may follow search"],
  ['machine="lab', 9, "do not end"],
  ["a=1,,b=2", 5, "the name of a column"],
  ['a="x"y', 6, "a comma has to stand"],
])("%s is refused at character %i", (text, at, says) => {
  const parsed = parseWhere(text);
  expect(parsed).toMatchObject({ at });
  expect(JSON.stringify(parsed).replaceAll("\\", "")).toContain(says.replace('">="', ">="));
});

test("durations and instants count as what their columns hold", () => {
  expect(valueNumber("took", "2m")).toBe(120);
  expect(valueNumber("took", "1.5")).toBe(1.5);
  expect(valueNumber("startedAt", "2026-01-31T12:00:00Z")).toBe(Date.UTC(2026, 0, 31, 12));
  expect(valueNumber("params.x", "1e-3")).toBe(0.001);
  expect(valueNumber("params.x", "1e999")).toBeNull();
});

test("names of columns may have any sign in them, in quotes", () => {
  expect(parseNames('params.lr, params."a,b" ,n')).toEqual(["params.lr", "params.a,b", "n"]);
  expect(parseNames("")).toEqual([]);
  expect(parseNames("n,")).toMatchObject({ at: 3 });
});
