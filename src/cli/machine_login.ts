import { resolve } from "node:path";
import type { NewMachine } from "../api/machine.ts";
import { isLoginHost, isLoginUser, parseDestination } from "../core/login.ts";
import { isMisread, wholeNumber } from "../core/option_values.ts";
import { objectionToKeyFile } from "../shells/key_file.ts";
import type { MachineFile } from "./machine_file.ts";
import { wrongUsage } from "./stop.ts";

export interface LoginOptions {
  /** Text of `-p`. */
  port?: string;
  /** Text of `-i`. */
  identity?: string;
  hostKey?: string;
  spool?: string;
}

/** `user@host`, a host, or an alias of the user's ssh_config, with what the options say of it. */
export function readLogin(destination: string, options: LoginOptions): NewMachine["login"] {
  const { host, user } = parseDestination(destination);
  if (!isLoginHost(host) || (user !== null && !isLoginUser(user))) {
    throw wrongUsage(
      `"${destination}" is not where one can log in. Write user@host, or an alias of your ~/.ssh/config.`,
    );
  }
  return {
    host,
    user,
    port: options.port === undefined ? null : readPort(options.port),
    key: options.identity === undefined ? null : readKey(options.identity),
    hostKey: options.hostKey ?? null,
    spool: options.spool === undefined ? null : readSpool(options.spool),
  };
}

/** What a machine file says of the login. */
export function loginOf(file: MachineFile): NewMachine["login"] {
  const { username, ip, port, keyPath, hostKey, spool, limits, hours, env } = file;
  return { host: ip, user: username, port, key: keyPath, hostKey, spool, limits, hours, env };
}

function readPort(text: string): number {
  const port = wholeNumber(text, 1, 65_535);
  if (isMisread(port)) throw wrongUsage(`-p ${text}: ${port.misread}`);
  return port;
}

function readKey(text: string): string {
  const path = resolve(text);
  const objection = objectionToKeyFile(path);
  if (objection !== null) throw wrongUsage(`-i ${text}: ${objection}`);
  return path;
}

function readSpool(text: string): string {
  if (text.startsWith("/")) return text;
  throw wrongUsage(`--spool ${text}: name the folder on that machine by its whole path, e.g. /scratch/you/runyard`);
}
