import type { Readable } from "node:stream";
import { shellQuote } from "../../core/shell_quote.ts";
import type { Host } from "../../shells/host.ts";
import type { Manifest, ManifestEntry } from "../../snapshots/manifest.ts";
import { describeSnapshotProblem } from "../../snapshots/problem.ts";
import { blobPath, readManifest } from "../../snapshots/snapshot_store.ts";
import { exchange } from "./exchange.ts";

/** Brings the code of jobs to a machine: each snapshot once, and of it only what no other snapshot there has. */
export interface CodeSender {
  /**
   * Null: the snapshot's tree is there. Else why it is not; `broken`: the connection broke, ask again. What had arrived then
   * is not sent again.
   */
  ensure(home: string, snapshot: string): Promise<string | "broken" | null>;
  /** The lines that lay the snapshot out as the work folder of an attempt. */
  layOut(snapshot: string, attempt: string): string;
  /** What was sent before may be gone: a new connection. */
  reset(): void;
}

/** Files above this are links to one file, which no run should write to; smaller ones are every run's own copy. */
const LARGE_BYTES = 1024 * 1024;
/** So a file that was written to since is told apart, whatever the machine's clock says. */
const LONG_AGO = new Date("2000-01-01");
/** The exit code of the script that lays out a tree which has been removed meanwhile. */
export const TREE_IS_GONE = 97;
/** With more differences a tree is sent anew. */
const MOST_DIFFERENCES = 2000;
/** A tree from which nothing was laid out for so long is removed. */
const UNUSED_DAYS = 7;
const LIST_AGAIN_MS = 24 * 60 * 60 * 1000;

/**
 * A tree lies in `code/<id>/`: `small/` is copied for each attempt, `large/` linked.
 *
 * @param store  where snapshots lie here
 * @param inUse  snapshots whose trees are needed, however old: those of attempts that are on the machine
 */
export function openCodeSender(host: Host, store: string, inUse: () => Iterable<string>): CodeSender {
  const there = new Set<string>();
  let listedAt = Number.NEGATIVE_INFINITY;

  async function ensure(home: string, id: string): Promise<string | "broken" | null> {
    const isListed = performance.now() - listedAt < LIST_AGAIN_MS;
    if (isListed && there.has(id)) return null;
    const read = await readManifest(store, id);
    if (!read.ok) return describeSnapshotProblem(read.problem);
    const listed = await exchange(host, listScript(home, new Set([...inUse(), id])));
    if (!listed.ok) return "broken";
    const names = listed.value.stdout.split("\n");
    there.clear();
    for (const name of names) if (/^[0-9a-f]{64}$/.test(name)) there.add(name);
    listedAt = performance.now();
    if (there.has(id)) return null;
    const base = await nearest(read.value);
    const missing = filesBeside(read.value, base);
    const part = partName(id, base);
    const arrived = names.includes(part) ? await filesArrived(home, part, read.value.entries, missing) : 0;
    if (arrived === null) return "broken";
    const sent = await exchange(host, buildScript(home, id, read.value, base, arrived > 0), {
      input: await tarOfCode(store, missing.slice(arrived)),
    });
    if (!sent.ok) return "broken";
    if (sent.value.code !== 0) return `the code could not be laid out there: ${sent.value.stderr.trim()}`;
    there.add(id);
    return null;
  }

  /** How many of the files that were to be sent are there, whole, since the last time; null: the connection broke. */
  async function filesArrived(
    home: string,
    part: string,
    entries: readonly ManifestEntry[],
    missing: readonly CodeFile[],
  ): Promise<number | null> {
    const folder = shellQuote(`${home}/code/${part}`);
    // Names may hold newlines.
    const counted = await exchange(host, `find ${folder} -type f -print0 | tr -cd '\\0' | wc -c`);
    if (!counted.ok) return null;
    const ofBase = entries.filter(isFile).length - missing.length;
    // They arrive in order, and the last one may not be whole.
    return Math.max(0, Number.parseInt(counted.value.stdout, 10) - ofBase - 1 || 0);
  }

  /** The tree there that has most of a snapshot's files already. */
  async function nearest(manifest: Manifest): Promise<Base | null> {
    let best: (Base & { bytes: number }) | null = null;
    for (const id of there) {
      const read = await readManifest(store, id);
      if (!read.ok) continue;
      const base = compare(manifest, read.value);
      if (base.bytes > (best?.bytes ?? 0) && base.gone.length <= MOST_DIFFERENCES) best = { id, ...base };
    }
    return best;
  }

  return {
    ensure,
    layOut(id, attempt) {
      const tree = `code/${id}`;
      const work = `${attempt}/0/work`;
      return [
        `{ touch -c ${tree} && [ -d ${tree}/small ] || exit ${TREE_IS_GONE}; }`,
        `cp -R ${tree}/small/. ${work}/`,
        `if [ -d ${tree}/large ]; then cp -Rl ${tree}/large/. ${work}/ 2>/dev/null || cp -R ${tree}/large/. ${work}/; fi`,
      ].join(" && ");
    },
    reset() {
      listedAt = Number.NEGATIVE_INFINITY;
    },
  };
}

