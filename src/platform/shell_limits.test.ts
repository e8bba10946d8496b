import { expect, test } from "vitest";
import { parseLimits, submittingLimits } from "./shell_limits.ts";

const LIMITS = `Limit                     Soft Limit           Hard Limit           Units
Max cpu time              unlimited            unlimited            seconds
Max stack size            8388608              unlimited            bytes
Max core file size        0                    unlimited            bytes
Max open files            1024                 524288               files
`;

test("soft limits are told in the units that ulimit of sh takes", () => {
  expect(parseLimits(LIMITS)).toEqual({ n: "1024", c: "0", s: "8192" });
  expect(parseLimits("Max stack size            unlimited            unlimited            bytes\n")).toEqual({
    s: "unlimited",
  });
});

test.runIf(process.platform === "linux")("the limits of the terminal above are found", () => {
  expect(submittingLimits()).toMatchObject({ n: expect.stringMatching(/^(\d+|unlimited)$/) });
});
