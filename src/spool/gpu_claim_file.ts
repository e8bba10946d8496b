import { mkdirSync, readdirSync, renameSync, unlinkSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ProcessIdentity } from "../platform/processes.ts";
import { systemErrorCode } from "../platform/system_error.ts";

export interface GpuHolder extends ProcessIdentity {
  yardId: string;
  attempt: string;
}

export interface GpuClaim {
  gpu: string;
  holder: GpuHolder;
  /** Whether other attempts of the same yard may hold the GPU beside this one. */
  shared: boolean;
}

export type ClaimStage = "asking" | "held";

/** A claim as it lies on the disk. */
export interface ClaimFile extends GpuClaim {
  stage: ClaimStage;
  /** The file's name, which says all of the above; claims that ask go first in the order of their names. */
  name: string;
}

/** `held,x,<yard>,<attempt>,<pid>,<start>,<boot id>`. None of these has a comma: ids are of `[A-Za-z0-9._-]`. */
export function claimFileName(
  stage: ClaimStage,
  { yardId, attempt, pid, startTicks, bootId }: GpuHolder,
  shared: boolean,
): string {
  return [stage, shared ? "s" : "x", yardId, attempt, pid, startTicks, bootId].join();
}

/** The claims on one GPU; other files are passed over. */
export function readClaimFiles(folder: string, gpu: string): ClaimFile[] {
  return namesIn(gpuFolder(folder, gpu)).flatMap((name) => {
    const [stage, sharing, yardId, attempt, pid, startTicks, bootId] = name.split(",");
    if (
      (stage !== "asking" && stage !== "held") ||
      yardId === undefined ||
      attempt === undefined ||
      bootId === undefined
    )
      return [];
    const holder = { yardId, attempt, pid: Number(pid), startTicks: Number(startTicks), bootId };
    return [{ gpu, name, stage, shared: sharing === "s", holder }];
  });
}

/** The GPUs that were ever claimed. */
export function claimedGpus(folder: string): string[] {
  return namesIn(folder).flatMap((name) => {
    try {
      return [decodeURIComponent(name)];
    } catch {
      // Not a name of ours.
      return [];
    }
  });
}

/** Puts an empty file there, or renews the time of the one that is. Throws the system's error. */
export function putClaimFile(folder: string, gpu: string, name: string): void {
  const path = join(gpuFolder(folder, gpu), name);
  mkdirSync(gpuFolder(folder, gpu), { recursive: true, mode: 0o700 });
  writeFileSync(path, "", { mode: 0o600 });
  const now = new Date();
  utimesSync(path, now, now);
}

export function renameClaimFile(folder: string, gpu: string, from: string, to: string): void {
  renameSync(join(gpuFolder(folder, gpu), from), join(gpuFolder(folder, gpu), to));
}

/** One that cannot be removed is void once its process ends, so the system's errors are passed over. */
export function removeClaimFile(folder: string, gpu: string, name: string): void {
  try {
    unlinkSync(join(gpuFolder(folder, gpu), name));
  } catch (error) {
    if (systemErrorCode(error) === null) throw error;
  }
}

/** UUIDs and indices stay as they are; no key can lead out of the folder. */
function gpuFolder(folder: string, gpu: string): string {
  return join(
    folder,
    encodeURIComponent(gpu).replace(/^\.+$/, (dots) => dots.replaceAll(".", "%2E")),
  );
}

function namesIn(path: string): string[] {
  try {
    return readdirSync(path);
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === "ENOENT" || code === "ENOTDIR") return [];
    throw error;
  }
}
