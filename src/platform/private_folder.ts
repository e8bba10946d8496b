import { chmod, lstat, mkdir } from "node:fs/promises";

/** Why a folder is not one that this account alone governs. */
export type FolderObjection = "a link" | "not a folder" | "another user's";

/**
 * Looks whether `path` is a real folder of this account: what others could exchange under our feet is never written to.
 * Null where all is well. Throws the system's error where `path` cannot be looked at.
 */
export async function objectionToFolder(path: string): Promise<FolderObjection | null> {
  const found = await lstat(path);
  if (found.isSymbolicLink()) return "a link";
  if (!found.isDirectory()) return "not a folder";
  // Systems without user ids have no getuid.
  const self = process.geteuid?.();
  return self !== undefined && found.uid !== self ? "another user's" : null;
}

/**
 * Makes `path` a folder that only this account can enter (0700), or finds it so; its parent has to exist.
 * Null where all is well. Throws the system's error where it cannot be made.
 */
export async function makePrivateFolder(path: string): Promise<FolderObjection | null> {
  try {
    await mkdir(path, { mode: 0o700 });
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
    const objection = await objectionToFolder(path);
    if (objection !== null) return objection;
    if (((await lstat(path)).mode & 0o077) !== 0) await chmod(path, 0o700);
  }
  return null;
}
