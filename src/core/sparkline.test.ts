import { expect, test } from "vitest";
import { sparkline } from "./sparkline.ts";

test("a sparkline is as high as its values, and has a gap where there is none", () => {
  expect(sparkline([0, 0.2, 0.5, 0.99, 1])).toBe("▁▂▅██");
  expect(sparkline([0.5, null, null, 0.5])).toBe("▅  ▅");
  expect(sparkline([-1, 7])).toBe("▁█");
  expect(sparkline([])).toBe("");
});
