import { type EntryObjection, raiseZip } from "./zip_problem.ts";

/** What a zip's directory says of an entry. */
export interface ZipEntry {
  /** As text, parts divided by `/`; a folder's ends in one. */
  name: string;
  packedBytes: number;
  unpackedBytes: number;
  isEncrypted: boolean;
  /** 0: stored, 8: deflated. */
  method: number;
  /** The mode that it has on Unix; 0: it comes from a system without. */
  mode: number;
}

export interface ZipLimits {
  entries: number;
  /** What it may unpack to. */
  bytes: number;
  /** So much larger than the zip it may be unpacked, where it is large. */
  ratio: number;
}

export const usualZipLimits: ZipLimits = { entries: 200_000, bytes: 4 * 1024 ** 3, ratio: 200 };

/** A zip of less is never taken for a bomb: text of one letter packs very well. */
const HARMLESS_BYTES = 64 * 1024 * 1024;

/** An entry that is to be unpacked, and where to. */
export interface PlannedEntry<Source> {
  source: Source;
  /** As the zip calls it. */
  name: string;
  kind: "file" | "folder" | "link";
  path: string;
  executable: boolean;
}

export interface ZipPlan<Source> {
  entries: PlannedEntry<Source>[];
  /** The one folder that everything lies in, which is not unpacked itself; null: there is none. */
  top: string | null;
}

const MAX_PATH_BYTES = 4000;
const MAX_NAME_BYTES = 255;

/**
 * What is to be unpacked of a zip, as its directory describes it. Raises a ZipProblem where anything in it is not to be
 * trusted. What macOS adds for itself stays out, and so does the history of version control: git does what it finds written there.
 */
export function planZip<Source>(
  described: readonly (ZipEntry & { source: Source })[],
  zipBytes: number,
  limits: ZipLimits,
): ZipPlan<Source> {
  if (described.length > limits.entries) throw raiseZip({ code: "too_many_entries", most: limits.entries });
  checkSizes(described, zipBytes, limits);
  const planned = described.map(plannedEntry).filter(({ path }) => !isUnwanted(path));
  checkClashes(planned);
  if (!planned.some(({ kind }) => kind !== "folder")) throw raiseZip({ code: "empty" });
  return withoutTop(planned);
}

function checkSizes(entries: readonly ZipEntry[], zipBytes: number, limits: ZipLimits): void {
  let packed = 0;
  let unpacked = 0;
  for (const { packedBytes, unpackedBytes } of entries) {
    packed += packedBytes;
    unpacked += unpackedBytes;
  }
  if (packed > zipBytes) throw raiseZip({ code: "overlapping" });
  if (unpacked > limits.bytes) throw raiseZip({ code: "too_large", mostBytes: limits.bytes });
  if (unpacked > HARMLESS_BYTES && unpacked > zipBytes * limits.ratio)
    throw raiseZip({ code: "bomb", packedBytes: zipBytes, unpackedBytes: unpacked });
}

function plannedEntry<Source>(entry: ZipEntry & { source: Source }): PlannedEntry<Source> {
  const objection = objectionTo(entry);
  if (objection !== null) throw raiseZip({ code: "bad_entry", entry: entry.name, why: objection });
  const { source, name, mode } = entry;
  const kind = kindOf(entry) ?? "file";
  return { source, name, kind, path: name.replace(/\/$/, ""), executable: (mode & 0o100) !== 0 };
}

function objectionTo(entry: ZipEntry): EntryObjection | null {
  const { name, isEncrypted, method } = entry;
  if (name.startsWith("/") || /^[A-Za-z]:/.test(name)) return "absolute";
  if (/[\u0000-\u001f\u007f-\u009f\\\uFFFD]/.test(name)) return "bad_name";
  const parts = name.replace(/\/$/, "").split("/");
  if (parts.includes("..")) return "climbs";
  if (parts.some((part) => part === "" || part === ".")) return "bad_name";
  if (Buffer.byteLength(name) > MAX_PATH_BYTES || parts.some((part) => Buffer.byteLength(part) > MAX_NAME_BYTES))
    return "too_long";
  const kind = kindOf(entry);
  if (kind === null) return "special";
  if (kind === "folder") return null;
  if (isEncrypted) return "encrypted";
  if (method !== 0 && method !== 8) return "method";
  return kind === "link" && entry.unpackedBytes > MAX_PATH_BYTES ? "long_link" : null;
}

const TYPE = 0o170000;

/** Null: a device, a pipe or a socket. */
function kindOf({ name, mode }: Pick<ZipEntry, "name" | "mode">): PlannedEntry<unknown>["kind"] | null {
  const type = mode & TYPE;
  const isNamedFolder = name.endsWith("/");
  if (type === 0) return isNamedFolder ? "folder" : "file";
  if (type === 0o040000) return "folder";
  if (isNamedFolder) return null;
  if (type === 0o100000) return "file";
  return type === 0o120000 ? "link" : null;
}

function isUnwanted(path: string): boolean {
  const parts = path.toLowerCase().split("/");
  return parts[0] === "__macosx" || parts.at(-1) === ".ds_store" || parts.includes(".git");
}

/** Each path once, however a machine compares names, and nothing below what is no folder. */
function checkClashes(entries: readonly PlannedEntry<unknown>[]): void {
  const known = new Map<string, { name: string; isFolder: boolean; written: string }>();
  for (const { name, path, kind } of entries) {
    const parts = path.split("/");
    for (let length = 1; length <= parts.length; length += 1) {
      const isLast = length === parts.length;
      const written = parts.slice(0, length).join("/");
      const key = written.normalize("NFC").toLowerCase();
      const isFolder = !isLast || kind === "folder";
      const other = known.get(key);
      if (!other) known.set(key, { name, isFolder, written });
      // A folder may be named by itself and by what lies in it.
      else if (!isFolder || !other.isFolder || other.written !== written)
        throw raiseZip({ code: "clash", entry: name, other: other.name });
    }
  }
}

/** Most zips hold one folder, which is the project. */
function withoutTop<Source>(entries: PlannedEntry<Source>[]): ZipPlan<Source> {
  const [top = ""] = entries[0]?.path.split("/") ?? [];
  const isBelow = ({ path, kind }: PlannedEntry<Source>) =>
    path.startsWith(`${top}/`) || (path === top && kind === "folder");
  if (!entries.every(isBelow)) return { entries, top: null };
  const below = entries.filter(({ path }) => path !== top);
  return { entries: below.map((entry) => ({ ...entry, path: entry.path.slice(top.length + 1) })), top };
}
