import { type FileHandle, mkdir, open, stat } from "node:fs/promises";
import { dirname } from "node:path";
import type { Readable } from "node:stream";
import { shellQuote } from "../../core/shell_quote.ts";
import type { Host } from "../../shells/host.ts";
import { exchange } from "./exchange.ts";

/** A stretch of a file on the machine that is to be appended to the yard's copy of it. */
export interface Piece {
  /** Absolute, on the machine. A folder is sent as the tar that is made of it then. */
  from: string;
  /** Absolute, here. */
  to: string;
  /** How long the copy is to be: what it has of that is not fetched again. */
  bytes: number;
}

/**
 * Brings pieces here, and has a script run there after that, in the same session. Answers what the script has printed; null:
 * it broke off. Throws where the pieces cannot be kept.
 */
export type Bring = (pieces: readonly Piece[], after?: string) => Promise<string | null>;

export function openTransfers(host: Host): Bring {
  const arriving = new Map<string, Promise<void>>();
  return async (pieces, after = "") => {
    // Of several transfers at once one appends to a file, and the others wait for it.
    const busy = () => pieces.map(({ to }) => arriving.get(to)).find((transfer) => transfer !== undefined);
    for (let other = busy(); other; other = busy()) await other;
    const over = Promise.withResolvers<void>();
    for (const { to } of pieces) arriving.set(to, over.promise);
    try {
      const script = (await sendingScript(pieces)) + after;
      if (script === "") return "";
      const lines: string[] = [];
      const hear = after === "" ? null : (line: string) => void lines.push(`${line}\n`);
      const sent = await exchange(host, script, { receive: (stream) => receivePieces(pieces, stream, hear) });
      return sent.ok && sent.value.code === 0 ? lines.join("") : null;
    } finally {
      for (const { to } of pieces) arriving.delete(to);
      over.resolve();
    }
  };
}

/** The script that sends pieces, each after a line `piece <number> <offset> <bytes>`. A file that is shorter than was said ends its piece. */
async function sendingScript(pieces: readonly Piece[]): Promise<string> {
  const lines = [
    'send() { if [ -d "$2" ]; then n=$4; else n=$(($(wc -c <"$2") - $3)) || n=0; fi',
    '  [ "$n" -le "$4" ] || n=$4; [ "$n" -gt 0 ] || return 0; printf "piece %s %s %s\\n" "$1" "$3" "$n"',
    '  if [ -d "$2" ]; then tar -cf - -C "$2" . | tail -c "+$(($3 + 1))" | head -c "$n"',
    '  elif [ "$3" = 0 ]; then head -c "$n" "$2"; else tail -c "+$(($3 + 1))" "$2" | head -c "$n"; fi; }',
  ];
  const helpers = lines.length;
  for (const [number, { from, to, bytes }] of pieces.entries()) {
    const offset = await sizeOf(to);
    if (offset < bytes) lines.push(`send ${number} ${shellQuote(from)} ${offset} ${bytes - offset} 2>/dev/null`);
  }
  return lines.length === helpers ? "" : `${lines.join("\n")}\n`;
}

async function sizeOf(path: string): Promise<number> {
  return (await stat(path).catch(() => null))?.size ?? 0;
}

/**
 * Appends what such a script sends. What has come when the connection breaks stays: the next time goes on from there.
 * Throws where the stream is not what it should be.
 *
 * @param hear  takes the lines beside pieces; null: there are to be none
 */
async function receivePieces(
  pieces: readonly Piece[],
  stream: Readable,
  hear: ((line: string) => void) | null,
): Promise<void> {
  let file: FileHandle | null = null;
  let left = 0;
  let head = Buffer.alloc(0);
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      for (let rest = chunk; rest.length > 0; ) {
        if (left > 0 && file) {
          const bytes = rest.subarray(0, left);
          await file.writeFile(bytes);
          left -= bytes.length;
          rest = rest.subarray(bytes.length);
          continue;
        }
        await file?.close();
        file = null;
        const end = rest.indexOf(0x0a);
        head = Buffer.concat([head, end < 0 ? rest : rest.subarray(0, end)]);
        if (end < 0) break;
        rest = rest.subarray(end + 1);
        const line = head;
        head = Buffer.alloc(0);
        if (hear && !line.toString("latin1").startsWith("piece ")) {
          hear(line.toString("utf8"));
          continue;
        }
        const next = await openPiece(pieces, line.toString("latin1"));
        file = next.file;
        left = next.bytes;
      }
    }
  } finally {
    await file?.close();
  }
}

async function openPiece(pieces: readonly Piece[], line: string): Promise<{ file: FileHandle; bytes: number }> {
  const [, number, offset, bytes] = /^piece (\d+) (\d+) (\d+)$/.exec(line) ?? [];
  const piece = pieces[Number(number)];
  if (number === undefined || !piece)
    throw new Error(`the machine sent something else than was asked for: ${line.slice(0, 100)}`);
  await mkdir(dirname(piece.to), { recursive: true, mode: 0o700 });
  const file = await open(piece.to, "a", 0o600);
  if ((await file.stat()).size !== Number(offset) || Number(offset) + Number(bytes) > piece.bytes) {
    await file.close();
    throw new Error(`what the machine sent does not go on where ${piece.to} ends`);
  }
  return { file, bytes: Number(bytes) };
}
