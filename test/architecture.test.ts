import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));

const all = "everything";

/**
 * Which folders a folder may import from, itself aside. Imports point one way: whoever needs more than is listed here
 * has put something in the wrong place, or has found a better order and changes the table with a reason.
 */
const mayImport: Record<string, readonly string[] | typeof all> = {
  "src/core": [],
  "src/simulator": ["src/core"],
  "src/api": ["src/core"],
  "src/platform": ["src/core"],
  "src/client": ["src/core", "src/api"],
  "src/snapshots": ["src/core", "src/platform"],
  "src/shells": ["src/core", "src/platform"],
  "src/files": ["src/core", "src/platform"],
  "src/store": ["src/core", "src/platform"],
  "src/dispatch": ["src/core", "src/platform", "src/store", "src/files"],
  "src/notices": ["src/core", "src/platform", "src/store", "src/files"],
  "src/spool": ["src/core", "src/platform", "src/shells", "src/snapshots"],
  "src/drivers": ["src/core", "src/platform", "src/dispatch", "src/shells", "src/spool", "src/snapshots"],
  "src/scheduler": ["src/core", "src/platform", "src/store", "src/files", "src/drivers"],
  "src/server": ["src/core", "src/api", "src/platform", "src/store", "src/files", "src/dispatch", "src/snapshots"],
  "src/agent": ["src/core", "src/api", "src/client", "src/platform", "src/shells", "src/spool", "src/snapshots"],
  "src/cli": ["src/core", "src/api", "src/client", "src/platform", "src/shells", "src/snapshots", "src/simulator"],
  "web/src": ["src/core", "src/api", "src/client"],
  "src/main": all,
  "src/main.ts": all,
};

/** Packages that one folder alone may use. `src/core` and `src/api` may use no other package than theirs. */
const homeOfPackage: Record<string, readonly string[]> = {
  fastify: ["src/server"],
  kysely: ["src/store"],
  pg: ["src/store"],
  commander: ["src/cli"],
  "cli-table3": ["src/cli"],
  picocolors: ["src/cli"],
  ignore: ["src/snapshots"],
  nodemailer: ["src/notices"],
};
const onlyPackages: Record<string, readonly string[]> = {
  "src/core": ["zod"],
  "src/simulator": [],
  "src/api": ["zod"],
  "src/client": ["zod"],
};

/** What also runs in a browser has nothing of Node's. */
const withoutNode = ["src/core", "src/simulator", "src/api", "src/client", "web/src"];

interface Source {
  path: string;
  folder: string;
  imports: string[];
}

/** Every source that ships, with what it imports in any form. Tests may import what they like. */
const sources: Source[] = ["src", "web/src"]
  .flatMap((folder) => readdirSync(join(root, folder), { recursive: true, withFileTypes: true }))
  .filter((entry) => entry.isFile() && /(?<!\.test)\.tsx?$/.test(entry.name))
  .map((entry) => {
    const path = relative(root, join(entry.parentPath, entry.name));
    return { path, folder: folderOf(path), imports: importsOf(readFileSync(join(root, path), "utf8")) };
  });

/** `src/core/run.ts` → `src/core`; what lies in `src/` itself stands for itself. */
function folderOf(path: string): string {
  return path.split("/").slice(0, 2).join("/");
}

/** What the text imports: statically, for types alone, for effects alone, dynamically, and what it passes on. */
function importsOf(text: string): string[] {
  const withoutComments = text.replaceAll(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, "");
  const statement = /(?<![\w-])(?:from|import)\s*\(?\s*["'`]([^"'`\n]+)["'`]/g;
  return [...withoutComments.matchAll(statement)].map(([, specifier = ""]) => specifier);
}

function packageOf(specifier: string): string | null {
  if (specifier.startsWith(".") || specifier.startsWith("node:")) return null;
  return specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/");
}

/** `path: what` for every import that `isWrong`. */
function offences(isWrong: (source: Source, specifier: string) => boolean): string[] {
  return sources.flatMap((source) =>
    source.imports.filter((specifier) => isWrong(source, specifier)).map((specifier) => `${source.path}: ${specifier}`),
  );
}

test("imports of every form are seen", () => {
  const text = `import { a } from "./a.ts";
import type { B } from '../b.ts';
import "./effect.ts";
export { c } from "./c.ts";
const d = await import("./d.ts");
type E = import("./e.ts").E;
import {
  f,
} from "./f.ts";
// import { g } from "./g.ts";
/* import { h } from "./h.ts"; */`;
  expect(importsOf(text)).toEqual(["./a.ts", "../b.ts", "./effect.ts", "./c.ts", "./d.ts", "./e.ts", "./f.ts"]);
  expect(sources.length).toBeGreaterThan(100);
  expect(sources.filter(({ imports }) => imports.length > 0).length).toBeGreaterThan(80);
});

test("every folder of the sources stands in the table", () => {
  const unlisted = new Set(sources.map(({ folder }) => folder).filter((folder) => !(folder in mayImport)));
  expect([...unlisted]).toEqual([]);
});

test("imports between folders point the way the table says", () => {
  expect(
    offences(({ path, folder }, specifier) => {
      if (!specifier.startsWith(".")) return false;
      const target = folderOf(join(dirname(path), specifier));
      const allowed = mayImport[folder] ?? [];
      return target !== folder && allowed !== all && !allowed.includes(target);
    }),
  ).toEqual([]);
});

test("an import between sources names a file with its suffix", () => {
  expect(offences((_, specifier) => specifier.startsWith(".") && !/\.(tsx?|css)(\?|$)/.test(specifier))).toEqual([]);
});

test("what runs in a browser imports nothing of Node's", () => {
  expect(offences(({ folder }, specifier) => withoutNode.includes(folder) && specifier.startsWith("node:"))).toEqual(
    [],
  );
});

test("a package is used only where it belongs", () => {
  expect(
    offences(({ folder }, specifier) => {
      const name = packageOf(specifier);
      if (name === null || mayImport[folder] === all) return false;
      const homes = homeOfPackage[name];
      return (homes && !homes.includes(folder)) || (onlyPackages[folder]?.includes(name) ?? true) === false;
    }),
  ).toEqual([]);
});

describe("the server writes what is wanted, and does nothing itself", () => {
  test("it starts no process", () => {
    const isSpawning = (specifier: string) => /(^node:child_process|\/subprocess\.ts)$/.test(specifier);
    expect(offences(({ folder }, specifier) => folder === "src/server" && isSpawning(specifier))).toEqual([]);
  });
});

test("only what stands beside the machine looks into /proc", () => {
  const lookers = sources
    .filter(({ folder }) => folder !== "src/platform" && folder !== "src/spool")
    .filter(({ path }) => /["'`]\/proc\b/.test(readFileSync(join(root, path), "utf8")));
  expect(lookers.map(({ path }) => path)).toEqual([]);
});

test("nothing in core asks a clock or throws dice", () => {
  const askers = sources
    .filter(({ folder }) => folder === "src/core")
    .filter(({ path }) => {
      const text = readFileSync(join(root, path), "utf8");
      return /\bDate\.now\(|\bnew Date\(\)|\bperformance\.now\(|\bMath\.random\(|\bcrypto\.random/.test(text);
    });
  expect(askers.map(({ path }) => path)).toEqual([]);
});
