import { expect, test } from "vitest";
import { isLoginHost, isLoginUser, type Login, objectionToLogin, parseDestination } from "./login.ts";

const login = (more: Partial<Login>): Login => ({
  host: "lab1",
  user: null,
  port: null,
  key: null,
  hostKey: null,
  ...more,
});

test("a destination is read as ssh reads it", () => {
  expect(parseDestination("lab1")).toEqual({ host: "lab1", user: null });
  expect(parseDestination("ada@10.0.0.5")).toEqual({ host: "10.0.0.5", user: "ada" });
  expect(parseDestination("ada@uni.example@gate")).toEqual({ host: "gate", user: "ada@uni.example" });
  expect(parseDestination("ada@[fe80::1%eth0]")).toEqual({ host: "fe80::1%eth0", user: "ada" });
});

test("names as people have them are logins", () => {
  const hosts = ["lab1", "lab_1.uni.example", "10.0.0.5", "::1", "fe80::1%eth0", "größe.example", "a+b", "_dmz"];
  for (const host of hosts) expect(objectionToLogin(login({ host }))).toBe(null);
  const users = ["ada", "ada.lovelace", "ada@uni.example", "UNI\\ada", "_svc", "ädä", "u1234$"];
  for (const user of users) expect(objectionToLogin(login({ user }))).toBe(null);
  expect(objectionToLogin(login({ port: 65_535, key: "/home/ada/my keys/it's 100%" }))).toBe(null);
  expect(objectionToLogin(login({ hostKey: `SHA256:${"a".repeat(43)}` }))).toBe(null);
});

test("what ssh or a shell could take for something else is told of with its place", () => {
  const wrong: [keyof Login, Partial<Login>][] = [
    ...["", "-x", "a b", "a\n", "a;b", "a/b", "a@b", "$a", "`a`", "a'b", "(a)", "a|b", "a".repeat(300)].map(
      (host): [keyof Login, Partial<Login>] => ["host", { host }],
    ),
    ...["", "-x", "a b", "a;b", "a`b", "a'b", "a\\", "a&b", "a(b", "a\0b", "a$b"].map(
      (user): [keyof Login, Partial<Login>] => ["user", { user }],
    ),
    ...[0, -1, 65_536, 1.5, Number.NaN].map((port): [keyof Login, Partial<Login>] => ["port", { port }]),
    ...["", "key", "~/key", '/a"b', "/a\\b", "/a${b}", "/a\nb"].map((key): [keyof Login, Partial<Login>] => [
      "key",
      { key },
    ]),
    ...["", "SHA256:", "MD5:aa", `SHA256:${"a".repeat(44)}`].map((hostKey): [keyof Login, Partial<Login>] => [
      "hostKey",
      { hostKey },
    ]),
  ];
  for (const [at, more] of wrong) expect(objectionToLogin(login(more)), JSON.stringify(more)).toMatchObject({ at });
});

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
