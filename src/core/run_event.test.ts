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

test("an instant that has no date is none", () => {
  const at = (t: string) => parseEvent(`{"t":${t},"kind":"log","text":""}`)?.at;
  expect([at("1e30"), at("-8.7e12"), at("NaN"), at("8.64e12")]).toEqual([0, 0, 0, 8.64e15]);
});

test("a number too large for one is infinite, and never where only numbers stand", () => {
  expect(parseEvent('{"t":1e999,"kind":"metric","step":1e999,"values":{"a":1e999,"b":-1e999}}')).toEqual({
    kind: "metric",
    at: 0,
    step: null,
    values: { a: "Infinity", b: "-Infinity" },
  });
  expect(parseEvent('{"kind":"progress","done":3,"of":1e999}')).toMatchObject({ done: 3, of: null });
  expect(parseEvent('{"kind":"progress","done":1e999}')).toBeNull();
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
