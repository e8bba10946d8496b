import { accessSync, constants, statSync } from "node:fs";
import { unreadable } from "./text_file.ts";

/** Why ssh would not use the key in this file, and what to do; null: it would. */
export function objectionToKeyFile(path: string): string | null {
  try {
    const found = statSync(path);
    if (!found.isFile()) return "it is no file.";
    accessSync(path, constants.R_OK);
    if ((found.mode & 0o077) === 0) return null;
  } catch (error) {
    return `${unreadable(error)}.`;
  }
  return `others than its owner may use it, and ssh ignores such a key. Make it private with: chmod 600 ${path}`;
}
