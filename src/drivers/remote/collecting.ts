import { existsSync, rmSync } from "node:fs";
import { rm } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { UNSEEN } from "../../core/peaks.ts";
import type { Ending } from "../../core/run.ts";
import { systemErrorText } from "../../platform/system_error.ts";
import type { Host } from "../../shells/host.ts";
import { collectEnd } from "../../spool/collect.ts";
import { keepCheckpoints, type RecordedEnd, readEnd } from "../../spool/folder.ts";
import { keptFolder, resultsFolder, workerFolder } from "../../spool/layout.ts";
import type { Outbox } from "../../spool/outbox.ts";
import type { Connection } from "./connection.ts";
import type { Mirror } from "./mirror.ts";
import type { RemoteAttempt } from "./remote_attempts.ts";
import { isWhole, type Left, type Pack, packingScript, readPacks, unpackSafely } from "./results.ts";
import { openTransfers, type Piece } from "./transfers.ts";

/** Brings to this side what attempts print, tell and leave. */
export interface Collector {
  /** What they have told so far. */
  observe(connection: Connection, attempts: readonly string[]): Promise<void>;
  /** What they have printed and told so far is here; false where that could not be. */
  fetch(connection: Connection, attempts: readonly string[]): Promise<boolean>;
  /** They have ended: everything is brought over, and then their end is told. Tried until it goes well. */
  collect(attempts: readonly RemoteAttempt[]): void;
  /** Tells of an end after which there is nothing to be brought over. */
  tell(attempt: RemoteAttempt): void;
}

export interface CollectorOptions {
  host: Host;
  mirror: Mirror;
  outbox: Outbox;
  connection: () => Connection | null;
  /** The paths of a snapshot's files that attempts share with its tree. */
  largePaths: (snapshot: string) => Promise<string[]>;
  onTold: (attempt: string) => void;
  /** A tree of code has been removed there. */
  onTreeGone: () => void;
  log: (text: string) => void;
}

/** What could not be brought over is asked for again after so long. */
const RETRY_MS = 1000;
/** What has left more than this is brought over beside the others, which do not wait for it. */
const LARGE_BYTES = 16 * 1024 * 1024;
/** A note is a line. */
const LONGEST_NOTE_BYTES = 4096;

