import { expect, test } from "vitest";
import { cookie, readCookie } from "./cookie.ts";

test("a cookie is out of reach of scripts and of other sites, and is told from those of other yards", () => {
  const set = cookie("0a1b", "ry_secret", 90_000, false);
  expect(set).toBe("runyard-0a1b=ry_secret; Path=/; HttpOnly; SameSite=Strict; Max-Age=90");
  expect(cookie("0a1b", "", 0, true)).toBe("runyard-0a1b=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0; Secure");
  expect(readCookie("other=1; runyard-0a1b=ry_secret; runyard-0a=no", "0a1b")).toBe("ry_secret");
  expect(readCookie("runyard-0a1bc=no; xrunyard-0a1b=no", "0a1b")).toBeNull();
  expect(readCookie(undefined, "0a1b")).toBeNull();
});
