import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { openSshHost, type SshHost } from "./ssh_hosts/host.ts";
import { layOutHost } from "./ssh_hosts/lay_out_host.ts";
import { whatIsMissing } from "./ssh_hosts/programs.ts";
import { accountOf, type SshHostWishes } from "./ssh_hosts/wishes.ts";

/**
 * Real OpenSSH hosts of the test's own: each is a set of namespaces with its own sshd, wire, address, name, processes, home,
 * /tmp and boot id; the rest of the system is this machine's. They reach each other and this machine over one bridge, and
 * nothing beyond.
 */
export interface SshHosts {
  /** An ssh_config that knows every host by its name. */
  config: string;
  /** The hosts' keys as they were at the start. */
  knownHosts: string;
  /** The private key that every host lets in. */
  key: string;
  host(name: string): SshHost;
  /** Ends all and leaves nothing. Happens by itself when the test's process ends in any way. */
  stop(): Promise<void>;
}

const keeperScript = fileURLToPath(new URL("ssh_hosts/keeper.sh", import.meta.url));
const execute = promisify(execFile);

/** Boots the hosts; where there can be none, the answer is a line that says why and what to do. */
export async function startSshHosts(
  names: string[],
  wishes: Record<string, SshHostWishes> = {},
): Promise<SshHosts | { missing: string }> {
  const missing = whatIsMissing();
  if (missing !== null && process.env["CI"] === "true" && process.getuid?.() === 0) throw new Error(missing);
  if (missing !== null) return { missing };
  // In a session of its own: what is sent to the test's terminal does not end it before it has tidied up.
  const keeper = spawn("sh", [keeperScript], { detached: true, stdio: ["pipe", "pipe", "inherit"] });
  try {
    const [line] = (await once(createInterface(keeper.stdout), "line")) as [string];
    const [folder = "", number = ""] = line.split(" ");
    const key = join(folder, "key");
    const hosts = names.map((name, index) => {
      const address = `10.77.${number}.${10 + index}`;
      return { name, folder: join(folder, name), address, wishes: wishes[name] ?? {} };
    });
    await makeKeys([key, ...hosts.map((host) => join(host.folder, "host_key"))]);
    const etcHosts = hosts.map(({ address, name }) => `${address} ${name}\n`).join("");
    const opened = hosts.map((host, index) => {
      const path = layOutHost(host, `127.0.0.1 localhost\n${etcHosts}`, `${key}.pub`);
      const wire = `ry${number}-${index}`;
      // The same after each boot, so that what others remember of the address stays true.
      const mac = ["02", "77", 0, number, 0, index].map((part) => Number(part).toString(16).padStart(2, "0")).join(":");
      return openSshHost({ ...host, path, wire }, () =>
        keeper.stdin.write(`${host.name} ${host.address} ${mac} ${wire}\n`),
      );
    });
    const knownHosts = join(folder, "known_hosts");
    const keyOf = (host: (typeof hosts)[number]) => readFileSync(join(host.folder, "host_key.pub"), "utf8");
    writeFileSync(knownHosts, hosts.map((host) => `${host.address} ${keyOf(host)}`).join(""));
    const config = join(folder, "ssh_config");
    writeFileSync(config, sshConfig(hosts, key, knownHosts));
    await Promise.all(opened.map((host) => host.boot()));
    return {
      config,
      knownHosts,
      key,
      host(name) {
        const host = opened.find((one) => one.name === name);
        if (host === undefined) throw new Error(`there is no host ${name}`);
        return host;
      },
      stop: () => end(keeper),
    };
  } catch (error) {
    await end(keeper);
    throw error;
  }
}

async function makeKeys(files: string[]): Promise<void> {
  const make = (file: string) => {
    mkdirSync(dirname(file), { recursive: true });
    return execute("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "", "-f", file]);
  };
  await Promise.all(files.map(make));
}

/** Nothing of the account that runs the test goes into a login: neither its keys nor its agent. */
function sshConfig(
  hosts: { name: string; address: string; wishes: SshHostWishes }[],
  key: string,
  knownHosts: string,
): string {
  const blocks = hosts.map(({ name, address, wishes }) => [
    `Host ${name}`,
    `  HostName ${address}`,
    `  User ${accountOf(wishes).name}`,
  ]);
  const all = [
    "Host *",
    `  IdentityFile ${key}`,
    "  IdentitiesOnly yes",
    "  IdentityAgent none",
    `  UserKnownHostsFile ${knownHosts}`,
    "",
  ];
  return [...blocks.flat(), ...all].join("\n");
}

async function end(keeper: ChildProcess): Promise<void> {
  if (keeper.exitCode !== null) return;
  const gone = once(keeper, "exit");
  keeper.stdin?.end();
  await gone;
}
