import { execFileSync } from "node:child_process";
import { closeSync, ftruncateSync, mkdirSync, openSync, rmSync, writeSync } from "node:fs";
import { onTestFinished } from "vitest";
import { aFolder } from "./a_folder.ts";

/** A disk of its own that a test may fill to the last byte. */
export interface SmallDisk {
  path: string;
  /** Leaves not a byte. */
  fill(): void;
  free(): void;
}

/** Why there can be none here; null: there can. Only root may mount. */
export const noSmallDisk =
  process.getuid?.() === 0 && canMount() ? null : "only root may mount a disk, and not everywhere";

/** @param megabytes  its size */
export async function aSmallDisk(megabytes: number): Promise<SmallDisk> {
  const path = await aFolder();
  execFileSync("mount", ["-t", "tmpfs", "-o", `size=${megabytes}m`, "tmpfs", path]);
  onTestFinished(() => {
    execFileSync("umount", ["-l", path]);
  });
  const ballast = `${path}/ballast`;
  return {
    path,
    fill() {
      const file = openSync(ballast, "a", 0o600);
      for (let chunk = Buffer.alloc(4 * 1024 * 1024); chunk.length > 0; ) {
        try {
          writeSync(file, chunk);
        } catch {
          chunk = chunk.subarray(0, chunk.length >> 1);
        }
      }
      closeSync(file);
    },
    free() {
      const file = openSync(ballast, "r+");
      ftruncateSync(file, 0);
      closeSync(file);
    },
  };
}

function canMount(): boolean {
  const probe = `/tmp/runyard-test-mount-${process.pid}`;
  mkdirSync(probe);
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", probe], { stdio: "ignore" });
    execFileSync("umount", [probe], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  } finally {
    rmSync(probe, { recursive: true, force: true });
  }
}
