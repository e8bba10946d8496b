import { accessSync, constants, statfsSync } from "node:fs";
import { formatBytes } from "../core/quantity.ts";
import { makeFolder } from "../platform/home.ts";
import { systemErrorCode, systemErrorText } from "../platform/system_error.ts";

/** Whether the spool can be used, and its disk has room for more runs. What runs already is not touched by its answer. */
export interface SpoolRoom {
  /** Something did not fit just now, whatever the disk says of itself (a quota, say). */
  ranOut(): void;
  /** Why nothing more is started, worded for people; null: there is room. */
  problem(): string | null;
}

/** A run's folder takes some KiB; what it prints comes on top. */
const FLOOR_BYTES = 4 * 1024 * 1024;
/** How long after something did not fit it is not tried again. */
const WAIT_MS = 5000;

export function openSpoolRoom(root: string): SpoolRoom {
  let ranOutAt = Number.NEGATIVE_INFINITY;
  return {
    ranOut() {
      ranOutAt = performance.now();
    },
    problem() {
      const objection = objectionTo(root);
      if (objection !== null) return cannotBeUsed(root, objection);
      const left = roomLeft(root);
      if (left !== null && (left.bytes < FLOOR_BYTES || left.files === 0)) {
        const what = left.files === 0 ? "no room for another file" : `only ${formatBytes(left.bytes)} free`;
        return `the disk of ${root} has ${what}: nothing is started until there is space; what waits is kept`;
      }
      if (performance.now() - ranOutAt > WAIT_MS) return null;
      return `${root} takes no more files (a quota?): nothing is started until it does; what waits is kept`;
    },
  };
}

/** For people, of a spool that the system objects to. */
export function cannotBeUsed(root: string, objection: string): string {
  return `its spool ${root} cannot be used: ${objection}. Mend that, or name another place in RUNYARD_SPOOL and start the yard anew`;
}

function objectionTo(root: string): string | null {
  try {
    makeFolder(root);
    accessSync(`${root}/.`, constants.R_OK | constants.W_OK | constants.X_OK);
    return null;
  } catch (error) {
    if (systemErrorCode(error) === null) throw error;
    return systemErrorText(error);
  }
}

/** Null where the disk does not say; `files` null where it does not count them. */
function roomLeft(root: string): { bytes: number; files: number | null } | null {
  try {
    const { bavail, bsize, files, ffree } = statfsSync(root);
    return { bytes: bavail * bsize, files: files === 0 ? null : ffree };
  } catch (error) {
    if (systemErrorCode(error) !== null) return null;
    throw error;
  }
}
