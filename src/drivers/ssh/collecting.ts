import { existsSync, rmSync } from "node:fs";
import { rm } from "node:fs/promises";
import { UNSEEN } from "../../core/peaks.ts";
import type { Ending } from "../../core/run.ts";
import { systemErrorText } from "../../platform/system_error.ts";
import type { SshHost } from "../../shells/ssh.ts";
import { collectEnd } from "../../spool/collect.ts";
import { keepCheckpoints, type RecordedEnd, readEnd } from "../../spool/folder.ts";
import { keptFolder, resultsFolder, workerFolder } from "../../spool/layout.ts";
import type { Outbox } from "../../spool/outbox.ts";
import type { Connection } from "./connection.ts";
import { exchange } from "./exchange.ts";
import type { Mirror } from "./mirror.ts";
import type { RemoteAttempt } from "./remote_attempts.ts";
import { isWhole, packingScript, readPacks, unpackSafely } from "./results.ts";
import { type Piece, receivePieces, sendingScript } from "./transfers.ts";

/** Brings to this side what attempts print, tell and leave. */
export interface Collector {
  /** What they have told so far. */
  observe(connection: Connection, attempts: readonly string[]): Promise<void>;
  /** What they have printed and told so far is here; false where that could not be. */
  fetch(connection: Connection, attempts: readonly string[]): Promise<boolean>;
  /** They have ended: everything is brought over, and then their end is told. Tried until it goes well. */
  collect(attempts: readonly RemoteAttempt[]): void;
}

export interface CollectorOptions {
  host: SshHost;
  mirror: Mirror;
  outbox: Outbox;
  connection: () => Connection | null;
  /** The paths of a snapshot's files that attempts share with its tree. */
  largePaths: (snapshot: string) => Promise<string[]>;
  onTold: (attempt: string) => void;
  log: (text: string) => void;
}

/** A note is a line. */
const LONGEST_NOTE_BYTES = 4096;

export function openCollector(options: CollectorOptions): Collector {
  const { host, mirror, outbox, connection, onTold, log } = options;
  const waiting = new Set<RemoteAttempt>();
  let isCollecting = false;

  /** Whether all of it is here. */
  async function bring(pieces: readonly Piece[]): Promise<boolean> {
    const script = await sendingScript(pieces);
    if (script === "") return true;
    try {
      const sent = await exchange(host, script, { receive: (stream) => receivePieces(pieces, stream) });
      return sent.ok && sent.value.code === 0;
    } catch (error) {
      log(`what runs left could not be kept: ${systemErrorText(error)}`);
      return false;
    }
  }

  function tellEvents(attempt: string): void {
    const news = mirror.readEvents(attempt);
    if (news) outbox.observed({ kind: "observed", attempt, ...news, ...UNSEEN });
  }

  async function collectAll(): Promise<void> {
    for (let now = connection(); waiting.size > 0 && now; now = connection()) {
      const batch = [...waiting];
      const ids = batch.map(({ assignment }) => assignment.attempt);
      await now.look(ids);
      const notes = batch.flatMap((remote) => (saysNote(remote) ? [noteOf(remote, now.home)] : []));
      const pieces = [...ids.flatMap((attempt) => mirror.missing(attempt, now.home)), ...notes];
      if (connection() !== now || !(await bring(pieces)) || !(await bringFolders(now, batch))) return;
      for (const remote of batch) {
        waiting.delete(remote);
        tellEnd(remote, now.clockMs);
      }
    }
  }

  /** What they made or changed, and what they keep; false where not all of it is here. */
  async function bringFolders(now: Connection, batch: readonly RemoteAttempt[]): Promise<boolean> {
    const which = batch.flatMap(({ assignment: { attempt, snapshot } }) =>
      mirror.hasFolders(attempt) ? [{ id: attempt, snapshot }] : [],
    );
    if (which.length === 0) return true;
    const attempts = [];
    for (const one of which) {
      attempts.push({ ...one, large: one.snapshot === null ? [] : await options.largePaths(one.snapshot) });
    }
    const packed = await exchange(host, packingScript(now.home, attempts));
    if (!packed.ok) return false;
    if (packed.value.code !== 0) log(`what runs left could not be packed there: ${packed.value.stderr.trim()}`);
    const packs = readPacks(packed.value.stdout);
    const here = ({ attempt, file }: { attempt: string; file: string }) =>
      `${workerFolder(mirror.spool, attempt)}/${file}`;
    const pieces = packs.map((pack) => ({
      from: `${now.home}/${pack.attempt}/0/${pack.file}`,
      to: here(pack),
      bytes: pack.bytes,
    }));
    if (!(await bring(pieces))) return false;
    for (const pack of packs) {
      if (await isWhole(here(pack), pack.sha256)) continue;
      log(`${pack.file} of ${pack.attempt} was damaged on its way, and is fetched again`);
      await rm(here(pack));
      return false;
    }
    for (const pack of packs) {
      const folder = workerFolder(mirror.spool, pack.attempt);
      const target = pack.file === "keep.tar" ? `${folder}/keep` : resultsFolder(mirror.spool, pack.attempt);
      await unpackSafely(here(pack), target);
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
    const { assignment, end, startedAt, stop } = remote;
    if (end === null) return;
    tellEvents(assignment.attempt);
    const folder = workerFolder(mirror.spool, assignment.attempt);
    const kept = keptFolder(mirror.spool, assignment.job, assignment.n);
    // What this attempt keeps replaces what it was given.
    if (existsSync(`${folder}/keep`)) rmSync(kept, { recursive: true, force: true });
    keepCheckpoints(folder, kept);
    onTold(assignment.attempt);
    const timeLimitMs = stop?.reason === "time_limit" ? assignment.timeLimitMs : null;
    const seen = { timeLimitMs, peaks: UNSEEN };
    const recorded = "exit" in end ? recordedEnd(folder, end.exit, clockMs) : end;
    const ours = startedAt === null ? recorded : { startedAt, ...recorded };
    outbox.ended(collectEnd(mirror.spool, assignment.attempt, ours, seen));
  }

  async function fetch(now: Connection, attempts: readonly string[]): Promise<boolean> {
    await now.look(attempts);
    return connection() === now && bring(attempts.flatMap((attempt) => mirror.missing(attempt, now.home)));
  }

  return {
    async observe(now, attempts) {
      await bring(attempts.flatMap((attempt) => mirror.missing(attempt, now.home, ["events.jsonl"])));
      for (const attempt of attempts) tellEvents(attempt);
    },
    fetch,
    collect(attempts) {
      for (const attempt of attempts) waiting.add(attempt);
      if (isCollecting) return;
      isCollecting = true;
      void collectAll().finally(() => {
        isCollecting = false;
      });
    },
  };
}

/** By this machine's clock. */
function recordedEnd(folder: string, exit: string, clockMs: number): RecordedEnd | { endedAt: number; ending: Ending } {
  const told = readEnd(folder, exit);
  if (told) return { ...told, startedAt: told.startedAt + clockMs, endedAt: told.endedAt + clockMs };
  return { endedAt: Date.now(), ending: { kind: "lost", detail: "what its machine says of its end cannot be read" } };
}