export function openCollector(options: CollectorOptions): Collector {
  const { host, mirror, outbox, connection, onTold, log } = options;
  const bring = openTransfers(host);
  const large = openLine((now, [first]) => collect(now, first ? [first] : [], Number.MAX_SAFE_INTEGER));
  const line = openLine((now, all) => collect(now, all, LARGE_BYTES));

  function tellEvents(attempt: string): void {
    const news = mirror.readEvents(attempt);
    if (news) outbox.observed({ kind: "observed", attempt, ...news, ...UNSEEN });
  }

  /** Attempts that wait for their turn. `serveSome` answers those that are done with here; null: it broke off. */
  function openLine(serveSome: (now: Connection, all: RemoteAttempt[]) => Promise<RemoteAttempt[] | null>) {
    const waiting = new Set<RemoteAttempt>();
    let isServed = false;

    async function serve(): Promise<void> {
      isServed = true;
      for (let now = connection(); waiting.size > 0 && now; now = connection()) {
        const done = await serveSome(now, [...waiting]).catch((error: unknown) => {
          log(`what runs left could not be kept, and is fetched again: ${systemErrorText(error)}`);
          return null;
        });
        for (const remote of done ?? []) waiting.delete(remote);
        if (done === null) await sleep(RETRY_MS);
      }
      isServed = false;
    }

    return {
      has: (remote: RemoteAttempt) => waiting.has(remote),
      add(remotes: readonly RemoteAttempt[]): void {
        for (const remote of remotes) waiting.add(remote);
        if (!isServed) void serve();
      },
    };
  }

  /** Tells the ends of those that have left no more than `most` bytes; the others get into the line for large ones. */
  async function collect(now: Connection, all: RemoteAttempt[], most: number): Promise<RemoteAttempt[] | null> {
    await now.look(all.map(({ assignment }) => assignment.attempt));
    if (connection() !== now) return null;
    const light = all.filter(({ assignment }) => mirror.bytesMissing(assignment.attempt) <= most);
    const notes = light.flatMap((remote) => (saysNote(remote) ? [noteOf(remote, now.home)] : []));
    const streams = light.flatMap(({ assignment }) => mirror.missing(assignment.attempt, now.home));
    const left = await foldersOf(light);
    const said = await bring([...streams, ...notes], left.length === 0 ? "" : packingScript(now.home, left, most));
    if (said === null) return null;
    const packed = readPacks(
      said,
      left.map(({ id }) => id),
    );
    if (packed.isTreeGone) options.onTreeGone();
    const told = light.filter(({ assignment }) => !packed.large.has(assignment.attempt));
    if (!(await bringPacks(now, packed.packs))) return null;
    large.add(all.filter((remote) => !told.includes(remote)));
    for (const remote of told) tellEnd(remote, now.clockMs);
    return all;
  }

  /** Those of them that have something beside their streams. */
  async function foldersOf(batch: readonly RemoteAttempt[]): Promise<Left[]> {
    const left: Left[] = [];
    for (const { assignment } of batch) {
      const { attempt: id, snapshot, outputs } = assignment;
      if (!mirror.hasFolders(id)) continue;
      left.push({ id, snapshot, outputs, large: snapshot === null ? [] : await options.largePaths(snapshot) });
    }
    return left;
  }

  async function bringPacks(now: Connection, packs: readonly Pack[]): Promise<boolean> {
    const here = ({ attempt, file }: Pack) => `${workerFolder(mirror.spool, attempt)}/${file}`;
    const pieces = packs.map((pack) => {
      return { from: `${now.home}/${pack.attempt}/0/${pack.from}`, to: here(pack), bytes: pack.bytes };
    });
    if ((await bring(pieces)) === null) return false;
    for (const pack of packs) {
      if (await isWhole(here(pack), pack)) continue;
      log(`${pack.file} of ${pack.attempt} was damaged on its way, and is fetched again`);
      await rm(here(pack), { force: true });
      return false;
    }
    for (const pack of packs) {
      const folder = workerFolder(mirror.spool, pack.attempt);
      const target = pack.file === "keep.tar" ? `${folder}/keep` : resultsFolder(mirror.spool, pack.attempt);
      const problem = await unpackSafely(here(pack), target);
      if (problem !== null) log(`${pack.file} of ${pack.attempt} lies in ${target} as it came: ${problem}`);
    }
    return true;
  }

  /** What could not be started ends with the 127 of a shell, and a note beside it. */
  function saysNote({ end }: RemoteAttempt): boolean {
    return end !== null && "exit" in end && end.exit.startsWith("127 ");
  }

  function noteOf({ assignment: { attempt } }: RemoteAttempt, home: string): Piece {
    const to = `${workerFolder(mirror.spool, attempt)}/could_not_start`;
    return { from: `${home}/${attempt}/0/could_not_start`, to, bytes: LONGEST_NOTE_BYTES };
  }

  function tellEnd(remote: RemoteAttempt, clockMs: number): void {
    const { assignment, end, startedAt, stop, peaks, seat, verdict } = remote;
    if (end === null) return;
    tellEvents(assignment.attempt);
    const folder = workerFolder(mirror.spool, assignment.attempt);
    const kept = keptFolder(mirror.spool, assignment);
    // What this attempt keeps replaces what it was given.
    if (existsSync(`${folder}/keep`)) rmSync(kept, { recursive: true, force: true });
    keepCheckpoints(folder, kept);
    onTold(assignment.attempt);
    const timeLimitMs = stop?.reason === "time_limit" ? assignment.timeLimitMs : (verdict?.timeLimitMs ?? null);
    const seen = { timeLimitMs, peaks };
    const recorded = "exit" in end ? recordedEnd(folder, end.exit, clockMs) : end;
    const ours = startedAt === null ? recorded : { startedAt, ...recorded };
    const told = collectEnd(mirror.spool, assignment.attempt, ours, seen);
    const { isInterrupted = false, symptom = null } = verdict ?? {};
    outbox.ended({
      ...told,
      symptom: symptom ?? told.symptom,
      ...(isInterrupted && { isInterrupted }),
      ...(seat && { seat }),
    });
  }

  async function fetch(now: Connection, attempts: readonly string[]): Promise<boolean> {
    await now.look(attempts);
    const missing = attempts.flatMap((attempt) => mirror.missing(attempt, now.home));
    return connection() === now && (await bring(missing)) !== null;
  }

  return {
    async observe(now, attempts) {
      await bring(attempts.flatMap((attempt) => mirror.missing(attempt, now.home, ["events.jsonl"])));
      for (const attempt of attempts) tellEvents(attempt);
    },
    fetch,
    collect(attempts) {
      line.add(attempts.filter((remote) => !large.has(remote)));
      large.add(attempts.filter(large.has));
    },
    tell: (attempt) => tellEnd(attempt, 0),
  };
}

/** By this machine's clock. */
function recordedEnd(folder: string, exit: string, clockMs: number): RecordedEnd | { endedAt: number; ending: Ending } {
  const told = readEnd(folder, exit);
  if (told) return { ...told, startedAt: told.startedAt + clockMs, endedAt: told.endedAt + clockMs };
  return { endedAt: Date.now(), ending: { kind: "lost", detail: "what its machine says of its end cannot be read" } };
}
