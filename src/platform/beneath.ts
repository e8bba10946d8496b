import { constants, existsSync } from "node:fs";
import { type FileHandle, lstat, open } from "node:fs/promises";

const FOLDER = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;
/** Without waiting: a fifo would wait for whoever writes to it. */
const ANYTHING = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

const descriptors = "/proc/self/fd";
const hasDescriptors = existsSync(descriptors);

/**
 * Opens what lies at `names` below `root`, one folder after the other, each looked for in the one that is open: no link is
 * followed, neither the last nor one on the way, nor one that somebody puts there meanwhile. Throws the system's error: ELOOP
 * or ENOTDIR where a link stands.
 *
 * @param names  none of them empty, `.`, `..` or with a `/`; without any, the root itself is opened
 */
export async function openBeneath(root: string, names: readonly string[]): Promise<FileHandle> {
  if (names.some((name) => name === "" || name === "." || name === ".." || /[/\0]/.test(name))) throw noSuchName();
  let handle = await open(root, names.length === 0 ? ANYTHING : FOLDER);
  let path = root;
  for (const [index, name] of names.entries()) {
    const isLast = index === names.length - 1;
    try {
      path = `${path}/${name}`;
      const next = await open(`${pathTo(handle, path, name)}`, isLast ? ANYTHING : FOLDER);
      await handle.close();
      handle = next;
      if (!hasDescriptors) await checkStillThere(handle, path);
    } catch (error) {
      await handle.close();
      throw error;
    }
  }
  return handle;
}

/** A path that leads into the open folder, whatever its name has become. Where the system has none: `fallback`. */
export function pathInto(folder: FileHandle, fallback: string): string {
  return hasDescriptors ? `${descriptors}/${folder.fd}` : fallback;
}

function pathTo(folder: FileHandle, path: string, name: string): string {
  return hasDescriptors ? `${descriptors}/${folder.fd}/${name}` : path;
}

/** Where folders cannot be reached by what is open, what was opened has at least to be what now stands there. */
async function checkStillThere(handle: FileHandle, path: string): Promise<void> {
  const [opened, found] = [await handle.stat(), await lstat(path)];
  if (opened.ino !== found.ino || opened.dev !== found.dev) throw noSuchName();
}

function noSuchName(): Error {
  return Object.assign(new Error("no such file or directory"), { code: "ENOENT", errno: -2 });
}
