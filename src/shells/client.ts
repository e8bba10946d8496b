import { accessSync, constants } from "node:fs";
import { delimiter, isAbsolute, join } from "node:path";
import { type Login, objectionToLogin } from "../core/login.ts";
import { makePrivateFolder } from "../platform/private_folder.ts";
import { bad, good, type Result } from "../platform/result.ts";
import { type CommandResult, runCommand } from "../platform/subprocess.ts";
import { systemErrorCode, systemErrorText } from "../platform/system_error.ts";
import { objectionToKeyFile } from "./key_file.ts";
import type { Trouble } from "./problem.ts";

/** Where connections of a yard have their files. */
export interface SshPlace {
  /** The yard's own folder, of this account alone (0700): control sockets, known_hosts. Its parent exists. */
  folder: string;
  /** An ssh_config to use instead of the user's and the system's; null: those. */
  config: string | null;
}

/** @param folder  the yard's own, for connections */
export function sshPlace(folder: string, environment: NodeJS.ProcessEnv): SshPlace {
  return { folder, config: environment["RUNYARD_SSH_CONFIG"] || null };
}

/**
 * The system's OpenSSH as the yard calls it. Its working directory is the yard's folder, and the files there are named without
 * a path: so no blank or percent sign in it is in the way, and a control socket's name never comes near the 104 bytes that
 * such a name may have.
 */
export interface SshClient {
  place: SshPlace;
  /** Absolute path of ssh. */
  program: string;
  environment: Record<string, string | undefined>;
}

/** Local questions and answers of ssh. */
const SHORT_MS = 10_000;

/** Looks whether everything is there that a login needs on this side. */
export async function prepareClient(login: Login, place: SshPlace): Promise<Result<SshClient, Trouble>> {
  const objection = objectionToLogin(login);
  if (objection !== null) return bad({ code: "bad_login", reason: objection.text });
  const toKey = login.key === null ? null : objectionToKeyFile(login.key);
  if (login.key !== null && toKey !== null) return bad({ code: "bad_key_file", path: login.key, reason: toKey });
  const toFolder = await makePrivateFolder(place.folder).then((what) => what && `it is ${what}`, wordSystemError);
  if (toFolder !== null) return bad({ code: "bad_folder", path: place.folder, reason: toFolder });
  const program = findInPath("ssh");
  if (program === null) return bad({ code: "no_ssh", reason: "there is no such program on the PATH" });
  // Its messages are read, so they have to be in English.
  return good({ place, program, environment: { ...process.env, LC_ALL: "C", SSH_ASKPASS_REQUIRE: "never" } });
}

/** Answers what the system refuses in the yard's folder, e.g. on a full disk, as a value; the rest is thrown on. */
export async function inFolder<T>(
  place: SshPlace,
  work: () => Promise<Result<T, Trouble>>,
): Promise<Result<T, Trouble>> {
  try {
    return await work();
  } catch (error) {
    return bad({ code: "bad_folder", path: place.folder, reason: wordSystemError(error) });
  }
}

function wordSystemError(error: unknown): string {
  if (systemErrorCode(error) === null) throw error;
  return systemErrorText(error);
}

/** Runs ssh on a short errand that leaves no process behind. */
export function runSsh(client: SshClient, args: readonly string[], deadlineMs = SHORT_MS): Promise<CommandResult> {
  const { program, environment, place } = client;
  return runCommand(program, args, { cwd: place.folder, environment, deadlineMs });
}

function findInPath(name: string): string | null {
  const folders = (process.env["PATH"] ?? "").split(delimiter).filter(isAbsolute);
  const isProgram = (path: string) => {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  };
  return folders.map((folder) => join(folder, name)).find(isProgram) ?? null;
}
