import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { chmod, copyFile, mkdir, rename, rm, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { pipeline } from "node:stream/promises";
import type { OutputPatterns } from "../../core/output_patterns.ts";
import { shellQuote } from "../../core/shell_quote.ts";
import { isDiskFull } from "../../platform/system_error.ts";

/** What an ended attempt leaves beside its streams, as one file each: `results.tar`, `keep.tar`. */
export interface Pack {
  attempt: string;
  file: "results.tar" | "keep.tar";
  /** What is to be sent, in the attempt's folder there: the file, or where the disk has no room for it, its folder. */
  from: string;
  bytes: number;
  /** Null: there is no tool for it there. */
  sha256: string | null;
}

export interface Packed {
  packs: Pack[];
  /** Attempts that have left too much, of which nothing is packed. */
  large: Set<string>;
  /** A run has written to what it shared with others: the tree of a snapshot, which has been removed. */
  isTreeGone: boolean;
}

/** What an attempt has left on its machine. */
export interface Left {
  id: string;
  snapshot: string | null;
  /** The paths that were laid out as links to a file of the snapshot's tree. */
  large: readonly string[];
  outputs: OutputPatterns;
}

/** As arguments of one command. */
const MOST_WORDS = 200;

/**
 * The script that packs what attempts have made or changed in their work folder, and what they keep. What is as it was laid
 * out is removed first: the run is over, and so names of any kind need no list. It may be run again. A line `pack <attempt>
 * <file> <from> <bytes> <sha256|->` for each, or `large <attempt>`; at last `spoiled`, where a run has written to a shared file.
 *
 * @param most  bytes
 */
export function packingScript(home: string, attempts: readonly Left[], most: number): string {
  const lines = [
    `cd ${shellQuote(home)} || exit`,
    "spoiled= since=-newer; find . -prune -cnewer . >/dev/null 2>&1 && since=-cnewer",
    // Attempt, tree, then paths that both have. The tree is looked at once: only if something in it has been written to, each.
    "unlinked() { work=$1/0/work tree=$2 stamp=$1/0/stamp; shift 2",
    '  written=$(find "$tree/large" ! -type d -newer "$stamp" | head -n 1)',
    '  for path; do shift; [ "$work/$path" -ef "$tree/large/$path" ] || continue',
    '    if [ -n "$written" ] && [ -n "$(find "$work/$path" -prune -newer "$stamp")" ]; then spoiled="$spoiled $tree"',
    '    else set -- "$@" "$work/$path"; fi',
    "  done",
    '  [ $# = 0 ] || rm -f "$@"; }',
    'content() { if [ -d "$1" ]; then tar -cf - -C "$1" .; else cat "$1"; fi; }',
    'size() { if [ -d "$1" ]; then content "$1" | wc -c; else wc -c <"$1"; fi; }',
    'sum() { { sha256sum || shasum -a 256 || echo -; } 2>/dev/null | { read -r hash rest; printf %s "$hash"; }; }',
    'pack() { [ -d "$1/0/$2" ] && [ -n "$(find "$1/0/$2" ! -type d | head -n 1)" ] || return 0; from=$3',
    '  kib=$(du -sk "$1/0/$2"); kib=${kib%%[!0-9]*}',
    `  [ "\${kib:-0}" -le ${Math.floor(most / 1024)} ] || { echo "large $1"; return; }`,
    '  [ -e "$1/0/$3" ] || { tar -cf "$1/0/$3.part" -C "$1/0/$2" . && mv "$1/0/$3.part" "$1/0/$3"; } ||',
    '    { rm -f "$1/0/$3.part"; from=$2; }',
    '  echo "pack $1 $3 $from $(($(size "$1/0/$from"))) $(content "$1/0/$from" | sum)"; }',
  ];
  // A process for each attempt costs more than all the rest: what can be done for many is.
  const works = attempts.map(({ id }) => `${id}/0/work`);
  const laidOut = attempts.flatMap(({ id, snapshot }) => (snapshot === null ? [] : [`${id}/0/work`]));
  const keeps = attempts.map(({ id }) => `${id}/0/keep`);
  const forAll = (words: readonly string[], line: (some: string) => string) => {
    for (let from = 0; from < words.length; from += MOST_WORDS) {
      lines.push(line(words.slice(from, from + MOST_WORDS).join(" ")));
    }
  };
  for (const { id, snapshot, large, outputs } of attempts) {
    const wanted = outputs
      .flatMap((pattern) => [pattern, `${pattern}/*`])
      .map((pattern) => `-path ${shellQuote(`${id}/0/work/${pattern}`)}`);
    // What is to stay there stays whole.
    lines.push(
      `[ ! -e ${id}/0/stay ] || [ -e ${id}/0/whole ] || { cp -Rpl ${id}/0/work ${id}/0/whole.part ||`,
      `  { rm -rf ${id}/0/whole.part; cp -Rp ${id}/0/work ${id}/0/whole.part; } && mv ${id}/0/whole.part ${id}/0/whole; } 2>/dev/null`,
    );
    forAll(large.map(shellQuote), (paths) => `unlinked ${id} code/${snapshot} ${paths}`);
    lines.push(
      `[ ! -e ${id}/0/stamp ] || find ${id}/0/work ! -type d ! $since ${id}/0/stamp -exec rm -f {} +`,
      ...(wanted.length > 0 ? [`find ${id}/0/work ! -type d ! \\( ${wanted.join(" -o ")} \\) -exec rm -f {} +`] : []),
    );
  }
  forAll(works, (some) => `find ${some} -name __pycache__ -prune -exec rm -rf {} +`);
  forAll(laidOut, (some) => `find ${some} -depth -type d -exec rmdir {} + 2>/dev/null`);
  forAll(keeps, (some) => `rmdir ${some} 2>/dev/null`);
  for (const { id } of attempts) lines.push(`pack ${id} work results.tar; pack ${id} keep keep.tar`);
  lines.push('[ -z "$spoiled" ] || { echo spoiled; rm -rf $spoiled; }');
  return `${lines.join("\n")}\n`;
}

/** @param asked  the attempts of the script: what a machine says of others would name places outside of theirs */
export function readPacks(text: string, asked: readonly string[]): Packed {
  const large = new Set([...text.matchAll(/^large (\S+)$/gm)].map(([, attempt = ""]) => attempt));
  const line = /^pack (\S+) (results\.tar|keep\.tar) (\S+) (\d+) (\S+)$/gm;
  const packs = [...text.matchAll(line)].map(([, attempt = "", file, from = "", bytes, hash]) => ({
    attempt,
    file: file as Pack["file"],
    from,
    bytes: Number(bytes),
    sha256: hash !== undefined && /^[0-9a-f]{64}$/.test(hash) ? hash : null,
  }));
  const isWanted = ({ attempt }: Pack) => asked.includes(attempt) && !large.has(attempt);
  return { packs: packs.filter(isWanted), large, isTreeGone: /^spoiled$/m.test(text) };
}

/** Whether the file holds what was packed. */
export async function isWhole(path: string, { bytes, sha256 }: Pack): Promise<boolean> {
  if ((await stat(path).catch(() => null))?.size !== bytes) return false;
  if (sha256 === null) return true;
  const hash = createHash("sha256");
  await pipeline(createReadStream(path), hash);
  return hash.digest("hex") === sha256;
}

/**
 * Unpacks a tar that comes from elsewhere to `target`, there whole or not at all; what was there is replaced. Only folders and
 * plain files are taken: through a link something could be written outside. One that cannot be unpacked is put there as it is.
 *
 * @returns why it could not be unpacked; null: it has been
 * @throws where the disk is full
 */
export async function unpackSafely(path: string, target: string): Promise<string | null> {
  const part = `${target}.part`;
  let problem: string | null = null;
  await rm(part, { recursive: true, force: true });
  await mkdir(part, { recursive: true, mode: 0o700 });
  try {
    await unpack(path, part);
  } catch (error) {
    if (isDiskFull(error)) throw error;
    problem = error instanceof Error ? error.message : String(error);
    await rm(part, { recursive: true, force: true });
    await mkdir(part, { recursive: true, mode: 0o700 });
    await copyFile(path, join(part, basename(path)));
  }
  await rm(target, { recursive: true, force: true });
  await rename(part, target);
  return problem;
}

async function unpack(path: string, folder: string): Promise<void> {
  const { unpackTar } = await import("modern-tar/fs");
  const modes = new Map<string, number>();
  const unpacking = unpackTar(folder, {
    filter: ({ type, name }) => (type === undefined || type === "file" || type === "directory") && isBelow(name),
    map(header) {
      modes.set(header.name, (header.mode ?? 0o644) & 0o755);
      return { ...header, mode: 0o700 };
    },
  });
  await pipeline(createReadStream(path), unpacking);
  // Last: neither is the yard's umask to say who may read them, nor a folder's mode what may be laid into it.
  for (const [name, mode] of modes) await chmod(join(folder, name), mode);
}

function isBelow(name: string): boolean {
  return !name.startsWith("/") && !name.split("/").includes("..");
}
