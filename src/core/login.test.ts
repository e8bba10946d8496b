import { expect, test } from "vitest";
import { isLoginHost, isLoginUser } from "./login.ts";

test.each(["10.0.0.5", "lab1", "gpu-3.cs.example.org", "fe80::1%eth0", "host_1"])("%s is a host", (text) => {
  expect(isLoginHost(text)).toBe(true);
});

test.each([
  "",
  "-oProxyCommand=touch x",
  "-p",
  "a b",
  "a\nb",
  "a;b",
  "$(x)",
  "ben@lab1",
  "ssh://lab1",
  "a`b`",
])("%j is no host", (text) => {
  expect(isLoginHost(text)).toBe(false);
});

test.each(["ben", "ben@example.org", "CORP\\ben", "b.e-n_1"])("%s is a user", (text) => {
  expect(isLoginUser(text)).toBe(true);
});

test.each([
  "",
  "-oProxyCommand=touch x",
  "ben x",
  "ben'",
  "ben\\",
  "$USER",
  "ben;x",
  "ben\u0007",
])("%j is no user", (text) => {
  expect(isLoginUser(text)).toBe(false);
});
