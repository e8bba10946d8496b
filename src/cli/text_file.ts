import { readFileSync } from "node:fs";
import { systemErrorCode, systemErrorText } from "../platform/system_error.ts";
import { wrongUsage } from "./stop.ts";

/** The text of a file that the user named; `said` is what refusals call it, e.g. `--from commands.txt`. */
export function readTextFile(path: string, said = path): string {
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    throw wrongUsage(`${said}: ${unreadable(error)}.`);
  }
  return textOfBytes(bytes, said);
}

/** Text without the mark that some editors put before it. */
export function textOfBytes(bytes: Uint8Array, said: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw wrongUsage(`${said}: the file is not UTF-8 text. Save it as UTF-8.`);
  }
}

/** Why a file could not be read. */
export function unreadable(error: unknown): string {
  return reasons[systemErrorCode(error) ?? ""] ?? systemErrorText(error);
}

const reasons: Record<string, string> = {
  ENOENT: "there is no such file",
  ENOTDIR: "there is no such file",
  EISDIR: "it is a folder",
  EACCES: "you have no permission to read it",
};
