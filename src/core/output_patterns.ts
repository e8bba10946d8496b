/**
 * Which of the files that a run makes are its results: names of files and folders in its work folder, with `*`, `?` and
 * `[a-z]` as `find -path` knows them (`*` stands for `/` too). A folder means all that is below it.
 */
export type OutputPatterns = string[];

/** As it is kept; null: it names nothing within the work folder, or a range that goes backwards. */
export function outputPattern(text: string): string | null {
  const parts = text.split("/").filter((part) => part !== "." && part !== "");
  if (text.startsWith("/") || parts.length === 0 || parts.includes("..") || text.includes("\0")) return null;
  const pattern = parts.join("/");
  return isSound(pattern) ? pattern : null;
}

function isSound(pattern: string): boolean {
  try {
    return expressionOf(pattern) instanceof RegExp;
  } catch {
    return false;
  }
}

/** Whether the file at this path (relative to the work folder) is a result. Without patterns all are. */
export function isOutput(patterns: OutputPatterns, path: string): boolean {
  return patterns.length === 0 || patterns.some((pattern) => expressionOf(pattern).test(path));
}

function expressionOf(pattern: string): RegExp {
  const text = pattern.replaceAll(/\[!?\]?[^\]]*\]|\\?[\s\S]/gu, (part) => {
    if (part === "*") return "[^]*";
    if (part === "?") return "[^]";
    if (part.length > 2 && part.startsWith("[")) return part.replace(/^\[!/, "[^").replaceAll("\\", "\\\\");
    return part.slice(-1).replace(/[\\^$.*+?()[\]{}|/]/, "\\$&");
  });
  return new RegExp(`^${text}(/[^]*)?$`);
}