/** A tree that is there, and what of it another one can have. */
interface Base {
  id: string;
  /** Places of entries that are the same in both. */
  kept: ReadonlySet<string>;
  /** Places of the base that the other one has not, or has otherwise. */
  gone: string[];
}

function compare(manifest: Manifest, base: Manifest): Omit<Base, "id"> & { bytes: number } {
  const before = new Map(base.entries.map((entry) => [placeOf(entry), JSON.stringify(entry)]));
  const kept = new Set<string>();
  let bytes = 0;
  for (const entry of manifest.entries) {
    const place = placeOf(entry);
    if (before.get(place) !== JSON.stringify(entry)) continue;
    kept.add(place);
    before.delete(place);
    bytes += entry.kind === "file" ? entry.sizeBytes : 0;
  }
  return { kept, gone: [...before.keys()], bytes };
}

function placeOf(entry: ManifestEntry): string {
  return `${isLarge(entry) ? "large" : "small"}/${entry.path}`;
}

type CodeFile = Extract<ManifestEntry, { kind: "file" }>;

function isFile(entry: ManifestEntry): entry is CodeFile {
  return entry.kind === "file";
}

function isLarge(entry: ManifestEntry): boolean {
  return isFile(entry) && entry.sizeBytes > LARGE_BYTES;
}

/** The files whose contents the base has not, in the order in which they are sent. */
function filesBeside({ entries }: Manifest, base: Base | null): CodeFile[] {
  return entries.filter(isFile).filter((entry) => !base?.kept.has(placeOf(entry)));
}

/** Large files of a snapshot, by their paths: those that attempts share. */
export async function largePaths(store: string, id: string): Promise<string[]> {
  const read = await readManifest(store, id);
  return read.ok ? read.value.entries.filter(isLarge).map(({ path }) => path) : [];
}

/** Of what a tree is while it is being built: what a new try goes on from was built on the same base. */
function partName(id: string, base: Base | null): string {
  return `${id}.${base?.id.slice(0, 16) ?? "new"}.part`;
}

/** Lists what lies there, after what nobody has needed for long has been taken away. */
function listScript(home: string, inUse: ReadonlySet<string>): string {
  const except = [...inUse].map((id) => `! -name ${id}`).join(" ");
  return [
    `cd ${shellQuote(`${home}/code`)} || exit`,
    // A tree is there whole or not at all, so it loses its name first.
    'take_away() { for old; do mv "$old" "$old.old"; done; rm -rf ./*.old & }',
    `take_away $(find . ! -name . -prune -type d -mtime +${UNUSED_DAYS - 1} ${except}) >/dev/null 2>&1 </dev/null`,
    "ls",
  ].join("\n");
}

/** Takes a tar in beside what comes from the base, under a name of its own until it is whole. */
function buildScript(home: string, id: string, { entries }: Manifest, base: Base | null, goesOn: boolean): string {
  const part = partName(id, base);
  const quoted = (path: string) => shellQuote(`${part}/${path}`);
  const begin = [
    `rm -rf ${id}.*.part ${id}.base && mkdir -p ${id}.base/small`,
    ...(base === null ? [] : [`{ cp -Rl ${base.id}/. ${id}.base/ 2>/dev/null || cp -R ${base.id}/. ${id}.base/; }`]),
    // A file that is written over is another name of the base's.
    ...(base?.gone ?? []).map((path) => `rm -rf ${shellQuote(`${id}.base/${path}`)}`),
    `mv ${id}.base ${part}`,
  ];
  return [
    `cd ${shellQuote(`${home}/code`)} && umask 022`,
    ...(goesOn ? [] : begin),
    `tar -xf - -C ${part}`,
    ...entries.flatMap((entry) => (base?.kept.has(placeOf(entry)) ? [] : madeBy(entry, quoted(placeOf(entry))))),
    `rm -rf ${id} && mv ${part} ${id}`,
  ].join(" && ");
}

/** What is no file is made by a line of the script. */
function madeBy(entry: ManifestEntry, place: string): string[] {
  if (entry.kind === "folder") return [`mkdir -p ${place}`];
  if (entry.kind !== "link") return [];
  return [`mkdir -p ${place} && rm -rf ${place} && ln -s ${shellQuote(entry.target)} ${place}`];
}

/** The contents of files. */
async function tarOfCode(store: string, files: readonly CodeFile[]): Promise<Readable> {
  const { packTar } = await import("modern-tar/fs");
  return packTar(
    files.map((entry) => ({
      type: "file",
      source: blobPath(store, entry.sha256),
      target: placeOf(entry),
      mode: entry.executable ? 0o755 : 0o644,
      mtime: LONG_AGO,
    })),
  );
}
