import { realpathSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { takenAlong } from "../core/environment.ts";
import { isBadVariable, parseEnvironmentFile } from "./environment_file.ts";
import { wrongUsage } from "./stop.ts";
import { isUnreadable, readTextFile } from "./text_file.ts";

/** The variables that a job goes with, and those among them that its user named. */
export interface SubmittingEnvironment {
  environment: Record<string, string>;
  named: string[];
}

/** The variables of this terminal that go along, then those of the files, then those named one by one. */
export async function submittingEnvironment(
  files: readonly string[],
  named: readonly string[],
): Promise<SubmittingEnvironment> {
  const variables: Record<string, string> = {};
  for (const file of files) Object.assign(variables, await readEnvironmentFile(file));
  for (const text of named) {
    const equals = text.indexOf("=");
    const name = equals === -1 ? text : text.slice(0, equals);
    const value = equals === -1 ? process.env[name] : text.slice(equals + 1);
    if (value === undefined)
      throw wrongUsage(`--env ${name}: there is no such variable here. Set it, or write --env ${name}=VALUE.`);
    variables[name] = value;
  }
  return { environment: { ...takenAlong(process.env), ...variables }, named: Object.keys(variables) };
}

async function readEnvironmentFile(path: string): Promise<Record<string, string>> {
  const text = await readTextFile(path);
  if (isUnreadable(text)) throw wrongUsage(`--env-file ${path}: ${text.unreadable}.`);
  const variables = parseEnvironmentFile(text);
  if (isBadVariable(variables)) throw wrongUsage(`${path}:${variables.line}: ${variables.message}`);
  return variables;
}

/** Where the runs work: absolute, with the links on the way as the terminal shows them. */
export function workingFolder(chosen: string | undefined): string {
  if (chosen !== undefined) {
    const folder = resolve(chosen);
    if (!isFolder(folder)) throw wrongUsage(`--cwd ${chosen}: there is no such folder.`);
    return folder;
  }
  const shown = process.env["PWD"];
  return shown?.startsWith("/") && isSame(shown, process.cwd()) ? shown : process.cwd();
}

export function currentUmask(): string {
  return process.umask().toString(8).padStart(3, "0");
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}

function isSame(a: string, b: string): boolean {
  try {
    return realpathSync(a) === realpathSync(b);
  } catch {
    return false;
  }
}
