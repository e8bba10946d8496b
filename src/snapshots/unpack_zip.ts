import { createWriteStream } from "node:fs";
import { mkdir, stat, symlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { crc32 } from "node:zlib";
import { type Entry, getFileNameLowLevel, openPromise, type ZipFile } from "yauzl";
import { bad, good, type Result } from "../platform/result.ts";
import { systemErrorCode } from "../platform/system_error.ts";
import { judgeLink } from "./links.ts";
import type { LeftOut } from "./survey.ts";
import { type PlannedEntry, planZip, usualZipLimits, type ZipEntry, type ZipLimits } from "./zip_entries.ts";
import { raiseZip, type ZipProblem, zipProblemOf } from "./zip_problem.ts";

export interface Unpacked {
  /** The one folder that everything lay in, and that was not made; null: there was none. */
  top: string | null;
  /** Links that lead out of the project: they were not made. */
  leftOut: LeftOut[];
}

/**
 * Unpacks a zip that comes from anywhere into `folder`, which has to be new, empty and this account's alone. Nothing is
 * written outside of it: all entries are judged before the first is unpacked, and links are made when nothing more is written.
 * Modes are not taken over, but for whether a file may be executed. What a problem leaves behind is the caller's to remove.
 */
export async function unpackZip(
  zipPath: string,
  folder: string,
  limits: ZipLimits = usualZipLimits,
): Promise<Result<Unpacked, ZipProblem>> {
  try {
    const zip = await openPromise(zipPath, { lazyEntries: true, autoClose: false, decodeStrings: false });
    try {
      const described = await describedEntries(zip, limits);
      const plan = planZip(described, (await stat(zipPath)).size, limits);
      return good({ top: plan.top, leftOut: await unpack(zip, plan.entries, folder) });
    } finally {
      zip.close();
    }
  } catch (error) {
    const problem = zipProblemOf(error);
    if (problem !== null) return bad(problem);
    if (systemErrorCode(error) !== null || !isZipError(error)) throw error;
    return bad({ code: "not_a_zip", detail: error.message });
  }
}

/** The reader throws plain errors at what it does not understand; ours of the language have names of their own. */
function isZipError(error: unknown): error is Error {
  return error instanceof Error && error.name === "Error";
}

async function describedEntries(zip: ZipFile, limits: ZipLimits): Promise<(ZipEntry & { source: Entry })[]> {
  const described = [];
  for await (const source of zip.eachEntry()) {
    const entry = describe(source);
    if (entry.name !== "") described.push({ ...entry, source });
    if (described.length > limits.entries) break;
  }
  return described;
}

const UNIX_SYSTEMS = [3, 19];

function describe(entry: Entry): ZipEntry {
  const isUnix = UNIX_SYSTEMS.includes(entry.versionMadeBy >>> 8);
  return {
    // Some programs write ./ in front of all names, and name the folder itself.
    name: nameOf(entry).replace(/^(\.\/)+/, ""),
    packedBytes: entry.compressedSize,
    unpackedBytes: entry.uncompressedSize,
    isEncrypted: entry.isEncrypted(),
    method: entry.compressionMethod,
    mode: isUnix ? entry.externalFileAttributes >>> 16 : 0,
  };
}

function nameOf({ generalPurposeBitFlag, fileNameRaw, extraFields }: Entry): string {
  return getFileNameLowLevel(generalPurposeBitFlag, fileNameRaw, extraFields, false);
}

async function unpack(zip: ZipFile, entries: readonly PlannedEntry<Entry>[], folder: string): Promise<LeftOut[]> {
  const links: { path: string; target: string }[] = [];
  const leftOut: LeftOut[] = [];
  for (const entry of entries) {
    const path = join(folder, entry.path);
    await mkdir(entry.kind === "folder" ? path : dirname(path), { recursive: true, mode: 0o700 });
    if (entry.kind === "file") await writeEntry(zip, entry, path);
    if (entry.kind !== "link") continue;
    const text = await readTarget(zip, entry);
    const judged = judgeLink(entry.path, text, null);
    if (judged.kind === "inside") links.push({ path, target: judged.target });
    else leftOut.push({ path: entry.path, kind: "link", target: null, sizeBytes: null });
  }
  for (const { path, target } of links) await symlink(target, path);
  return leftOut;
}

async function writeEntry(zip: ZipFile, entry: PlannedEntry<Entry>, path: string): Promise<void> {
  const write = createWriteStream(path, { flags: "wx", mode: entry.executable ? 0o700 : 0o600 });
  await readEntry(zip, entry, (from) => pipeline(from, checked(entry), write));
}

async function readTarget(zip: ZipFile, entry: PlannedEntry<Entry>): Promise<string> {
  const parts: Buffer[] = [];
  await readEntry(zip, entry, (from) =>
    pipeline(from, checked(entry), async (bytes: AsyncIterable<Buffer>) => {
      for await (const part of bytes) parts.push(part);
    }),
  );
  return Buffer.concat(parts).toString("utf8");
}

/** What the reader finds wrong with an entry's bytes is said of that entry. */
async function readEntry(
  zip: ZipFile,
  entry: PlannedEntry<Entry>,
  read: (from: NodeJS.ReadableStream) => Promise<void>,
): Promise<void> {
  try {
    await read(await zip.openReadStreamPromise(entry.source));
  } catch (error) {
    if (zipProblemOf(error) !== null || !isBroken(error)) throw error;
    throw raiseZip({ code: "bad_entry", entry: entry.name, why: "damaged" });
  }
}

function isBroken(error: unknown): boolean {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  return code.startsWith("Z_") || (systemErrorCode(error) === null && isZipError(error));
}

/** Passes bytes on, and fails at the end where they are not those that were packed. Their number the reader checks. */
function checked({ name, source }: PlannedEntry<Entry>): Transform {
  let sum = 0;
  return new Transform({
    transform(bytes: Buffer, _, done) {
      sum = crc32(bytes, sum);
      done(null, bytes);
    },
    flush(done) {
      done(sum === source.crc32 ? null : raiseZip({ code: "bad_entry", entry: name, why: "damaged" }));
    },
  });
}
