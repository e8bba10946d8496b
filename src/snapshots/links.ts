import { posix } from "node:path";

/**
 * Where a symbolic link leads: `inside`, with a target that is relative, normalised and stays in the folder, or `outside`.
 *
 * In a normalised target only leading `..` are left, and they apply to the link's parent, which is a real folder.
 * What follows goes down, so no chain of inside links climbs out. A `..` after a name (`b/..`) depends on where
 * `b` leads, and counts as outside.
 */
export type LinkTarget = { kind: "inside"; target: string } | { kind: "outside" };

const outside: LinkTarget = { kind: "outside" };

/**
 * Judges a link by its text alone.
 *
 * @param path  the link, relative to the folder
 * @param target  what the link says
 * @param folder  the folder's absolute path: absolute targets below it become relative ones. Null: all of them are outside.
 */
export function judgeLink(path: string, target: string, folder: string | null): LinkTarget {
  if (target === "" || target.includes("\0") || climbsAfterName(target)) return outside;
  const parent = posix.dirname(path);
  const relative = target.startsWith("/") ? fromAbsolute(parent, target, folder) : target;
  if (relative === null) return outside;
  const normalised = posix.normalize(relative).replace(/(?<=.)\/$/, "");
  return isBelow(posix.join(parent, normalised)) ? { kind: "inside", target: normalised } : outside;
}

function climbsAfterName(target: string): boolean {
  const parts = target.split("/").filter((part) => part !== "" && part !== ".");
  const firstName = parts.findIndex((part) => part !== "..");
  return firstName >= 0 && parts.indexOf("..", firstName) >= 0;
}

function fromAbsolute(parent: string, target: string, folder: string | null): string | null {
  if (folder === null) return null;
  const below = posix.relative(folder, target);
  return isBelow(below) ? posix.relative(posix.join("/", parent), posix.join("/", below)) || "." : null;
}

function isBelow(relative: string): boolean {
  return relative !== ".." && !relative.startsWith("../");
}
