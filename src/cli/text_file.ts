import { readFile } from "node:fs/promises";
import { buffer } from "node:stream/consumers";
import { systemErrorCode, systemErrorText } from "../platform/system_error.ts";

/** A file that was named and cannot be read as text: why, after `FILE: `. */
export interface Unreadable {
  unreadable: string;
  /** There is no such file. */
  isMissing: boolean;
}

export function isUnreadable(value: string | Unreadable): value is Unreadable {
  return typeof value !== "string";
}

/** The UTF-8 text of a file that a user names, without a byte order mark; `-` is stdin. */
export async function readTextFile(path: string): Promise<string | Unreadable> {
  let bytes: Buffer;
  try {
    // Not readFileSync(0): Node has made a pipe there non-blocking, and who writes to it may be slower than we are.
    bytes = path === "-" ? await buffer(process.stdin) : await readFile(path);
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === null) throw error;
    const unreadable = reasons[code] ?? `the file cannot be read: ${systemErrorText(error)}`;
    return { unreadable, isMissing: code === "ENOENT" || code === "ENOTDIR" };
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return { unreadable: "the file is not UTF-8 text; save it as UTF-8", isMissing: false };
  }
}

const reasons: Record<string, string> = {
  ENOENT: "there is no such file",
  ENOTDIR: "there is no such file",
  EISDIR: "it is a folder, not a file",
  EACCES: "you have no permission to read it",
};
