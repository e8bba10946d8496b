import { formatBytes } from "../core/quantity.ts";

interface SurveyedFile {
  /** Relative to the folder, parts divided by `/`. */
  path: string;
  sizeBytes: number;
  /** Whether its owner may execute it. */
  executable: boolean;
  modifiedAt: number;
}

interface SurveyedLink {
  path: string;
  /** Relative, normalised, inside the folder. */
  target: string;
}

/** A path that stays behind. */
export interface LeftOut {
  path: string;
  kind: "folder" | "file" | "link" | "special";
  /** Where a link leads that leaves the folder, absolute; null for everything else. */
  target: string | null;
  /** Null where it was not counted in time, and for what has no size. */
  sizeBytes: number | null;
}

/** What of a folder goes into a snapshot, and what does not. Every list is sorted by path. */
export interface Survey {
  /** The folder itself: absolute, with no link on the way. */
  folder: string;
  files: SurveyedFile[];
  links: SurveyedLink[];
  /** Folders of which nothing else goes along. */
  emptyFolders: string[];
  leftOut: LeftOut[];
  totalBytes: number;
}

const shownAtMost = 6;

/** One line for people: `420 files, 3.0 MB; left out: data/ 47 GB, .venv/`, the largest first. */
export function describeSurvey(survey: Survey): string {
  const count = survey.files.length;
  const taken = `${count} file${count === 1 ? "" : "s"}, ${formatBytes(survey.totalBytes)}`;
  if (survey.leftOut.length === 0) return taken;
  const largestFirst = [...survey.leftOut].sort((a, b) => (b.sizeBytes ?? 0) - (a.sizeBytes ?? 0));
  const shown = largestFirst.slice(0, shownAtMost).map(describeLeftOut);
  if (largestFirst.length > shownAtMost) shown.push(`${largestFirst.length - shownAtMost} more`);
  return `${taken}; left out: ${shown.join(", ")}`;
}

function describeLeftOut({ path, kind, sizeBytes }: LeftOut): string {
  // A file's name may hold what a terminal would obey.
  const name = path.replace(/[\p{Cc}\p{Cf}]/gu, "?") + (kind === "folder" ? "/" : "");
  return sizeBytes === null ? name : `${name} ${formatBytes(sizeBytes)}`;
}
