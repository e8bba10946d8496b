import { userInfo } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { makePrivateFolder } from "../platform/private_folder.ts";
import { isAlive } from "../platform/processes.ts";
import { systemErrorCode, systemErrorText } from "../platform/system_error.ts";
import {
  type ClaimFile,
  claimedGpus,
  claimFileName,
  type GpuClaim,
  type GpuHolder,
  putClaimFile,
  readClaimFiles,
  removeClaimFile,
  renameClaimFile,
} from "./gpu_claim_file.ts";

// A GPU is reserved on the machine itself, so that two yards of one account never take the same one.
//
// `<folder>/<gpu>/` holds an empty file per claim, whose name says everything: who holds it, by which process. A name comes
// into being whole and is never used again by another process. So a claim is never torn, one whose process has ended is void
// for ever, removing a void one can never hit a living one, and no lock is needed that could itself be left behind.
//
// A claim first only asks: its file is put there, and then the others are looked at, so of two that ask at once at least one
// sees the other. The one whose name sorts first waits until the other has decided, the other withdraws and asks again after
// it. Exactly one wins.

export type ClaimOutcome =
  | { ok: true }
  | { ok: false; code: "held"; gpu: string; heldBy: GpuHolder }
  /** What is wrong with the folder, and what to do, for people. */
  | { ok: false; code: "folder"; problem: string };

export interface ClaimRequest {
  folder: string;
  /** Each GPU's key, the same in every yard: see `gpuKey`. */
  gpus: readonly string[];
  holder: GpuHolder;
  /** Whether other attempts of the same yard that say so too may hold the GPU beside this one. */
  shared: boolean;
}

const POLL_MS = 3;

/**
 * Where this account's claims on this machine lie. Not in XDG_RUNTIME_DIR or TMPDIR: a cron job, a batch job and an ssh login
 * of one account have different ones, and the runtime folder goes away with the last login.
 */
export function gpuClaimFolder(): string {
  return `/tmp/runyard-gpus-${userInfo().uid}`;
}

/**
 * Claims all of the GPUs or none; what this attempt holds already is confirmed. A few ms; where another claim stays undecided
 * (its process was stopped) up to `patienceMs`, default 2,000, after which it counts as held.
 */
export async function claimGpus(request: ClaimRequest, patienceMs = 2000): Promise<ClaimOutcome> {
  const { folder, holder, shared } = request;
  const gpus = [...new Set(request.gpus)];
  const asking = claimFileName("asking", holder, shared);
  const held = claimFileName("held", holder, shared);
  const deadline = performance.now() + patienceMs;
  const mayWait = () => performance.now() < deadline;
  try {
    const problem = await prepareFolder(folder);
    if (problem !== null) return { ok: false, code: "folder", problem };
    for (;;) {
      for (const gpu of gpus) putClaimFile(folder, gpu, asking);
      const rival = await awaitRival(request, isAnyone, (name) => name > asking && mayWait());
      if (rival === null) {
        for (const gpu of gpus) renameClaimFile(folder, gpu, asking, held);
        return { ok: true };
      }
      for (const gpu of gpus) removeClaimFile(folder, gpu, asking);
      // Those that go first are let pass undisturbed: asking again meanwhile would keep them waiting.
      const goesFirst = (file: ClaimFile) => file.stage === "held" || file.name < asking;
      const before = rival.stage === "asking" && mayWait() ? await awaitRival(request, goesFirst, mayWait) : rival;
      if (before !== null) return { ok: false, code: "held", gpu: before.gpu, heldBy: before.holder };
    }
  } catch (error) {
    for (const gpu of gpus) removeClaimFile(folder, gpu, asking);
    return { ok: false, code: "folder", problem: worded(folder, error) };
  }
}

/**
 * Hands an attempt's claims over to another process, as from the agent to the launcher that outlives it; there is no moment
 * without a claim. Said again it renews them: cleaners of /tmp remove what is some days old, so say it daily. Answers the
 * problem for people, or null; the former claim stands then.
 */
export async function updateHolder({ folder, gpus, holder, shared }: ClaimRequest): Promise<string | null> {
  const held = claimFileName("held", holder, shared);
  try {
    const problem = await prepareFolder(folder);
    if (problem !== null) return problem;
    for (const gpu of new Set(gpus)) {
      putClaimFile(folder, gpu, held);
      removeWhere(folder, gpu, ({ holder: { attempt }, name }) => attempt === holder.attempt && name !== held);
    }
    return null;
  } catch (error) {
    return worded(folder, error);
  }
}

/** Gives back what an attempt holds of these GPUs; what it does not hold is passed over. */
export function releaseGpus(release: { folder: string; gpus: readonly string[]; attempt: string }): void {
  for (const gpu of new Set(release.gpus)) {
    removeWhere(release.folder, gpu, ({ holder }) => holder.attempt === release.attempt);
  }
}

/** Every claim of this account on this machine whose process lives. */
export function listClaims(folder: string): GpuClaim[] {
  return claimedGpus(folder)
    .flatMap((gpu) => readClaimFiles(folder, gpu))
    .filter(({ stage, holder }) => stage === "held" && isAlive(holder))
    .map(({ gpu, holder, shared }) => ({ gpu, holder, shared }));
}

/**
 * A claim that stands in the way, of those that `counts` picks, a held one rather than one that asks; null: none does.
 * Where there are only such as ask and `isAwaited` says of their names, they are waited for.
 */
async function awaitRival(
  request: ClaimRequest,
  counts: (file: ClaimFile) => boolean,
  isAwaited: (name: string) => boolean,
): Promise<ClaimFile | null> {
  for (;;) {
    const files = request.gpus.flatMap((gpu) => readClaimFiles(request.folder, gpu));
    const rivals = files.filter((file) => counts(file) && isRival(request, file));
    const decided = rivals.find((rival) => rival.stage === "held") ?? rivals.find((rival) => !isAwaited(rival.name));
    if (decided !== undefined || rivals.length === 0) return decided ?? null;
    await sleep(POLL_MS);
  }
}

const isAnyone = () => true;

function isRival({ folder, holder, shared }: ClaimRequest, file: ClaimFile): boolean {
  if (file.holder.attempt === holder.attempt) return false;
  if (shared && file.shared && file.holder.yardId === holder.yardId) return false;
  if (isAlive(file.holder)) return true;
  removeClaimFile(folder, file.gpu, file.name);
  return false;
}

function removeWhere(folder: string, gpu: string, isMeant: (file: ClaimFile) => boolean): void {
  for (const file of readClaimFiles(folder, gpu)) if (isMeant(file)) removeClaimFile(folder, gpu, file.name);
}

async function prepareFolder(folder: string): Promise<string | null> {
  const objection = await makePrivateFolder(folder);
  if (objection === null) return null;
  return `GPUs cannot be reserved: ${folder} is ${objection}. Remove it, or have its owner do so, and it is made anew.`;
}

function worded(folder: string, error: unknown): string {
  if (systemErrorCode(error) === null) throw error;
  return `GPUs cannot be reserved in ${folder}: ${systemErrorText(error)}. Give it room and rights, then start again.`;
}
