import { constants, existsSync } from "node:fs";
import { chmod, cp, link, mkdir, open, readFile, rename, rm, unlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { ResultsPlace } from "../core/job.ts";
import { resultsName } from "../core/job.ts";
import type { Files } from "../files/open_files.ts";
import type { OutputPlace } from "../files/output_place.ts";
import { describeFileProblem } from "../files/problem.ts";
import { systemErrorCode } from "../platform/system_error.ts";

/** An attempt that has ended, and where what it left lies now. */
export interface Delivery {
  attempt: string;
  /** Of the worker: what others than that of rank 0 leave is named after theirs. */
  rank: number;
  line: number;
  out: OutputPlace;
  err: OutputPlace;
  /** The folder with what it made or changed; it is moved from there. */
  results: string;
  /** Of whoever submitted the job; octal, e.g. `022`. */
  umask: string;
}

/**
 * Puts what an attempt left into the user's folder: `<name>.out`, `<name>.err` and `<name>/`. Nothing that is there is
 * replaced: a name that is taken gets the attempt's id behind it. May be asked again after a crash, until `settle`.
 */
export async function deliver(files: Files, place: ResultsPlace, delivery: Delivery): Promise<void> {
  const { folder } = place;
  const umask = Number.parseInt(delivery.umask, 8);
  await makeFolder(folder, umask);
  const name = (await nameBefore(delivery)) ?? freeName(place, delivery);
  await mkdir(dirname(delivery.results), { recursive: true });
  await writeFile(noteOf(delivery), name);
  await writeStream(files, delivery.out, join(folder, `${name}.out`), delivery);
  await writeStream(files, delivery.err, join(folder, `${name}.err`), delivery);
  await moveResults(delivery.results, join(folder, name), place.only, umask);
}

/**
 * Puts what an attempt has printed on another machine behind what is in the one file for both streams. Before that its size
 * is noted: asked again after a crash, it goes on from there.
 */
export async function appendOutput(files: Files, path: string, delivery: Delivery): Promise<void> {
  const note = sizeNoteOf(delivery);
  await mkdir(dirname(note), { recursive: true });
  const file = await open(path, constants.O_RDWR | constants.O_CREAT, 0o666 & ~Number.parseInt(delivery.umask, 8));
  try {
    if (existsSync(note)) await file.truncate(Number(await readFile(note, "utf8")));
    let at = (await file.stat()).size;
    await writeFile(note, String(at));
    for (const stream of [delivery.out, delivery.err]) {
      for await (const bytes of contentOf(files, stream))
        at += (await file.write(bytes, 0, bytes.length, at)).bytesWritten;
    }
  } finally {
    await file.close();
  }
}

/** It is recorded that the attempt has ended: it will not be delivered again. */
export async function settle(delivery: Delivery): Promise<void> {
  for (const note of [noteOf(delivery), sizeNoteOf(delivery)]) await rm(note, { force: true });
}

function sizeNoteOf({ results }: Delivery): string {
  return `${results}.appending`;
}

/** Notes under which name the attempt's results are being put. */
function noteOf({ results }: Delivery): string {
  return `${results}.arriving`;
}

/** Null: it was not begun to deliver them. */
async function nameBefore(delivery: Delivery): Promise<string | null> {
  return existsSync(noteOf(delivery)) ? (await readFile(noteOf(delivery), "utf8")) || null : null;
}

function freeName(place: ResultsPlace, { line, attempt, rank }: Delivery): string {
  const name = resultsName(place, line) + (rank === 0 ? "" : `.worker${rank}`);
  const isTaken = ["", ".out", ".err"].some((suffix) => existsSync(join(place.folder, name + suffix)));
  return isTaken ? `${name}.${attempt}` : name;
}

/** Makes what is missing of a path; the yard's own umask is not that of its user. */
async function makeFolder(path: string, umask: number): Promise<void> {
  const first = await mkdir(path, { recursive: true });
  if (first === undefined) return;
  for (let made = path; made.length >= first.length; made = dirname(made)) await chmod(made, 0o777 & ~umask);
}

/** There whole or not at all. */
async function writeStream(
  files: Files,
  from: OutputPlace,
  to: string,
  { attempt, umask }: Pick<Delivery, "attempt" | "umask">,
): Promise<void> {
  if (existsSync(to)) return;
  const part = `${to}.${attempt}.part`; // nobody else's: what a crash has left of it is written anew
  const file = await open(part, "w");
  try {
    await file.chmod(0o666 & ~Number.parseInt(umask, 8));
    for await (const bytes of contentOf(files, from)) await file.writeFile(bytes);
  } finally {
    await file.close();
  }
  await publish(part, to);
}

async function* contentOf(files: Files, place: OutputPlace): AsyncGenerator<Buffer> {
  for (let at = 0; ; ) {
    const read = await files.outputs.read(place, at);
    if (!read.ok) throw new Error(describeFileProblem(read.problem));
    if (read.value.length === 0) return;
    at += read.value.length;
    yield read.value;
  }
}

/** A link, unlike a rename, never replaces what is there. */
async function publish(part: string, to: string): Promise<void> {
  try {
    await link(part, to);
  } catch (error) {
    if (systemErrorCode(error) !== "EEXIST") throw error;
  }
  await unlink(part);
}

async function moveResults(from: string, to: string, only: readonly string[], umask: number): Promise<void> {
  if (!existsSync(from)) return;
  if (only.length === 0) {
    await move(from, to);
    return chmod(to, 0o777 & ~umask);
  }
  for (const path of only) {
    if (!existsSync(join(from, path))) continue;
    await makeFolder(dirname(join(to, path)), umask);
    await move(join(from, path), join(to, path));
  }
  await rm(from, { recursive: true, force: true });
}

async function move(from: string, to: string): Promise<void> {
  // It has been there before a crash: whole, as a rename leaves it.
  if (existsSync(to)) return rm(from, { recursive: true, force: true });
  try {
    await rename(from, to);
  } catch (error) {
    if (systemErrorCode(error) !== "EXDEV") throw error;
    const part = `${to}.part`;
    await rm(part, { recursive: true, force: true });
    await cp(from, part, { recursive: true });
    await rename(part, to);
    await rm(from, { recursive: true, force: true });
  }
}
