import {
  accessSync,
  chmodSync,
  constants,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { homedir } from "node:os";
import { dirname } from "node:path";
import { systemErrorCode, systemErrorText } from "./system_error.ts";

/** Where everything of a yard lies: database, tokens, files, its agent. Two homes never touch each other. */
export interface Home {
  folder: string;
  database: string;
  /** Holds a PostgreSQL URL where the yard was told to use one; it may hold a password. */
  databaseUrl: string;
  /** The name under which yards of this home lead, one after the other. */
  holder: string;
  /** Held for the life of a yard: of two, one gets it. */
  lock: string;
  /** How to reach the yard that runs now. */
  address: string;
  /** The port that it had, so that it has it again. */
  port: string;
  /** Where browsers reach it, if it was told: behind a proxy. */
  publicUrl: string;
  adminToken: string;
  agentToken: string;
  files: string;
  spool: string;
  /** Says where the spool lies, once that was asked for: whoever starts the yard next need not know it. */
  spoolPlace: string;
  yardLog: string;
  agentLog: string;
  /** Which agent speaks for this machine. */
  agent: string;
  /** What is known of the hosts of machines behind ssh, and the sockets of connections to them. */
  ssh: string;
  /** What has been fetched of the spools of machines behind ssh. */
  mirrors: string;
  /** Spools of clusters that are reached from this machine, on whose file system they share it. */
  clusters: string;
}

/** RUNYARD_HOME, else `runyard` in the XDG data folder. */
export function homeOf(environment: NodeJS.ProcessEnv): Home {
  const data = environment["XDG_DATA_HOME"] || `${homedir()}/.local/share`;
  const folder = environment["RUNYARD_HOME"] || `${data}/runyard`;
  return {
    folder,
    database: `${folder}/yard.sqlite`,
    databaseUrl: `${folder}/database.url`,
    holder: `${folder}/holder`,
    lock: `${folder}/lock.sqlite`,
    address: `${folder}/yard.json`,
    port: `${folder}/port`,
    publicUrl: `${folder}/public.url`,
    adminToken: `${folder}/token`,
    agentToken: `${folder}/agent.token`,
    files: `${folder}/files`,
    spool: environment["RUNYARD_SPOOL"] || `${folder}/spool`,
    spoolPlace: `${folder}/spool.place`,
    yardLog: `${folder}/yard.log`,
    agentLog: `${folder}/agent.log`,
    agent: `${folder}/agent.json`,
    ssh: `${folder}/ssh`,
    mirrors: `${folder}/mirrors`,
    clusters: `${folder}/clusters`,
  };
}

/**
 * Makes the home's folder where it is missing, and closes it to others. Returns why it can be no home, for people; null:
 * it is one. Whoever else could write there could exchange the yard's database and tokens.
 */
export function makeHome({ folder }: Home): string | null {
  try {
    makeFolder(folder);
    const found = statSync(folder);
    if (!found.isDirectory()) return "it is not a folder";
    const self = process.geteuid?.() ?? found.uid;
    const isOurs = found.uid === self;
    if (!isOurs && self !== 0 && (found.uid !== 0 || (found.mode & 0o002) !== 0)) return "others can write into it";
    accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK);
    // A disk that knows no modes is as it is.
    if (isOurs && (found.mode & 0o077) !== 0) tryTo(() => chmodSync(folder, 0o700));
    return null;
  } catch (error) {
    return systemErrorText(error);
  }
}

function tryTo(act: () => void): void {
  try {
    act();
  } catch {}
}

/** Makes a folder of this account's, and those it lies in. Not `recursive: true`: in /proc, where nothing can be made, that tries for ever. */
export function makeFolder(folder: string): void {
  if (existsSync(folder)) return;
  if (dirname(folder) !== folder) makeFolder(dirname(folder));
  mkdirSync(folder, { mode: 0o700 });
}

/** How a yard that runs is reached. */
export interface YardAddress {
  yard: string;
  url: string;
  pid: number;
  startTicks: number;
  bootId: string;
  version: string;
  epoch: number;
}

export interface AgentNote {
  version: string;
  pid: number;
  startTicks: number;
  bootId: string;
}

/** Null where there is none, or it cannot be read. */
export function readJsonFile<T>(path: string): T | null {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as T;
  } catch {
    return null;
  }
}

/** Whole or not at all, readable by its owner alone. */
export function writeJsonFile(path: string, value: unknown): void {
  writeSecretFile(path, `${JSON.stringify(value)}\n`);
}

export function writeSecretFile(path: string, text: string): void {
  const temporary = `${path}.${process.pid}`;
  writeFileSync(temporary, text, { mode: 0o600 });
  renameSync(temporary, path);
}

/** Why nothing can be read in a home that is there; null: it can, or there is none. */
export function unreadableHome({ address }: Home): string | null {
  try {
    readFileSync(address);
    return null;
  } catch (error) {
    return systemErrorCode(error) === "ENOENT" ? null : systemErrorText(error);
  }
}

/** The token in the file, without the line's end; null where there is none. */
export function readToken(path: string): string | null {
  try {
    return readFileSync(path, "utf8").trim() || null;
  } catch (error) {
    if (systemErrorCode(error) === "ENOENT") return null;
    throw error;
  }
}
