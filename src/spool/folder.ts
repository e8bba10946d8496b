import {
  closeSync,
  constants,
  cpSync,
  existsSync,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  type Stats,
  unlinkSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { basename, dirname } from "node:path";
import type { Ending } from "../core/run.ts";
import { isAlive, type ProcessIdentity, parseProcessLine } from "../platform/processes.ts";
import { systemErrorCode } from "../platform/system_error.ts";
import { LARGEST_PARAMS_BYTES, runScript, type ScriptSpec, shellText } from "./script.ts";

/** What the files of a worker's folder say about its command. */
export type FolderState =
  | { kind: "absent" }
  /** Nothing has begun: it may be launched (again). */
  | { kind: "prepared" }
  /** It was stopped before it began, and never will. */
  | { kind: "stopped" }
  | { kind: "begun"; launcher: ProcessIdentity | null; command: ProcessIdentity | null }
  | { kind: "ended"; end: RecordedEnd };

export interface RecordedEnd {
  startedAt: number;
  endedAt: number;
  ending: Ending;
  /** What the largest of its processes held at its peak; null: the launcher does not say. */
  memoryPeakBytes: number | null;
}

/**
 * Writes what a command needs before its launcher is told of it. Doing it twice is doing it once.
 *
 * @param wishes  both streams into one file; its folder is to stay; where an attempt on another machine, the latest of all,
 *   left what it kept: that is copied
 * @param kept  where an earlier attempt on this machine left what it kept: it is moved from there
 */
export function prepareFolder(
  spec: ScriptSpec,
  { out, keep, kept: keptElsewhere }: { out: string | null; keep: boolean; kept: string | null },
  kept: string,
): void {
  const { folder } = spec;
  mkdirSync(`${folder}/keep`, { recursive: true, mode: 0o700 });
  if (keep) writeFileSync(`${folder}/stay`, "", { mode: 0o600 });
  if (out !== null) writeFileSync(`${folder}/output`, `${out}\n`, { mode: 0o600 });
  if (Buffer.byteLength(spec.params) > LARGEST_PARAMS_BYTES) {
    writeFileSync(`${folder}/params.json`, spec.params, { mode: 0o600 });
  }
  if (keptElsewhere !== null && keptElsewhere !== kept && existsSync(keptElsewhere)) {
    cpSync(keptElsewhere, `${folder}/keep`, { recursive: true, verbatimSymlinks: true });
  } else if (isThere(kept)) {
    rmdirSync(`${folder}/keep`);
    renameSync(kept, `${folder}/keep`);
  }
  const text = shellText(spec);
  if (text !== null) writeFileSync(`${folder}/command`, text, { mode: 0o600 });
  writeFileSync(`${folder}/run.sh`, runScript(spec), { mode: 0o600 });
}

export function readFolder(folder: string): FolderState {
  const exit = readText(`${folder}/exit`);
  const end = exit?.endsWith("\n") ? parseExit(exit, readText(`${folder}/could_not_start`)) : null;
  if (end !== null) return { kind: "ended", end };
  const begun = readText(`${folder}/begun`);
  if (begun !== null) {
    if (begun === "stopped\n") return { kind: "stopped" };
    return { kind: "begun", ...readProcesses(folder) };
  }
  return existsSync(`${folder}/run.sh`) ? { kind: "prepared" } : { kind: "absent" };
}

/** The launcher and the command of what has begun, whether or not it has ended; null where they are not known. */
export function readProcesses(folder: string): { launcher: ProcessIdentity | null; command: ProcessIdentity | null } {
  return {
    launcher: parseProcessLine(readText(`${folder}/begun`) ?? ""),
    command: parseProcessLine(readText(`${folder}/pid`) ?? ""),
  };
}

/** The end that a launcher has told of: `exit` is the line in its file, without the newline. Null: it is none. */
export function readEnd(folder: string, exit: string): RecordedEnd | null {
  // What could not be started ends with the 127 of a shell, and a note beside it.
  return parseExit(exit, exit.startsWith("127 ") ? readText(`${folder}/could_not_start`) : null);
}

/** Whether its end may be there: a look that costs little. */
export function hasExit(folder: string): boolean {
  return existsSync(`${folder}/exit`);
}

/** Whether someone is still there who will write the command's end. */
export function hasLauncher(state: Extract<FolderState, { kind: "begun" }>): boolean {
  return state.launcher !== null && isAlive(state.launcher);
}

/** `<code> <start ms> <end ms> [<KiB>] exit|signal <n>|could not start: …`. Null: no launcher wrote this. */
function parseExit(line: string, couldNotStart: string | null): RecordedEnd | null {
  const match = /^(\d{1,3}) (\d{1,15}) (\d{1,15}) (?:(\d{1,15}) )?((?:exit|signal \d+|could not start: .*)\n?)$/.exec(
    line,
  );
  if (!match) return null;
  const [, code, startedAt, endedAt, kib, what = ""] = match;
  return {
    startedAt: Number(startedAt),
    endedAt: Number(endedAt),
    ending: parseEnding(Number(code), what.trimEnd().split(" "), couldNotStart),
    memoryPeakBytes: kib === undefined ? null : Number(kib) * 1024,
  };
}

function parseEnding(code: number, what: string[], couldNotStart: string | null): Ending {
  if (what[0] === "could") return { kind: "could_not_start", reason: what.slice(3).join(" ") };
  if (couldNotStart !== null) return { kind: "could_not_start", reason: couldNotStart.trimEnd() };
  if (what[0] === "signal") return { kind: "signalled", signal: Number(what[1]) };
  return { kind: "exited", exitCode: code };
}

/**
 * Makes sure that the command in this folder will not begin, by taking the mark that its launcher would have to take.
 * False: it has begun.
 */
export function forbidBegin(folder: string): boolean {
  try {
    const file = openSync(`${folder}/begun`, "wx", 0o600);
    try {
      writeSync(file, "stopped\n");
    } catch (error) {
      // On a full disk the mark says nothing, but is made: nobody else can make it.
      if (systemErrorCode(error) === null) throw error;
    } finally {
      closeSync(file);
    }
    return true;
  } catch (error) {
    if (systemErrorCode(error) === "EEXIST") return readText(`${folder}/begun`) === "stopped\n";
    if (systemErrorCode(error) === "ENOENT") return true;
    throw error;
  }
}

/** Tells the launcher that the run is being stopped: what outlives its command is left alone for as long. */
export function grantGrace(folder: string, graceMs: number): void {
  try {
    writeFileSync(`${folder}/grace`, `${graceMs}\n`, { mode: 0o600 });
  } catch (error) {
    // Without it, a full disk costs what the command leaves behind its grace, and nothing else.
    if (systemErrorCode(error) === null) throw error;
  }
}

/**
 * Moves what the run kept to where its next attempt finds it, also where it has put a link or a file in its place; what
 * another attempt has brought there stays.
 */
export function keepCheckpoints(folder: string, kept: string): void {
  try {
    rmdirSync(`${folder}/keep`);
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === "ENOENT" || !isThere(`${folder}/keep`)) return;
    if (code !== "ENOTEMPTY" && code !== "EEXIST" && code !== "ENOTDIR") throw error;
    mkdirSync(dirname(kept), { recursive: true, mode: 0o700 });
    renameSync(`${folder}/keep`, freeName(kept));
  }
}

