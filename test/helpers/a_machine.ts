import { onTestFinished } from "vitest";
import type { Login } from "../../src/core/login.ts";
import type { Result } from "../../src/platform/result.ts";
import type { SshPlace } from "../../src/shells/client.ts";
import type { Host, RunOptions } from "../../src/shells/host.ts";
import type { SshProblem } from "../../src/shells/problem.ts";
import { openSshHost } from "../../src/shells/ssh.ts";
import type { SshHosts } from "../testbed/ssh_hosts.ts";
import { aFolder } from "./a_folder.ts";

export function loginTo(host: string, more: Partial<Login> = {}): Login {
  return { host, user: null, port: null, key: null, hostKey: null, ...more };
}

/**
 * A yard's place for its connections. Its ssh_config knows the test's hosts; what stands in `config` comes before that, and
 * wins. `folder` is its path in a folder of the test's own.
 */
export async function aPlace(hosts: SshHosts, { config = "", folder = "ssh" } = {}): Promise<SshPlace> {
  // What is cut off is noticed soon; a wire that was just mended loses a first packet, which is sent again after a second.
  const text = `${config}\nHost *\n  ConnectTimeout 4\nInclude "${hosts.config}"\n`;
  const root = await aFolder({ config: text, [`${folder}/..`]: "folder/" });
  return { folder: `${root}/${folder}`, config: `${root}/config` };
}

/** Reaches one of the test's hosts; all its connections are closed in the end. */
export function reach(place: SshPlace, login: string | Login, machine?: string): Host {
  const full = typeof login === "string" ? loginTo(login) : login;
  const host = openSshHost(machine ?? full.host, full, place);
  onTestFinished(() => host.close(true));
  return host;
}

/** What a script that ends well has printed. */
export async function output(host: Host, script: string, options?: RunOptions): Promise<string> {
  const { kind, stdout, ...rest } = must(await host.run(script, options));
  if (kind !== "exited" || !("code" in rest) || rest.code !== 0) throw new Error(`${kind}: ${JSON.stringify(rest)}`);
  return stdout.toString();
}

export function must<T>(result: Result<T, SshProblem>): T {
  if (!result.ok) throw new Error(`${result.problem.code}: ${result.problem.text}`);
  return result.value;
}

/** How often sshd has let somebody in. */
export function logins(hosts: SshHosts, name: string): number {
  return linesOfLog(hosts, name, /^Accepted \S+ for /);
}

/** How often anybody has come to sshd's door. */
export function visits(hosts: SshHosts, name: string): number {
  return linesOfLog(hosts, name, /^Connection from /);
}

function linesOfLog(hosts: SshHosts, name: string, pattern: RegExp): number {
  const lines = hosts.host(name).log().split("\n");
  return lines.filter((line) => pattern.test(line)).length;
}
