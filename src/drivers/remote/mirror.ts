import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import type { Observations } from "../../core/run_event.ts";
import { type EventReader, openEventReader } from "../../spool/events.ts";
import { fileAt } from "../../spool/folder.ts";
import { type Spool, workerFolder } from "../../spool/layout.ts";
import type { Piece } from "./transfers.ts";

/** What has been fetched of a machine's spool: folders like those there, in which a yard reads as if they were the spool. */
export interface Mirror {
  spool: Spool;
  /** As a look has told. */
  noteSize(attempt: string, file: string, bytes: number): void;
  /** Whether the attempt's folder has something that its streams are not: a work folder, checkpoints. */
  hasFolders(attempt: string): boolean;
  /** What is there of an attempt's files and has not been fetched. `files`: default all streams. */
  missing(attempt: string, home: string, files?: readonly string[]): Piece[];
  /** How much of an attempt's streams has not been fetched. */
  bytesMissing(attempt: string): number;
  /** What the fetched part of the events tells that was not told before. */
  readEvents(attempt: string): Observations | null;
  markSent(attempt: string): void;
  wasSent(attempt: string): boolean;
  forget(attempt: string): void;
}

const STREAMS: readonly string[] = ["out", "err", "events.jsonl"];

export function openMirror(spool: Spool): Mirror {
  const sizes = new Map<string, Map<string, number>>();
  const readers = new Map<string, EventReader>();
  const mark = (attempt: string) => `${workerFolder(spool, attempt)}/sent`;
  return {
    spool,
    noteSize(attempt, file, bytes) {
      const known = sizes.get(attempt) ?? new Map<string, number>();
      known.set(file, bytes);
      sizes.set(attempt, known);
    },
    hasFolders: (attempt) => ["work", "keep"].some((name) => sizes.get(attempt)?.has(name)),
    missing(attempt, home, files = STREAMS) {
      return [...(sizes.get(attempt) ?? [])].flatMap(([file, bytes]) =>
        files.includes(file)
          ? [{ from: `${home}/${attempt}/0/${file}`, to: `${workerFolder(spool, attempt)}/${file}`, bytes }]
          : [],
      );
    },
    bytesMissing(attempt) {
      const folder = workerFolder(spool, attempt);
      return [...(sizes.get(attempt) ?? [])].reduce((sum, [file, bytes]) => {
        return STREAMS.includes(file) ? sum + Math.max(0, bytes - (fileAt(`${folder}/${file}`)?.size ?? 0)) : sum;
      }, 0);
    },
    readEvents(attempt) {
      // Asked for every run at every look, and most runs tell nothing.
      if (!sizes.get(attempt)?.has("events.jsonl")) return null;
      const reader = readers.get(attempt) ?? openEventReader(`${workerFolder(spool, attempt)}/events.jsonl`);
      readers.set(attempt, reader);
      return reader.read();
    },
    markSent(attempt) {
      mkdirSync(workerFolder(spool, attempt), { recursive: true, mode: 0o700 });
      writeFileSync(mark(attempt), "", { mode: 0o600 });
    },
    wasSent: (attempt) => existsSync(mark(attempt)),
    forget(attempt) {
      sizes.delete(attempt);
      readers.delete(attempt);
    },
  };
}
