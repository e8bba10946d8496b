import { expect, test } from "vitest";
import { LONGEST_LINE_BYTES, parseEvent } from "./run_event.ts";

test("metrics, progress, results and log lines are read", () => {
  expect(parseEvent('{"t":1732180000.1,"kind":"metric","step":10,"values":{"loss":0.31}}')).toEqual({
    kind: "metric",
    at: 1732180000100,
    step: 10,
    values: { loss: 0.31 },
  });
  expect(parseEvent('{"kind":"progress","done":3,"of":10}')).toMatchObject({ done: 3, of: 10 });
  expect(parseEvent('{"kind":"result","values":{"accuracy":0.97}}')).toMatchObject({ values: { accuracy: 0.97 } });
  expect(parseEvent('{"kind":"log","text":"hello"}')).toMatchObject({ text: "hello" });
});

test("Python's bare NaN and Infinity are read as the strings that stand for them", () => {
  expect(parseEvent('{"kind":"metric","step":1,"values":{"a": NaN, "b": -Infinity, "c": "NaN"}}')).toMatchObject({
    values: { a: "NaN", b: "-Infinity", c: "NaN" },
  });
});

test.each([
  '{"kind":"metric","val',
  "",
  "[]",
  "null",
  '{"kind":"other"}',
  '{"kind":"metric","values":[1]}',
  "x".repeat(LONGEST_LINE_BYTES + 1),
])("a torn, foreign or oversized line is none (%#)", (line) => {
  expect(parseEvent(line)).toBeNull();
});
