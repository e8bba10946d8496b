import { lstat, writeFile } from "node:fs/promises";
import { systemErrorCode, systemErrorText } from "../platform/system_error.ts";

const EXISTS = "The file exists already. Remove it, or choose another name.";

/** Why no new file can have this name, before work is done for it; null: nothing is in the way so far. */
export async function objectionToNewFile(path: string): Promise<string | null> {
  try {
    await lstat(path);
    return EXISTS;
  } catch (error) {
    return systemErrorCode(error) === "ENOENT" ? null : objection(error);
  }
}

/** Writes a file that is not there yet. Null: it is written; else why not. */
export async function writeNewFile(path: string, text: string): Promise<string | null> {
  try {
    await writeFile(path, text, { flag: "wx" });
    return null;
  } catch (error) {
    return objection(error);
  }
}

function objection(error: unknown): string {
  const code = systemErrorCode(error);
  if (code === null) throw error;
  if (code === "EEXIST") return EXISTS;
  if (code === "ENOENT" || code === "ENOTDIR") return "There is no such folder. Make it, or choose another one.";
  return `The file cannot be written: ${systemErrorText(error)}. Choose another name.`;
}
