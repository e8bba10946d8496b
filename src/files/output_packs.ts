import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { dirname, join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { syncFolder } from "../platform/durable_file.ts";
import { inParallel } from "../platform/in_parallel.ts";
import { makePrivateFolder } from "../platform/private_folder.ts";
import { bad, good } from "../platform/result.ts";
import { systemErrorCode } from "../platform/system_error.ts";
import type { OpenHandles } from "./open_handles.ts";
import { asFileProblem, type FileResult } from "./problem.ts";

/** How many packs are written to at once. */
const WIDTH = 16;
const MAX_TRIES = 10;

/** Where a chunk came to lie in its job's pack, in bytes. */
export interface Slice {
  offset: number;
  length: number;
}

export interface OutputPacks {
  /**
   * Appends chunks to a job's pack, and answers where each lies once all of them are on disk. What is appended while a
   * write is under way goes together into the next one. What a crash or a full disk leaves half written is never named.
   */
  append(job: number, chunks: readonly Uint8Array[]): Promise<FileResult<Slice[]>>;
}

interface Waiting {
  chunks: readonly Uint8Array[];
  answer: (result: FileResult<Slice[]>) => void;
  fail: (error: unknown) => void;
}

/** One file a job, a thousand jobs to a folder. */
export function packPath(folder: string, job: number): string {
  return join(folder, String(Math.floor(job / 1000)), `${job}.pack`);
}

export function openOutputPacks(folder: string, handles: OpenHandles): OutputPacks {
  let waiting = new Map<number, Waiting[]>();
  let isWriting = false;

  function append(job: number, chunks: readonly Uint8Array[]): Promise<FileResult<Slice[]>> {
    return new Promise((answer, fail) => {
      const queue = waiting.get(job) ?? [];
      waiting.set(job, queue);
      queue.push({ chunks, answer, fail });
      if (!isWriting) void writeAll();
    });
  }

  async function writeAll(): Promise<void> {
    isWriting = true;
    while (waiting.size > 0) {
      const jobs = [...waiting];
      waiting = new Map();
      await inParallel(jobs, WIDTH, ([job, queue]) => writeJob(job, queue));
    }
    isWriting = false;
  }

  async function writeJob(job: number, queue: readonly Waiting[]): Promise<void> {
    try {
      const placed = await write(packPath(folder, job), Buffer.concat(queue.flatMap(({ chunks }) => chunks)));
      let offset = placed.ok ? placed.value : 0;
      for (const { chunks, answer } of queue) {
        answer(placed.ok ? good(slicesFrom(offset, chunks)) : placed);
        offset += lengthOf(chunks);
      }
    } catch (error) {
      for (const { fail } of queue) fail(error);
    }
  }

  /** Answers where the bytes begin. */
  async function write(path: string, bytes: Uint8Array): Promise<FileResult<number>> {
    if (bytes.length === 0) return good(0);
    try {
      const offset = await handles.use(
        `append ${path}`,
        () => openPack(path),
        (pack) => appendTo(pack, bytes),
      );
      return offset === null
        ? bad({ code: "unwritable", path, reason: "another process keeps writing to it" })
        : good(offset);
    } catch (error) {
      return bad(asFileProblem(error, "unwritable", path));
    }
  }

  return { append };
}

function slicesFrom(offset: number, chunks: readonly Uint8Array[]): Slice[] {
  const slices: Slice[] = [];
  let at = offset;
  for (const { length } of chunks) {
    slices.push({ offset: at, length });
    at += length;
  }
  return slices;
}

function lengthOf(chunks: readonly Uint8Array[]): number {
  return chunks.reduce((sum, { length }) => sum + length, 0);
}

async function openPack(path: string): Promise<FileHandle> {
  const flags = constants.O_WRONLY | constants.O_APPEND | constants.O_NOFOLLOW;
  try {
    return await open(path, flags);
  } catch (error) {
    if (systemErrorCode(error) !== "ENOENT") throw error;
  }
  const shelf = dirname(path);
  const objection = await makePrivateFolder(shelf);
  if (objection !== null) throw Object.assign(new Error(`its folder is ${objection}`), { code: "EPERM", errno: -1 });
  const pack = await open(path, flags | constants.O_CREAT, 0o600);
  await syncFolder(shelf);
  await syncFolder(dirname(shelf));
  return pack;
}

/**
 * Appends to a file, durably, and answers where the bytes begin; null where others keep appending in between.
 * The offset is taken from the file itself: a second yard that has not noticed yet that it was replaced writes beside us,
 * never over us, and what an earlier failure left half written lies before us.
 */
async function appendTo(pack: FileHandle, bytes: Uint8Array): Promise<number | null> {
  for (let tries = 0; tries < MAX_TRIES; tries += 1) {
    const { size } = await pack.stat();
    await pack.writeFile(bytes);
    if ((await pack.stat()).size === size + bytes.length) {
      await pack.datasync();
      return size;
    }
    // Two that try in step would get into each other's way for ever.
    await setTimeout(Math.random() * 2 ** tries);
  }
  return null;
}
