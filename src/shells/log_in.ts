import { existsSync } from "node:fs";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Login } from "../core/login.ts";
import { bad, good, type Result } from "../platform/result.ts";
import { runSsh, type SshClient } from "./client.ts";
import { couldPush, diagnose } from "./diagnosis.ts";
import { hasLockedKey } from "./key_file.ts";
import { findMaster, type Master, type Sockets, startMaster } from "./master.ts";
import { ALONE, asOptions, destination, plain, trust, untouched } from "./options.ts";
import type { Trouble } from "./problem.ts";
import { readSettings, type SshSettings } from "./settings.ts";
import { unattended } from "./unattended.ts";

/** All that a login may take: names, proxies, keys, and the login shell. */
const LOGIN_MS = 30_000;

/** A dead connection is noticed after 15 to 20 s where nothing is being said; sooner where the user's ssh_config wants it. */
const KEEP_ALIVE = { ServerAliveInterval: 5, ServerAliveCountMax: 3 };

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
  if (existsSync(asks) && !anew) {
    return bad({ code: "needs_login", reason: "it asked the last time, and is not tried again by itself" });
  }
  const settings = await readSettings(client, login);
  if (!settings.ok) return settings;
  const quiet = await unattended(client, settings.value.systemConfig);
  const args = [
    ...quiet.args,
    ...keepAlive(settings.value),
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
  const all = isProxied(settings.value) ? await askWhy(quiet.client, args) : said;
  const trouble = diagnose(all, login, client.place.folder);
  if (trouble.code === "needs_login" && couldPush(all)) await writeFile(asks, "");
  if (trouble.code === "refused" && (await hasLockedKey(keysOf(settings.value), client.environment))) {
    return bad({ code: "needs_login", reason: "a key of yours has a passphrase, or wants to be touched" });
  }
  return bad(trouble);
}

function keepAlive(settings: SshSettings): string[] {
  const least = Object.entries(KEEP_ALIVE).map(([name, ours]) => {
    const theirs = Number(settings.get(name.toLowerCase()));
    return [name, String(theirs > 0 ? Math.min(theirs, ours) : ours)];
  });
  return asOptions(Object.fromEntries(least));
}

function isProxied(settings: SshSettings): boolean {
  return ["proxyjump", "proxycommand"].some((keyword) => (settings.get(keyword) ?? "none") !== "none");
}

/** What a proxy says is lost where ssh is to stay in the background: the same once more, without that. */
async function askWhy(client: SshClient, args: readonly string[]): Promise<string> {
  const answer = await runSsh(client, [...ALONE, ...args, "exit 0"], LOGIN_MS);
  return answer.kind === "exited" || answer.kind === "timed_out" ? answer.stderr : "";
}

function keysOf(settings: SshSettings): string[] {
  return settings.all("identityfile").filter((path) => existsSync(path));
}
