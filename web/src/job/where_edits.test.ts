import { expect, test } from "vitest";
import { rangeOf, valuesOf, withConditions, withRange, withValues } from "./where_edits.ts";

test("a range drawn on an axis becomes conditions, and another one takes their place", () => {
  const once = withRange("status=succeeded", "params.lr", [0.0012345678, 0.1]);
  expect(once).toBe("status=succeeded, params.lr>=0.001235, params.lr<=0.1");
  expect(rangeOf(once, "params.lr")).toEqual([0.001235, 0.1]);
  const again = withRange(once, "params.lr", [1, 2]);
  expect(again).toBe("status=succeeded, params.lr>=1, params.lr<=2");
  expect(withRange(again, "params.lr", null)).toBe("status=succeeded");
  expect(rangeOf("status=succeeded", "params.lr")).toBeNull();
});

test("words chosen on an axis become a condition", () => {
  const chosen = withValues("", "params.opt", ["adam", "a,b"]);
  expect(chosen).toBe('params.opt=adam|"a,b"');
  expect(valuesOf(chosen, "params.opt")).toEqual(["adam", "a,b"]);
  expect(withValues(chosen, "params.opt", null)).toBe("");
});

test("what cannot be read is given up for what is meant now", () => {
  expect(withConditions("status", "n", [{ is: "=", values: ["3"] }])).toBe("n=3");
});
