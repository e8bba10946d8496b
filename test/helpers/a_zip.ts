import { crc32, deflateRawSync } from "node:zlib";

/** An entry as a zip program, or an attacker, writes it. */
export interface ZippedEntry {
  /** Text is written as UTF-8 and marked as such, bytes as they are. */
  name: string | Uint8Array;
  content?: string | Uint8Array;
  /** On Unix: type and permissions. Default: a plain file, or where the name ends in `/` a folder. Null: from no Unix. */
  mode?: number | null;
  /** 0: stored, 8: deflated. Default 8. */
  method?: number;
  encrypted?: boolean;
  /** What is claimed instead of the truth. */
  claims?: { crc?: number; unpackedBytes?: number; offset?: number };
  /** Its sizes stand in a zip64 field. */
  zip64?: boolean;
}

export const LINK = 0o120777;
export const FIFO = 0o010644;
export const DEVICE = 0o060660;

/** A zip, byte by byte: so that it may be one that no program would write. */
export function aZip(entries: readonly ZippedEntry[]): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const entry of entries) {
    const { local, central } = written(entry, offset);
    parts.push(local);
    directory.push(central);
    offset += local.length;
  }
  const central = Buffer.concat(directory);
  return Buffer.concat([...parts, central, endOf(entries.length, central.length, offset)]);
}

function written(entry: ZippedEntry, offset: number): { local: Buffer; central: Buffer } {
  const { content = "", method = 8, encrypted = false, claims = {}, zip64 = false } = entry;
  const name = typeof entry.name === "string" ? Buffer.from(entry.name) : Buffer.from(entry.name);
  const bytes = Buffer.from(content as string);
  const packed = method === 8 ? deflateRawSync(bytes) : bytes;
  const flags = (encrypted ? 1 : 0) | (typeof entry.name === "string" ? 0x800 : 0);
  const unpackedBytes = claims.unpackedBytes ?? bytes.length;
  const sizes = zip64 ? [0xffffffff, 0xffffffff] : [packed.length, unpackedBytes];
  const extra = zip64 ? zip64Field(unpackedBytes, packed.length) : Buffer.alloc(0);
  const common = [
    [2, zip64 ? 45 : 20],
    [2, flags],
    [2, method],
    [4, 0],
    [4, claims.crc ?? crc32(bytes)],
    ...sizes.map((size) => [4, size]),
    [2, name.length],
    [2, extra.length],
  ];
  const mode = entry.mode === undefined ? (name.at(-1) === 0x2f ? 0o040755 : 0o100644) : entry.mode;
  const local = Buffer.concat([fields([[4, 0x04034b50], ...common]), name, extra, packed]);
  const central = Buffer.concat([
    fields([[4, 0x02014b50], [2, mode === null ? 20 : (3 << 8) | 20], ...common]),
    fields([
      [2, 0],
      [2, 0],
      [2, 0],
      [4, ((mode ?? 0) << 16) >>> 0],
      [4, claims.offset ?? offset],
    ]),
    name,
    extra,
  ]);
  return { local, central };
}

function zip64Field(unpackedBytes: number, packedBytes: number): Buffer {
  const field = Buffer.alloc(20);
  field.writeUInt16LE(1, 0);
  field.writeUInt16LE(16, 2);
  field.writeBigUInt64LE(BigInt(unpackedBytes), 4);
  field.writeBigUInt64LE(BigInt(packedBytes), 12);
  return field;
}

function endOf(count: number, size: number, offset: number): Buffer {
  return fields([
    [4, 0x06054b50],
    [2, 0],
    [2, 0],
    [2, count],
    [2, count],
    [4, size],
    [4, offset],
    [2, 0],
  ]);
}

/** Each as [bytes, value]. */
function fields(values: readonly (readonly number[])[]): Buffer {
  const buffer = Buffer.alloc(values.reduce((sum, [bytes = 0]) => sum + bytes, 0));
  let at = 0;
  for (const [bytes = 0, value = 0] of values) {
    buffer.writeUIntLE(value, at, bytes);
    at += bytes;
  }
  return buffer;
}
