import { mkdir, readFile } from "node:fs/promises";
import { userInfo } from "node:os";
import { join } from "node:path";
import { shellQuote } from "../core/shell_quote.ts";
import { writeDurably } from "../platform/durable_file.ts";
import type { SshClient } from "./client.ts";
import { KNOWN_HOSTS } from "./options.ts";

/** An ssh that asks nobody: no password, no push to a phone, no passphrase. */
const ASK_NOBODY = [
  ["BatchMode", "yes"],
  ["NumberOfPasswordPrompts", "0"],
  ["PasswordAuthentication", "no"],
  ["KbdInteractiveAuthentication", "no"],
  ["StrictHostKeyChecking", "yes"],
  ["UpdateHostKeys", "no"],
  ["AddKeysToAgent", "no"],
  ["LogLevel", "ERROR"],
] as const;

/** For whoever has not set another patience. */
const CONNECT_S = 10;

/** The names of the two files, in the yard's folder. */
const CONFIG = "config";
const PROGRAMS = "programs";

/**
 * Options on a command line do not reach the hosts on the way: ssh starts another ssh for a ProxyJump, and a ProxyCommand is
 * often one too, and those would ask (tried with a PAM that counts: three pushes for each login). An ssh_config is handed on
 * to the first, and the second finds an ssh of ours first in its PATH.
 *
 * @param systemConfig  the system's ssh_config, which is not read where another is named; null: there is none
 * @returns how ssh is to be called
 */
export async function unattended(
  client: SshClient,
  systemConfig: string | null,
): Promise<{ client: SshClient; args: string[] }> {
  const { folder, config } = client.place;
  // Where ssh itself looks, which is not always $HOME.
  const users = join(userInfo().homedir, ".ssh/config");
  const included = config === null ? [users, ...(systemConfig === null ? [] : [systemConfig])] : [config];
  // Of several values ssh takes the first.
  const lines = [
    "# Made by Runyard for the connections that it opens by itself; written anew each time.",
    ...ASK_NOBODY.map((pair) => pair.join(" ")),
    ...included.map((path) => `Include "${path}"`),
    "Host *",
    `ConnectTimeout ${CONNECT_S}`,
    // For hosts on the way that are machines of the yard too.
    `GlobalKnownHostsFile ${KNOWN_HOSTS} /etc/ssh/ssh_known_hosts /etc/ssh/ssh_known_hosts2`,
  ];
  await writeWhereDifferent(join(folder, CONFIG), `${lines.join("\n")}\n`, 0o600);
  const options = ASK_NOBODY.map(([name, value]) => `-o ${name}=${value}`).join(" ");
  const program = `#!/bin/sh\nexec ${shellQuote(client.program)} ${options} -F ${CONFIG} "$@"\n`;
  await mkdir(join(folder, PROGRAMS), { recursive: true, mode: 0o700 });
  await writeWhereDifferent(join(folder, PROGRAMS, "ssh"), program, 0o700);
  const PATH = `${join(folder, PROGRAMS)}:${client.environment["PATH"] ?? ""}`;
  return { client: { ...client, environment: { ...client.environment, PATH } }, args: ["-F", CONFIG] };
}

async function writeWhereDifferent(path: string, content: string, mode: number): Promise<void> {
  const found = await readFile(path, "utf8").catch(() => null);
  if (found !== content) await writeDurably(path, content, mode);
}
