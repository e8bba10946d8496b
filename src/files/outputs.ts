import type { FileHandle } from "node:fs/promises";
import { isAbsolute, join } from "node:path";
import { openToRead } from "../platform/durable_file.ts";
import { bad, good } from "../platform/result.ts";
import { lastLines, type Stretch, type Tail } from "./last_lines.ts";
import type { OpenHandles } from "./open_handles.ts";
import { packPath } from "./output_packs.ts";
import type { OutputPlace } from "./output_place.ts";
import { asFileProblem, type FileResult } from "./problem.ts";

/** What one call of `read` answers at most. */
const MAX_READ_BYTES = 8 * 1024 * 1024;
const DEFAULT_TAIL_BYTES = 4 * 1024 * 1024;

/** Reads streams wherever they lie. A stream that is still written to just grows: follow it by reading on from its size. */
export interface Outputs {
  size(place: OutputPlace): Promise<FileResult<number>>;
  /** Bytes `from` up to `to` (default: the end), fewer where the stream ends or after 8 MiB: read on from there. */
  read(place: OutputPlace, from: number, to?: number): Promise<FileResult<Buffer>>;
  /** The last lines. `maxBytes`, default 4 MiB, bounds what is read. */
  lastLines(place: OutputPlace, count: number, maxBytes?: number): Promise<FileResult<Tail>>;
}

/**
 * @param root  the folder that the paths of `file` places are relative to
 * @param packs  the folder of the packs
 */
export function outputsIn(root: string, packs: string, handles: OpenHandles): Outputs {
  async function look<Value>(
    place: OutputPlace,
    work: (stretch: Stretch) => Promise<Value>,
  ): Promise<FileResult<Value>> {
    if (place.kind === "none") return good(await work(emptyStretch));
    const path = pathOf(place);
    if (path === null) return bad({ code: "bad_name", name: place.kind === "pack" ? String(place.job) : place.path });
    try {
      return place.kind === "pack"
        ? await handles.use(
            `read ${path}`,
            () => openToRead(path),
            (pack) => lookAtSlice(pack, path, place, work),
          )
        : await lookAtFile(path, work);
    } catch (error) {
      return bad(asFileProblem(error, "unreadable", path));
    }
  }

  function pathOf(place: Exclude<OutputPlace, { kind: "none" }>): string | null {
    switch (place.kind) {
      case "pack":
        return packPath(packs, place.job);
      case "file":
        return isBelow(place.path) ? join(root, place.path) : null;
      case "spool":
        return isAbsolute(place.path) ? place.path : null;
    }
  }

  return {
    size: (place) => look(place, async ({ size }) => size),
    read: (place, from, to = Number.POSITIVE_INFINITY) =>
      look(place, async (stretch) => {
        const first = Math.min(Math.max(0, from), stretch.size);
        return await stretch.read(first, Math.max(first, Math.min(to, stretch.size, first + MAX_READ_BYTES)));
      }),
    lastLines: (place, count, maxBytes = DEFAULT_TAIL_BYTES) =>
      look(place, (stretch) => lastLines(stretch, count, maxBytes)),
  };
}

const emptyStretch: Stretch = { size: 0, read: async () => Buffer.alloc(0) };

async function lookAtSlice<Value>(
  pack: FileHandle,
  path: string,
  { offset, length }: { offset: number; length: number },
  work: (stretch: Stretch) => Promise<Value>,
): Promise<FileResult<Value>> {
  if ((await pack.stat()).size < offset + length) return bad({ code: "damaged", path });
  const read = (from: number, to: number) => readBytes(pack, offset + from, offset + to);
  return good(await work({ size: length, read }));
}

async function lookAtFile<Value>(path: string, work: (stretch: Stretch) => Promise<Value>): Promise<FileResult<Value>> {
  const file = await openToRead(path);
  try {
    const { size } = await file.stat();
    return good(await work({ size, read: (from, to) => readBytes(file, from, to) }));
  } finally {
    await file.close();
  }
}

async function readBytes(file: FileHandle, from: number, to: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafe(to - from);
  let filled = 0;
  while (filled < bytes.length) {
    const { bytesRead } = await file.read(bytes, filled, bytes.length - filled, from + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return bytes.subarray(0, filled);
}

function isBelow(path: string): boolean {
  return path.split("/").every((part) => part !== "" && part !== "." && part !== "..") && !path.includes("\0");
}
