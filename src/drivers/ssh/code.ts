import type { Readable } from "node:stream";
import { shellQuote } from "../../core/shell_quote.ts";
import type { SshHost } from "../../shells/ssh.ts";
import type { Manifest, ManifestEntry } from "../../snapshots/manifest.ts";
import { describeSnapshotProblem } from "../../snapshots/problem.ts";
import { blobPath, readManifest } from "../../snapshots/snapshot_store.ts";
import { exchange } from "./exchange.ts";

/** Brings the code of jobs to a machine: each snapshot once, and of it only what no other snapshot there has. */
export interface CodeSender {
  /** Null: the snapshot's tree is there. Else why it is not; `broken`: the connection broke, ask again. */
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

/**
 * A tree lies in `code/<id>/`: `small/` is copied for each attempt, `large/` linked.
 *
 * @param store  where snapshots lie here
 */
export function openCodeSender(host: SshHost, store: string): CodeSender {
  const there = new Set<string>();

  async function ensure(home: string, id: string): Promise<string | "broken" | null> {
    if (there.has(id)) return null;
    const read = await readManifest(store, id);
    if (!read.ok) return describeSnapshotProblem(read.problem);
    const listed = await exchange(host, `ls ${shellQuote(`${home}/code`)}`);
    if (!listed.ok) return "broken";
    for (const name of listed.value.stdout.split("\n")) if (/^[0-9a-f]{64}$/.test(name)) there.add(name);
    if (there.has(id)) return null;
    const base = await nearest(read.value);
    const sent = await exchange(host, buildScript(home, id, read.value, base), {
      input: await tarOfCode(store, read.value, base?.kept ?? new Set()),
    });
    if (!sent.ok) return "broken";
    if (sent.value.code !== 0) return `the code could not be laid out there: ${sent.value.stderr.trim()}`;
    there.add(id);
    return null;
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
        `{ [ -d ${tree}/small ] || exit ${TREE_IS_GONE}; }`,
        `cp -R ${tree}/small/. ${work}/`,
        `if [ -d ${tree}/large ]; then cp -Rl ${tree}/large/. ${work}/ 2>/dev/null || cp -R ${tree}/large/. ${work}/; fi`,
      ].join(" && ");
    },
    reset: () => there.clear(),
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

function isLarge(entry: ManifestEntry): boolean {
  return entry.kind === "file" && entry.sizeBytes > LARGE_BYTES;
}

/** Large files of a snapshot, by their paths: those that attempts share. */
export async function largePaths(store: string, id: string): Promise<string[]> {
  const read = await readManifest(store, id);
  return read.ok ? read.value.entries.filter(isLarge).map(({ path }) => path) : [];
}

/** Takes a tar in beside what comes from the base, under a name of its own until it is whole. */
function buildScript(home: string, id: string, { entries }: Manifest, base: Base | null): string {
  const part = `${id}.part`;
  const quoted = (path: string) => shellQuote(`${part}/${path}`);
  return [
    `cd ${shellQuote(`${home}/code`)} && umask 022 && rm -rf ${part} && mkdir -p ${part}/small`,
    ...(base === null ? [] : [`{ cp -Rl ${base.id}/. ${part}/ 2>/dev/null || cp -R ${base.id}/. ${part}/; }`]),
    // A file that is written over is another name of the base's.
    ...(base?.gone ?? []).map((path) => `rm -rf ${quoted(path)}`),
    `tar -xf - -C ${part}`,
    ...entries.flatMap((entry) => (base?.kept.has(placeOf(entry)) ? [] : madeBy(entry, quoted(placeOf(entry))))),
    `rm -rf ${id} && mv ${part} ${id}`,
  ].join(" && ");
}

/** What is no file is made by a line of the script. */
function madeBy(entry: ManifestEntry, place: string): string[] {
  if (entry.kind === "folder") return [`mkdir -p ${place}`];
  if (entry.kind !== "link") return [];
  return [`mkdir -p ${place} && rmdir ${place} && ln -s ${shellQuote(entry.target)} ${place}`];
}

/** The contents that the base has not. */
async function tarOfCode(store: string, { entries }: Manifest, kept: ReadonlySet<string>): Promise<Readable> {
  const { packTar } = await import("modern-tar/fs");
  return packTar(
    entries.flatMap((entry) => {
      const target = placeOf(entry);
      if (entry.kind !== "file" || kept.has(target)) return [];
      const mode = entry.executable ? 0o755 : 0o644;
      return [{ type: "file", source: blobPath(store, entry.sha256), target, mode, mtime: LONG_AGO }];
    }),
  );
}
