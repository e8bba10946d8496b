import { access, lstat } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import ignore, { type Ignore } from "ignore";
import { openToRead } from "../platform/durable_file.ts";
import { systemErrorCode } from "../platform/system_error.ts";
import { raiseSystem } from "./problem.ts";

/** The ignore files of one folder, and those of the folders around it, which count less. */
export interface IgnoreRules {
  matcher: Ignore;
  /** Turns a path relative to the surveyed folder into one relative to these rules' own folder. */
  toLocal: (path: string) => string;
  outer: IgnoreRules | null;
}

/** Later ones win: a line `!weights.pt` in `.runyardignore` takes along what `.gitignore` leaves. */
const ignoreFiles = [".gitignore", ".runyardignore"];

/**
 * Whether the rules leave `path` behind. Folders end in `/`. The innermost rules that know the path decide, as in git.
 * To be asked from the top down: what lies in an ignored folder is never asked for.
 */
export function isIgnored(rules: IgnoreRules | null, path: string): boolean {
  for (let level = rules; level !== null; level = level.outer) {
    const local = level.toLocal(path);
    const verdict = level.matcher.test(local);
    if (verdict.unignored) return false;
    // An ignored parent whose content is asked for all the same was taken back by inner rules.
    if (verdict.ignored && !isParentIgnored(level.matcher, local)) return true;
  }
  return false;
}

function isParentIgnored(matcher: Ignore, local: string): boolean {
  const parent = dirname(local);
  return parent !== "." && matcher.test(`${parent}/`).ignored;
}

/**
 * The rules inside `folder`, which is `path` in the survey: those around it, and its own ignore files where it has some.
 *
 * @param names  what the folder holds
 */
export async function rulesWithin(
  outer: IgnoreRules | null,
  folder: string,
  path: string,
  names: readonly string[],
): Promise<IgnoreRules | null> {
  const own = ignoreFiles.filter((name) => names.includes(name));
  const texts = await readAll(folder, own);
  if (texts === null) return outer;
  const skipped = path === "" ? 0 : path.length + 1;
  return { matcher: matcherOf(texts), toLocal: (below) => below.slice(skipped), outer };
}

/**
 * The rules that hold for `folder` from above: of a git repository around it, down from its top folder.
 * A folder that they ignore as a whole was chosen all the same, and is judged by its own rules only.
 */
export async function rulesAbove(folder: string): Promise<IgnoreRules | null> {
  let rules: IgnoreRules | null = null;
  for (const [depth, ancestor] of (await repositoryAround(folder)).entries()) {
    const names = depth === 0 ? [join(".git", "info", "exclude")] : [];
    // The folder's own ignore files are read by the survey itself.
    if (ancestor !== folder) names.push(...ignoreFiles);
    const texts = await readAll(ancestor, names);
    if (texts === null) continue;
    const prefix = ancestor === folder ? "" : `${relative(ancestor, folder)}/`;
    const matcher = matcherOf(texts);
    if (prefix !== "" && matcher.test(prefix).ignored) return null;
    rules = { matcher, toLocal: (path) => prefix + path, outer: rules };
  }
  return rules;
}

/** The folders from the top of the git repository that holds `folder` down to `folder`; empty where there is none. */
async function repositoryAround(folder: string): Promise<string[]> {
  const way: string[] = [];
  for (let at = folder; ; at = dirname(at)) {
    way.unshift(at);
    if (await holdsRepository(at)) return way;
    if (at === dirname(at)) return [];
  }
}

/** In a worktree or a submodule `.git` is a file. */
async function holdsRepository(folder: string): Promise<boolean> {
  const isThere = (path: string) =>
    access(path).then(
      () => true,
      () => false,
    );
  return (
    (await isThere(join(folder, ".git", "HEAD"))) ||
    (await lstat(join(folder, ".git")).then(
      (it) => it.isFile(),
      () => false,
    ))
  );
}

function matcherOf(texts: string[]): Ignore {
  const matcher = ignore({ ignoreCase: false });
  for (const text of texts) matcher.add(text);
  return matcher;
}

async function readAll(folder: string, names: readonly string[]): Promise<string[] | null> {
  const texts = await Promise.all(names.map((name) => readIfThere(join(folder, name))));
  return texts.every((text) => text === "") ? null : texts;
}

/** Like git, this follows no link: an ignore file that is one counts as none. */
async function readIfThere(path: string): Promise<string> {
  try {
    const handle = await openToRead(path);
    try {
      return await handle.readFile("utf8");
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (isNone.has(systemErrorCode(error) ?? "")) return "";
    throw raiseSystem(error, "unreadable", path);
  }
}

const isNone = new Set(["ENOENT", "ENOTDIR", "ELOOP", "EINVAL"]);