function freeName(path: string): string {
  for (let n = 1; ; n += 1) {
    const name = n === 1 ? path : `${path}.${n}`;
    if (!existsSync(name)) return name;
  }
}

/** Removes the folder of an attempt whose end is kept by the yard; what is to stay goes to the yard's `runs/`. */
export function removeFolder(attempt: string): void {
  const folder = `${attempt}/0`;
  if (existsSync(`${folder}/stay`) && existsSync(`${folder}/exit`)) {
    const runs = `${dirname(attempt)}/runs`;
    mkdirSync(runs, { recursive: true, mode: 0o700 });
    renameSync(attempt, freeName(`${runs}/${basename(attempt)}`));
    return;
  }
  try {
    for (const name of ["run.sh", "command", "begun", "pid", "out", "err", "exit", "events.jsonl"]) {
      if (isThere(`${folder}/${name}`)) unlinkSync(`${folder}/${name}`);
    }
    rmdirSync(folder);
    rmdirSync(attempt);
  } catch {
    // Something else lies there too (a work folder, an `output` note): the slow way.
    rmSync(attempt, { recursive: true, force: true });
  }
}

/** A file of the run's own; undefined where there is none, or a link, a folder or the like in its place. */
export function fileAt(path: string): Stats | undefined {
  const found = standsAt(path);
  return found?.isFile() ? found : undefined;
}

/** Opens such a file to be read; null where there is none. No link is followed, no pipe waits for its writer. */
export function openFile(path: string): number | null {
  let file: number;
  try {
    file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    if (isNotThere(error)) return null;
    throw error;
  }
  if (fstatSync(file).isFile()) return file;
  closeSync(file);
  return null;
}

function isThere(path: string): boolean {
  return standsAt(path) !== undefined;
}

/** Links are not followed. */
function standsAt(path: string): Stats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false });
  } catch (error) {
    if (isNotThere(error)) return undefined;
    throw error;
  }
}

function readText(path: string): string | null {
  const file = openFile(path);
  if (file === null) return null;
  try {
    return readFileSync(file, "utf8");
  } finally {
    closeSync(file);
  }
}

/** What a run has put in the place of a file counts as no file; a disk that fails is another matter. */
function isNotThere(error: unknown): boolean {
  return ["ENOENT", "ENOTDIR", "EISDIR", "ELOOP", "EACCES", "ENXIO"].includes(systemErrorCode(error) ?? "");
}
