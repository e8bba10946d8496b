import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isDead, listProcesses } from "../../src/platform/processes.ts";
import { isRunning, killNow } from "../helpers/processes_of.ts";
import { until } from "../helpers/until.ts";
import { openDaemon } from "./slurm/daemon.ts";
import { answers, claimPorts } from "./slurm/ports.ts";
import { commandLine } from "./slurm/processes.ts";
import { programPath } from "./slurm/programs.ts";
import type { Slurm } from "./slurm.ts";

/**
 * The login node of a test's Slurm: an sshd of its own on this machine, whose sessions find Slurm's commands. They see each
 * other, but nothing that runs on the nodes: its processes have a namespace of their own.
 */
export interface LoginNode {
  port: number;
  /** The private key that it lets in, for the account of the test. */
  key: string;
  /** The home folder of who logs in. */
  home: string;
  /** First on the PATH there. */
  bin: string;
  /** A known_hosts with its key, and that key's fingerprint: `SHA256:…`. */
  knownHosts: string;
  hostKey: string;
  /** Ends the connections that are there, but nothing that was started through them. */
  cut(): Promise<void>;
  /** Goes down with all that runs there. */
  goAway(): Promise<void>;
  comeBack(): Promise<void>;
  /** What sshd has said. */
  log(): string;
}

export interface LoginNodeWishes {
  /** Lines of sshd_config. */
  sshd?: string[];
  /** Whether its sessions know where the cluster is, as on a login node. Default: they do. */
  knowsCluster?: boolean;
}

/** Opens one; it lies in the Slurm's folder, and ends with that. */
export async function startLoginNode(
  slurm: Slurm,
  name = "login",
  { sshd: lines = [], knowsCluster = true }: LoginNodeWishes = {},
): Promise<LoginNode> {
  const folder = join(slurm.folder, name);
  const place = (file: string) => join(folder, file);
  for (const part of ["home", "bin"]) mkdirSync(place(part), { recursive: true, mode: 0o700 });
  for (const file of ["key", "host_key"])
    execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "", "-f", place(file)]);
  const claim = await claimPorts(1);
  const [port = 0] = claim.ports;
  const hostKey = readFileSync(place("host_key.pub"), "utf8").trim();
  writeFileSync(place("known_hosts"), `[127.0.0.1]:${port} ${hostKey}\n`);
  const own = [
    "ListenAddress 127.0.0.1",
    `Port ${port}`,
    `HostKey ${place("host_key")}`,
    `AuthorizedKeysFile ${place("key.pub")}`,
    `PidFile ${place("sshd.pid")}`,
    // It lies where everybody may make folders.
    "StrictModes no",
    "UsePAM no",
    "UseDNS no",
    "PermitRootLogin yes",
    "PasswordAuthentication no",
    "KbdInteractiveAuthentication no",
    "LogLevel VERBOSE",
    `SetEnv PATH=${place("bin")}:${programPath} HOME=${place("home")}${knowsCluster ? ` SLURM_CONF=${slurm.conf}` : ""}`,
  ];
  writeFileSync(place("sshd_config"), [...lines, ...own, ""].join("\n"));
  const log = place("sshd.log");
  // sshd wants this folder to be there. The package's own service makes it, where that has ever been started.
  mkdirSync("/run/sshd", { recursive: true, mode: 0o755 });
  const sshd = openDaemon({
    program: "unshare",
    args: ["--pid", "--fork", "--mount-proc", "--kill-child", "/usr/sbin/sshd", "-D", "-e", "-f", place("sshd_config")],
    env: { PATH: programPath },
    log,
    isReady: () => answers(port),
  });
  await sshd.start();
  const [, fingerprint = ""] = execFileSync("ssh-keygen", ["-l", "-f", place("host_key.pub")], {
    encoding: "utf8",
  }).split(" ");
  return {
    port,
    key: place("key"),
    home: place("home"),
    bin: place("bin"),
    knownHosts: place("known_hosts"),
    hostKey: fingerprint,
    async cut() {
      const serving = servedBy(sshd.pid());
      for (const pid of serving) killNow(pid);
      await until(() => !serving.some(isRunning), "connections are cut");
    },
    async goAway() {
      await sshd.kill();
      await until(async () => !(await answers(port)), "nobody answers");
    },
    comeBack: sshd.start,
    log: () => (existsSync(log) ? readFileSync(log, "utf8") : ""),
  };
}

/** Those of its connections. */
function servedBy(outermost: number): number[] {
  const alive = listProcesses().filter((entry) => !isDead(entry));
  const listener = alive.find(({ ppid }) => ppid === outermost)?.pid ?? 0;
  const found = new Set([listener]);
  for (let before = 0; before !== found.size; ) {
    before = found.size;
    for (const { pid, ppid } of alive) if (found.has(ppid) && commandLine(pid).startsWith("sshd")) found.add(pid);
  }
  found.delete(listener);
  return [...found];
}
