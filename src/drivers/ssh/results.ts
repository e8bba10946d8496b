import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { pipeline } from "node:stream/promises";
import { shellQuote } from "../../core/shell_quote.ts";

/** What an ended attempt leaves beside its streams, as one file each on its machine: `results.tar`, `keep.tar`. */
export interface Pack {
  attempt: string;
  file: "results.tar" | "keep.tar";
  bytes: number;
  /** Null: there is no tool for it there. */
  sha256: string | null;
}

/**
 * The script that packs what attempts have made or changed in their work folder, and what they keep. What is as it was laid
 * out is removed first: the run is over, and so names of any kind need no list. It may be run again. A line `pack <attempt>
 * <file> <bytes> <sha256|->` for each.
 *
 * @param large  by attempt: the paths that were laid out as links to a file of the snapshot's tree
 */
export function packingScript(
  home: string,
  attempts: readonly { id: string; snapshot: string | null; large: readonly string[] }[],
): string {
  const lines = [
    `cd ${shellQuote(home)} || exit`,
    "since=-newer; find . -prune -cnewer . >/dev/null 2>&1 && since=-cnewer",
    'sum() { { sha256sum "$1" || shasum -a 256 "$1" || echo -; } 2>/dev/null | { read -r hash rest; printf %s "$hash"; }; }',
    'pack() { [ -n "$(find "$1/0/$2" ! -type d | head -n 1)" ] || return 0',
    '  [ -e "$1/0/$3" ] || { tar -cf "$1/0/$3.part" -C "$1/0/$2" . && mv "$1/0/$3.part" "$1/0/$3"; } || return',
    '  echo "pack $1 $3 $(($(wc -c <"$1/0/$3"))) $(sum "$1/0/$3")"; }',
  ];
  for (const { id, snapshot, large } of attempts) {
    for (const path of large) {
      const work = shellQuote(`${id}/0/work/${path}`);
      lines.push(`[ ! ${work} -ef ${shellQuote(`code/${snapshot}/large/${path}`)} ] || rm -f ${work}`);
    }
    lines.push(
      `if [ -e ${id}/0/stamp ]; then find ${id}/0/work ! -type d ! $since ${id}/0/stamp -exec rm -f {} +; fi`,
      `find ${id}/0/work -name __pycache__ -prune -exec rm -rf {} +`,
      `pack ${id} work results.tar && pack ${id} keep keep.tar || exit`,
    );
  }
  return `${lines.join("\n")}\n`;
}

export function readPacks(text: string): Pack[] {
  return [...text.matchAll(/^pack (\S+) (results\.tar|keep\.tar) (\d+) (\S+)$/gm)].map(
    ([, attempt = "", file, bytes, hash]) => ({
      attempt,
      file: file as Pack["file"],
      bytes: Number(bytes),
      sha256: hash !== undefined && /^[0-9a-f]{64}$/.test(hash) ? hash : null,
    }),
  );
}

/** Whether the file holds what was packed. */
export async function isWhole(path: string, sha256: string | null): Promise<boolean> {
  if (sha256 === null) return true;
  const hash = createHash("sha256");
  await pipeline(createReadStream(path), hash);
  return hash.digest("hex") === sha256;
}

/**
 * Unpacks a tar that comes from elsewhere to `target`, there whole or not at all; what was there is replaced. Only folders and
 * plain files are taken: through a link something could be written outside.
 */
export async function unpackSafely(path: string, target: string): Promise<void> {
  const { unpackTar } = await import("modern-tar/fs");
  const part = `${target}.part`;
  await rm(part, { recursive: true, force: true });
  await mkdir(part, { recursive: true, mode: 0o700 });
  const unpacking = unpackTar(part, {
    filter: ({ type, name }) => (type === undefined || type === "file" || type === "directory") && isBelow(name),
    map: (header) => ({ ...header, mode: (header.mode ?? 0o644) & 0o755 }),
  });
  await pipeline(createReadStream(path), unpacking);
  await rm(target, { recursive: true, force: true });
  await mkdir(dirname(target), { recursive: true, mode: 0o700 });
  await rename(part, target);
}

function isBelow(name: string): boolean {
  return !name.startsWith("/") && !name.split("/").includes("..");
}
