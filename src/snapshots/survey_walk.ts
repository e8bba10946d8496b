import type { Dirent } from "node:fs";
import { lstat, readdir, readlink } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { systemErrorCode } from "../platform/system_error.ts";
import { type IgnoreRules, isIgnored, rulesWithin } from "./ignore_rules.ts";
import { isNeverTaken, isRegenerated } from "./leave_out.ts";
import { judgeLink } from "./links.ts";
import { raise, raiseSystem } from "./problem.ts";
import type { LeftOut, Survey } from "./survey.ts";

/** What goes along although a rule leaves it behind. Paths are relative to the folder. */
export interface Wanted {
  /** By the user, with everything below, secrets too if the very path is named. */
  named: ReadonlySet<string>;
  /** By git, which has them in its index. */
  tracked: ReadonlySet<string>;
  /** Absolute paths that do not go along whatever else holds, and are not spoken of. */
  avoided: ReadonlySet<string>;
}

/**
 * How far the rules hold in a folder: `ruled` by the ignore files, `named` as a whole by the user,
 * or left behind and only `passed` through on the way to something wanted.
 */
type Standing = "ruled" | "named" | "passed";

interface Place {
  path: string;
  standing: Standing;
  rules: IgnoreRules | null;
}

/** What came of one entry: whether anything of it goes along, and what of it stays behind. */
interface Found {
  taken: boolean;
  leftOut: LeftOut[];
}

const taken: Found = { taken: true, leftOut: [] };
const nothing: Found = { taken: false, leftOut: [] };

/**
 * Walks through the survey's folder and fills its lists, unsorted. Returns the wanted paths that it came by.
 * Raises a problem where something cannot be read.
 */
export async function walkSurvey(
  survey: Survey,
  wanted: Wanted,
  rulesAround: IgnoreRules | null,
): Promise<Set<string>> {
  const onTheWay = new Set([...wanted.named, ...wanted.tracked].flatMap(parentsOf));
  const met = new Set<string>();
  const top = await walk({ path: "", standing: "ruled", rules: rulesAround });
  survey.leftOut.push(...top.leftOut);
  return met;

  async function walk(place: Place): Promise<Found> {
    const folder = join(survey.folder, place.path);
    const entries = (await listFolder(folder)).filter((entry) => !isSpared(folder, entry));
    const names = entries.map(({ name }) => name);
    const inner: Place = { ...place, rules: await rulesWithin(place.rules, folder, place.path, names) };
    const found = await Promise.all(entries.map((entry) => visit(inner, entry)));
    const all: Found = { taken: found.some((one) => one.taken), leftOut: found.flatMap((one) => one.leftOut) };
    if (all.taken || place.standing === "passed" || place.path === "") return all;
    // `python -m venv` and others write an ignore file that leaves out everything, itself included.
    if (all.leftOut.some(({ path }) => path === join(place.path, ".gitignore"))) return behind(place.path, "folder");
    survey.emptyFolders.push(place.path);
    return { ...all, taken: true };
  }

  async function visit(place: Place, entry: Dirent): Promise<Found> {
    const path = place.path === "" ? entry.name : `${place.path}/${entry.name}`;
    const isNamed = wanted.named.has(path);
    if (isNamed || wanted.tracked.has(path)) met.add(path);
    const staysBehind = !isNamed && mustStay(place, path, entry);
    if (entry.isDirectory()) {
      if (staysBehind && !onTheWay.has(path)) return behind(path, "folder");
      const standing = staysBehind
        ? "passed"
        : isNamed
          ? "named"
          : place.standing === "passed"
            ? "ruled"
            : place.standing;
      return await walk({ path, standing, rules: place.rules });
    }
    if (entry.isSymbolicLink()) return await visitLink(path, staysBehind);
    if (!entry.isFile()) return behind(path, "special");
    return await visitFile(path, staysBehind);
  }

  function mustStay(place: Place, path: string, entry: Dirent): boolean {
    if (isNeverTaken(entry.name)) return true;
    if (wanted.tracked.has(path) || place.standing === "named") return false;
    return place.standing === "passed" || isIgnored(place.rules, entry.isDirectory() ? `${path}/` : path);
  }

  async function visitFile(path: string, staysBehind: boolean): Promise<Found> {
    const full = join(survey.folder, path);
    const stats = await lstat(full).catch((error: unknown) => (staysBehind ? null : nullIfGone(error, full)));
    if (staysBehind) return behind(path, "file", { sizeBytes: stats?.size ?? null });
    if (stats === null) return nothing;
    survey.files.push({
      path,
      sizeBytes: stats.size,
      executable: (stats.mode & 0o100) !== 0,
      modifiedAt: Math.round(stats.mtimeMs),
    });
    survey.totalBytes += stats.size;
    return taken;
  }

  async function visitLink(path: string, staysBehind: boolean): Promise<Found> {
    if (staysBehind) return behind(path, "link");
    const full = join(survey.folder, path);
    const text = await readlink(full).catch((error: unknown) => nullIfGone(error, full));
    if (text === null) return nothing;
    const judged = judgeLink(path, text, survey.folder);
    if (judged.kind === "outside") return behind(path, "link", { target: resolve(dirname(full), text) });
    survey.links.push({ path, target: judged.target });
    return taken;
  }

  function isSpared(folder: string, entry: Dirent): boolean {
    return (entry.isDirectory() && isRegenerated(entry.name)) || wanted.avoided.has(join(folder, entry.name));
  }
}

function behind(path: string, kind: LeftOut["kind"], known: Partial<LeftOut> = {}): Found {
  return { taken: false, leftOut: [{ path, kind, target: null, sizeBytes: null, ...known }] };
}

function parentsOf(path: string): string[] {
  const parts = path.split("/").slice(0, -1);
  return parts.map((_, index) => parts.slice(0, index + 1).join("/"));
}

async function listFolder(folder: string): Promise<Dirent[]> {
  return (await readdir(folder, { withFileTypes: true }).catch((error: unknown) => nullIfGone(error, folder))) ?? [];
}

/** What went away since its folder was listed is no problem; everything else that the system objects to is one. */
function nullIfGone(error: unknown, path: string): null {
  if (systemErrorCode(error) !== "ENOENT") throw raiseSystem(error, "unreadable", path);
  // A name that is not UTF-8 is listed with U+FFFD in place of its bytes, and not found under that name.
  if (path.includes("\uFFFD")) throw raise({ code: "name_not_text", path });
  return null;
}
