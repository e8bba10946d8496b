import { expect, test } from "vitest";
import { judgeLink } from "./links.ts";
import { type Manifest, manifestText, parseManifest } from "./manifest.ts";

const sha256 = "a".repeat(64);
const file = (path: string) => ({ kind: "file" as const, path, sizeBytes: 1, sha256, executable: false });
const link = (path: string, target: string) => ({ kind: "link" as const, path, target });

function refusalOf(manifest: Partial<Manifest>): string | null {
  const parsed = parseManifest(manifestText({ format: 1, entries: [], leftBehind: [], ...manifest }));
  return "detail" in parsed ? parsed.detail : null;
}

test("a path that may lead out of its folder is refused", () => {
  const hostile = [
    "../x",
    "a/../../x",
    "/etc/passwd",
    "",
    ".",
    "..",
    "a//b",
    "a/./b",
    "a/..",
    "a/",
    "a\0b",
    "x".repeat(256),
    "a/".repeat(3000),
  ];
  for (const path of hostile) {
    expect(refusalOf({ entries: [file(path)] })).toMatch("may lead out");
    expect(refusalOf({ entries: [{ kind: "folder", path }] })).toMatch("may lead out");
    expect(refusalOf({ leftBehind: [{ path, target: null }] })).toMatch("may lead out");
  }
});

test("odd but harmless paths are accepted", () => {
  const odd = ["...", "..a", "a..", "two\nlines", "-rf", "C:\\x", "日本語", " ", "a/.b/c"];
  expect(refusalOf({ entries: odd.map(file), leftBehind: [{ path: "data", target: "/mnt/data" }] })).toBe(null);
});

test("nothing can be placed below a link or a file, nor twice", () => {
  expect(refusalOf({ entries: [link("a", "b"), file("a/x")] })).toMatch('"a" is a folder and something else');
  expect(refusalOf({ entries: [file("a"), file("a/x/y")] })).toMatch('"a" is a folder and something else');
  expect(refusalOf({ entries: [file("a/x")], leftBehind: [{ path: "a", target: null }] })).toMatch("something else");
  expect(refusalOf({ entries: [file("d/x")], leftBehind: [{ path: "d/x/y", target: null }] })).toMatch(
    "something else",
  );
  expect(refusalOf({ entries: [file("a"), link("a", "b")] })).toMatch("twice");
  expect(refusalOf({ entries: [{ kind: "folder", path: "a" }], leftBehind: [{ path: "a/x", target: null }] })).toBe(
    null,
  );
});

test("a link that may lead out of its folder is refused", () => {
  const hostile: [string, string][] = [
    ["a", "/etc"],
    ["a", ".."],
    ["a/b", "../.."],
    ["a", "b/../.."],
    ["a", "b/../c"],
    ["a", "./b"],
    ["a", "b/"],
    ["a", ""],
    ["a", "b\0"],
  ];
  for (const [path, target] of hostile) expect(refusalOf({ entries: [link(path, target)] })).toMatch("may lead out");
  expect(refusalOf({ entries: [link("a", "b"), link("c/d", ".."), link("c/e", "../a"), link("self", ".")] })).toBe(
    null,
  );
  expect(refusalOf({ leftBehind: [{ path: "a", target: "../x" }] })).toMatch("not an absolute path");
});

test("an unknown key, a wrong type, another format and no JSON at all are refused with their place", () => {
  expect(parseManifest("{")).toEqual({ detail: "its manifest is not JSON" });
  expect(parseManifest('{"format":2,"entries":[],"leftBehind":[]}')).toMatchObject({
    detail: expect.stringContaining("format"),
  });
  const setuid = JSON.stringify({ format: 1, entries: [{ ...file("a"), mode: 0o4755 }], leftBehind: [] });
  expect(parseManifest(setuid)).toMatchObject({ detail: expect.stringContaining("entries.0") });
  expect(refusalOf({ entries: [{ ...file("a"), sizeBytes: -1 }] })).toMatch("entries.0.sizeBytes");
  expect(refusalOf({ entries: [{ ...file("a"), sha256: "../../etc" }] })).toMatch("entries.0.sha256");
});

test("links are judged by where they land, and absolute ones below the folder become relative", () => {
  expect(judgeLink("a/b", "../c", null)).toEqual({ kind: "inside", target: "../c" });
  expect(judgeLink("a/b", "../../c", null)).toEqual({ kind: "outside" });
  expect(judgeLink("a/b", "/home/u/p/a/c/", "/home/u/p")).toEqual({ kind: "inside", target: "c" });
  expect(judgeLink("b", "/home/u/p", "/home/u/p")).toEqual({ kind: "inside", target: "." });
  expect(judgeLink("b", "/home/u/p2", "/home/u/p")).toEqual({ kind: "outside" });
  expect(judgeLink("b", "/home/u/p/../q", "/home/u/p")).toEqual({ kind: "outside" });
});
