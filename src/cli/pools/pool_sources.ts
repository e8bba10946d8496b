import { homedir } from "node:os";
import { isStoppedCommand, wrongUsage } from "../stop.ts";
import { isUnreadable, readTextFile } from "../text_file.ts";
import type { ConfigJson } from "./config_json.ts";
import type { Beside, PoolsFile } from "./pools_file.ts";
import type { SlurmPool } from "./slurm_pool.ts";
import { isTrusted } from "./trusted_files.ts";

/** In the current folder. */
export const PROJECT_FILE = "runyard.yaml";
export const CONFIG_JSON = "config.json";

/** Where a user defines pools for everywhere. */
export function userFile(): string {
  return `${process.env["XDG_CONFIG_HOME"] || `${homedir()}/.config`}/runyard/runyard.yaml`;
}

/** What the user's own file defines. */
export async function userPools(): Promise<PoolsFile> {
  const text = await readIfThere(userFile());
  return text === null ? { slurm: [], governed: [] } : parse(userFile(), text, "nothing");
}

/** What the project's file defines, and whether that may be used. */
export async function projectPools(): Promise<{ pools: SlurmPool[]; trusted: boolean }> {
  const text = await readIfThere(PROJECT_FILE);
  if (text === null) return { pools: [], trusted: false };
  return { pools: (await parse(PROJECT_FILE, text, "defaults")).slurm, trusted: isTrusted(PROJECT_FILE, text) };
}

/**
 * neuromanager's file. Null: there is none, or none that names `wanted`.
 *
 * @param isItsOwn  whether only this file can define it; otherwise one that is something else is left alone
 */
export async function configJson(wanted: string, isItsOwn: boolean): Promise<ConfigJson | null> {
  const text = await readIfThere(CONFIG_JSON, isItsOwn);
  // Files of that name can be large.
  if (text === null || (!isItsOwn && !text.includes(JSON.stringify(wanted)))) return null;
  const { openConfigJson } = await import("./config_json.ts");
  try {
    return openConfigJson(CONFIG_JSON, text);
  } catch (error) {
    if (isItsOwn || !isStoppedCommand(error)) throw error;
    return null;
  }
}

/** Null: it is not there. One that cannot be read is refused where it is needed. */
async function readIfThere(path: string, isNeeded = true): Promise<string | null> {
  const text = await readTextFile(path);
  if (!isUnreadable(text)) return text;
  if (!isNeeded || text.isMissing) return null;
  throw wrongUsage(`${path}: ${text.unreadable}.`);
}

async function parse(path: string, text: string, beside: Beside): Promise<PoolsFile> {
  const { parsePoolsFile } = await import("./pools_file.ts");
  return parsePoolsFile(path, text, beside, homedir());
}
