import { describe, expect, test } from "vitest";
import { hostName, objectionToBrowser } from "./browser.ts";

const known = new Set(["labserver", "yard.example.org"]);
const isWelcome = (method: string, headers: Record<string, string>) =>
  objectionToBrowser(method, headers, known) === null;

describe("a browser's cookie counts", () => {
  test.each([
    "localhost:4000",
    "127.0.0.1:4000",
    "[::1]:4000",
    "10.1.2.3",
    "labserver:4000",
    "yard.example.org",
    "LABSERVER",
    "panel.localhost",
  ])("at %s, where the panel's own page asks", (host) => {
    expect(isWelcome("GET", { host, "sec-fetch-site": "same-origin" })).toBe(true);
    expect(isWelcome("POST", { host, "sec-fetch-site": "same-origin", origin: `http://${host}` })).toBe(true);
    expect(isWelcome("POST", { host, origin: `https://${host}` })).toBe(true);
  });

  test("where its user has typed the address", () => {
    expect(isWelcome("GET", { host: "localhost:4000", "sec-fetch-site": "none" })).toBe(true);
    expect(isWelcome("GET", { host: "localhost:4000" })).toBe(true);
  });
});

describe("it does not count", () => {
  test.each([
    "evil.example",
    "localhost.evil.example:4000",
    "127.0.0.1.evil.example",
    "",
    "a b",
    "[::1",
    "user@localhost",
  ])("under the name %s, which may have been bent to this machine", (host) => {
    expect(isWelcome("GET", { host, "sec-fetch-site": "same-origin" })).toBe(false);
    expect(isWelcome("POST", { host, origin: `http://${host}` })).toBe(false);
  });

  test.each(["cross-site", "same-site"])("where a page of another site asks (%s)", (site) => {
    const headers = { host: "localhost:4000", "sec-fetch-site": site };
    for (const method of ["GET", "POST", "DELETE"]) expect(isWelcome(method, headers)).toBe(false);
  });

  test.each([
    "http://localhost:4001",
    "http://evil.example",
    "null",
    "",
    "http://127.0.0.1:4000",
  ])("where the page that asks is of %s", (origin) => {
    for (const method of ["GET", "POST"]) expect(isWelcome(method, { host: "localhost:4000", origin })).toBe(false);
  });

  test("where something is to be changed and nothing says which page asks", () => {
    expect(isWelcome("POST", { host: "localhost:4000" })).toBe(false);
    expect(isWelcome("POST", { host: "localhost:4000", "sec-fetch-site": "none" })).toBe(false);
  });
});

test("a host is told from its port", () => {
  expect(hostName("[::1]:80")).toBe("::1");
  expect(hostName("lab-1.example.org:8471")).toBe("lab-1.example.org");
  expect(hostName("a/b")).toBeNull();
});
