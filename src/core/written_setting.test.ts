import fc from "fast-check";
import { expect, test } from "vitest";
import { textValue } from "./parameter_value.ts";
import { parseSetting } from "./setting.ts";
import { writtenSetting } from "./written_setting.ts";

const readBack = (texts: string[]) => {
  const values = { kind: "list" as const, values: texts.map(textValue) };
  return [parseSetting(writtenSetting({ name: "x", values }) ?? ""), { name: "x", values }];
};

test("a word with a bracket and half a quote does not swallow the value behind it", () => {
  const [read, written] = readBack(['{"}=', '",$']);
  expect(read).toEqual(written);
});

test("texts are read as they were, whatever stands beside them", () => {
  const text = fc.stringMatching(/^[-a"'\\ $,={}[\]]{1,6}$/);
  fc.assert(
    fc.property(fc.uniqueArray(text, { minLength: 1, maxLength: 4 }), (texts) => {
      const [read, written] = readBack(texts);
      expect(read).toEqual(written);
    }),
    { numRuns: 2000 },
  );
});
