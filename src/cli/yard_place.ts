import { chmodSync, mkdirSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, resolve } from "node:path";
import { type Home, homeOf, readJsonFile, readToken, writeJsonFile } from "../platform/home.ts";
import { systemErrorText } from "../platform/system_error.ts";
import { stopWith, wrongUsage } from "./stop.ts";

/** Which yard a command speaks to: this machine's own, which may be started, or one elsewhere. */
export type YardPlace = { kind: "home"; home: Home } | { kind: "elsewhere"; url: string; token: string };

/**
 * RUNYARD_YARD goes before RUNYARD_HOME, that before what `runyard login` stored, that before the home by default.
 * Inside a run nothing but RUNYARD_YARD counts: a run that waits for runs could wait for ever.
 */
export function yardPlace(environment: NodeJS.ProcessEnv): YardPlace {
  const url = environment["RUNYARD_YARD"];
  if (url) return { kind: "elsewhere", url: yardUrl(url), token: tokenFor(yardUrl(url), environment) };
  if (environment["RUNYARD_RUN"]) {
    const message = `This is run ${environment["RUNYARD_RUN"]} itself, and no run waits inside a run: set RUNYARD_YARD (and RUNYARD_TOKEN_FILE) to speak to a yard from here.`;
    throw stopWith({ code: "inside_a_run", message, exitCode: 2 });
  }
  const login = environment["RUNYARD_HOME"] ? null : readLogin(environment);
  return login ? { kind: "elsewhere", ...login } : { kind: "home", home: ownHome(environment) };
}

/** This machine's home, with absolute paths: the yard works in another folder. */
export function ownHome(environment: NodeJS.ProcessEnv): Home {
  return homeOf({ ...environment, RUNYARD_HOME: resolve(homeOf(environment).folder) });
}

/** The address without what follows the host; refuses what is none. */
export function yardUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url?.protocol !== "http:" && url?.protocol !== "https:") {
    throw wrongUsage(
      `"${text}" is not the address of a yard. Write it like http://127.0.0.1:8471 or https://yard.example.org`,
    );
  }
  return url.origin;
}

function tokenFor(url: string, environment: NodeJS.ProcessEnv): string {
  const file = environment["RUNYARD_TOKEN_FILE"];
  if (file) return tokenIn(file, { by: "RUNYARD_TOKEN_FILE", exitCode: 3 });
  const login = readLogin(environment);
  if (login?.url === url) return login.token;
  const message = `There is no token for ${url}. Log in with: runyard login ${url}, or name a token file in RUNYARD_TOKEN_FILE.`;
  throw stopWith({ code: "no_token", message, exitCode: 3 });
}

/** The token in a file that the user has named. Refuses a file without one. */
export function tokenIn(file: string, named: { by: string; exitCode: number }): string {
  let why = "it is not there, or empty";
  try {
    const token = readToken(file);
    if (token !== null) return token;
  } catch (error) {
    why = systemErrorText(error);
  }
  const message = `${named.by} names ${file}, where no token is: ${why}.`;
  throw stopWith({ code: "no_token", message, exitCode: named.exitCode });
}

interface Login {
  url: string;
  token: string;
}

function loginFile(environment: NodeJS.ProcessEnv): string {
  return `${environment["XDG_CONFIG_HOME"] || `${homedir()}/.config`}/runyard/login.json`;
}

function readLogin(environment: NodeJS.ProcessEnv): Login | null {
  const login = readJsonFile<Partial<Login>>(loginFile(environment));
  return login && typeof login.url === "string" && typeof login.token === "string"
    ? { url: login.url, token: login.token }
    : null;
}

/** Keeps the token where only its owner reads it. */
export function storeLogin(environment: NodeJS.ProcessEnv, login: Login): string {
  const file = loginFile(environment);
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  chmodSync(dirname(file), 0o700);
  writeJsonFile(file, login);
  return file;
}

export function forgetLogin(environment: NodeJS.ProcessEnv): boolean {
  const wasThere = readLogin(environment) !== null;
  rmSync(loginFile(environment), { force: true });
  return wasThere;
}
