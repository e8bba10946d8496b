import { existsSync } from "node:fs";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Login } from "../core/login.ts";
import { bad, good, type Result } from "../platform/result.ts";
import type { SshClient } from "./client.ts";
import { couldPush, diagnose } from "./diagnosis.ts";
import { hasLockedKey } from "./key_file.ts";
import { findMaster, type Master, type Sockets, startMaster } from "./master.ts";
import { asOptions, destination, plain, trust, untouched } from "./options.ts";
import type { Trouble } from "./problem.ts";
import { readSettings, type SshSettings } from "./settings.ts";
import { unattended } from "./unattended.ts";

/** All that a login may take: names, proxies, keys, and the login shell. */
const LOGIN_MS = 30_000;

/** A dead connection is noticed after 15 s, also where nothing is being said. */
const KEEP_ALIVE = { ServerAliveInterval: "5", ServerAliveCountMax: "3" };

/**
 * Opens a connection without asking anybody. A machine that would have asked in a way that may ring a phone is remembered, and
 * not tried again unless `anew`.
 */
export async function logIn(
  client: SshClient,
  login: Login,
  sockets: Sockets,
  anew: boolean,
): Promise<Result<Master, Trouble>> {
  const asks = join(client.place.folder, sockets.asks);
  if (existsSync(asks) && !anew)
    return bad({ code: "needs_login", reason: "it asked the last time, and is not tried again by itself" });
  const settings = await readSettings(client, login);
  if (!settings.ok) return settings;
  const quiet = await unattended(client, settings.value.systemConfig);
  const args = [
    ...quiet.args,
    ...asOptions(KEEP_ALIVE),
    ...plain(settings.value),
    ...untouched(settings.value),
    ...trust(login, settings.value),
    ...destination(login),
  ];
  const said = await startMaster(quiet.client, sockets.own, args, LOGIN_MS);
  const master = await findMaster(client, sockets.own);
  if (master !== null) {
    await rm(asks, { force: true });
    return good(master);
  }
  if (said === null) return bad({ code: "unreachable", reason: `no login within ${LOGIN_MS / 1000} s` });
  const trouble = diagnose(said, login, client.place.folder);
  if (trouble.code === "needs_login" && couldPush(said)) await writeFile(asks, "");
  if (trouble.code === "refused" && (await hasLockedKey(keysOf(settings.value), client.environment))) {
    return bad({ code: "needs_login", reason: "a key of yours has a passphrase, or wants to be touched" });
  }
  return bad(trouble);
}

function keysOf(settings: SshSettings): string[] {
  return settings.all("identityfile").filter((path) => existsSync(path));
}
