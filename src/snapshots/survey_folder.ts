import { realpath, stat } from "node:fs/promises";
import { isAbsolute, join, posix, relative } from "node:path";
import { systemErrorCode } from "../platform/system_error.ts";
import { folderSizeBytes } from "./folder_size.ts";
import { trackedThoughIgnored } from "./git.ts";
import { rulesAbove } from "./ignore_rules.ts";
import { asSnapshotResult, raise, raiseSystem, type SnapshotResult } from "./problem.ts";
import type { Survey } from "./survey.ts";
import { walkSurvey } from "./survey_walk.ts";

export interface SurveyOptions {
  /** Paths that go along although they would stay behind, relative to the folder (or absolute, in it). Default: none. */
  include?: readonly string[];
  /** Absolute paths that never go along and are not spoken of, like a yard's home inside the folder. Default: none. */
  avoid?: readonly string[];
  /** How long left-out folders may be counted, in all. Default 300 ms. */
  sizingMs?: number;
}

/** Looks through `folder`: ignored paths, version control, secrets and what is neither file, link nor folder stay behind. */
export function surveyFolder(folder: string, options: SurveyOptions = {}): Promise<SnapshotResult<Survey>> {
  return asSnapshotResult(async () => {
    const top = await topOf(folder);
    const survey: Survey = { folder: top, files: [], links: [], emptyFolders: [], leftOut: [], totalBytes: 0 };
    const named = new Set((options.include ?? []).map((path) => belowTop(top, path)));
    const tracked = new Set(await trackedThoughIgnored(top));
    const met = await walkSurvey(survey, { named, tracked, avoided: new Set(options.avoid) }, await rulesAbove(top));
    for (const path of named) if (!met.has(path)) throw raise({ code: "include_missing", path: join(top, path) });
    await countFolders(survey, options.sizingMs ?? 300);
    return sorted(survey);
  });
}

/**
 * Looks through a folder that has arrived from elsewhere. Its own ignore files hold, but neither those around it nor git, which
 * would do what a repository in there is set to.
 */
export function surveyArrived(folder: string): Promise<SnapshotResult<Survey>> {
  return asSnapshotResult(async () => {
    const survey: Survey = {
      folder: await topOf(folder),
      files: [],
      links: [],
      emptyFolders: [],
      leftOut: [],
      totalBytes: 0,
    };
    await walkSurvey(survey, { named: new Set(), tracked: new Set(), avoided: new Set() }, null);
    await countFolders(survey, 300);
    return sorted(survey);
  });
}

async function topOf(folder: string): Promise<string> {
  try {
    const top = await realpath(folder);
    if ((await stat(top)).isDirectory()) return top;
  } catch (error) {
    const code = systemErrorCode(error);
    if (code !== "ENOENT" && code !== "ENOTDIR") throw raiseSystem(error, "unreadable", folder);
  }
  throw raise({ code: "not_a_folder", path: folder });
}

function belowTop(top: string, path: string): string {
  const below = posix.normalize(isAbsolute(path) ? relative(top, path) : path).replace(/\/$/, "");
  if (below === ".." || below.startsWith("../") || below === "." || below === "") {
    throw raise({ code: "include_outside", path, folder: top });
  }
  return below;
}

/** Every folder gets its share of the time that is left, so that a slow one does not hide the others. */
async function countFolders(survey: Survey, budgetMs: number): Promise<void> {
  const folders = survey.leftOut.filter(({ kind }) => kind === "folder");
  const until = performance.now() + budgetMs;
  for (const [index, folder] of folders.entries()) {
    const shareMs = (until - performance.now()) / (folders.length - index);
    folder.sizeBytes = shareMs > 0 ? await folderSizeBytes(join(survey.folder, folder.path), shareMs) : null;
  }
}

function sorted(survey: Survey): Survey {
  const byPath = (a: { path: string }, b: { path: string }) => (a.path < b.path ? -1 : 1);
  survey.files.sort(byPath);
  survey.links.sort(byPath);
  survey.emptyFolders.sort();
  survey.leftOut.sort(byPath);
  return survey;
}
