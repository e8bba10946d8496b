import { expect, test } from "vitest";
import type { Login } from "../core/login.ts";
import { couldPush, diagnose } from "./diagnosis.ts";

const login: Login = { host: "lab1", user: null, port: null, key: null, hostKey: null };
const of = (stderr: string, more: Partial<Login> = {}) => diagnose(stderr, { ...login, ...more }, "/yard/ssh");

test("a name that nobody knows is not a network that is away", () => {
  const unresolved = (why: string) => of(`ssh: Could not resolve hostname lab1: ${why}\r\n`);
  expect(unresolved("Name or service not known")).toEqual({ code: "no_such_host", host: "lab1" });
  expect(unresolved("nodename nor servname provided, or not known")).toMatchObject({ code: "no_such_host" });
  expect(unresolved("Temporary failure in name resolution")).toMatchObject({ code: "unreachable" });
});

test.each([
  ["ssh: connect to host 10.0.0.5 port 22: No route to host\r\n", "no route to host (10.0.0.5 port 22)"],
  ["ssh: connect to host lab1 port 2222: Operation timed out\n", "operation timed out (lab1 port 2222)"],
  [
    "kex_exchange_identification: read: Connection reset by peer\r\nConnection reset by 10.0.0.5 port 22\r\n",
    "Connection reset by 10.0.0.5 port 22",
  ],
  ["Connection closed by 10.0.0.5 port 22\r\n\r\n", "Connection closed by 10.0.0.5 port 22"],
  ["", "ssh ended without a word"],
])("what says nothing of a login is a machine out of reach: %j", (stderr, reason) => {
  expect(of(stderr)).toEqual({ code: "unreachable", reason });
});

test("the last door that was shut decides, and what it had asked for", () => {
  const gate = "ada@gate: Permission denied (publickey).\r\n";
  const lab = "lab1: Permission denied (publickey,password,keyboard-interactive).\r\n";
  expect(of(gate)).toMatchObject({ code: "refused", reason: expect.stringContaining("ada@gate") });
  expect(of(gate + lab)).toMatchObject({ code: "needs_login", reason: "lab1 asks (password, keyboard-interactive)" });
  expect([couldPush(lab), couldPush(gate), couldPush("Permission denied (publickey,password).")]).toEqual([
    true,
    false,
    false,
  ]);
  expect(of("Received disconnect from 10.0.0.5 port 22:2: Too many authentication failures\r\n")).toMatchObject({
    code: "refused",
  });
});

test("where a key is pinned, any other is not the pinned one", () => {
  const hostKey = `SHA256:${"a".repeat(43)}`;
  const unknown =
    "No RSA host key is known for lab1 and you have requested strict checking.\r\nHost key verification failed.\r\n";
  expect(of(unknown, { hostKey })).toMatchObject({ code: "host_key_not_pinned", pinned: hostKey });
  expect(of(unknown)).toEqual({ code: "host_key_unknown", host: "lab1", isTheUsersWish: false });
});

test("what others say stays on one line", () => {
  const trouble = of(`\x1b[2J${"x".repeat(500)}\x07`);
  expect(trouble).toMatchObject({ code: "unreachable", reason: expect.stringMatching(/^[ -~]+…$/) });
});
