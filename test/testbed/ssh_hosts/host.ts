import { execFileSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isDead, listProcesses, processName, readProcess } from "../../../src/platform/processes.ts";
import { until } from "../../helpers/until.ts";

export interface SshHost {
  name: string;
  address: string;
  port: number;
  /** Its user's home, as seen from outside. */
  home: string;
  /** First on its PATH. What tells the scripted nvidia-smi about GPUs is `gpus.json` in it. */
  bin: string;
  /** Of the key it has now: `SHA256:…`. */
  hostKey: string;

  /** Takes the wire out: nothing arrives any more, and nobody is told. */
  cut(): void;
  mend(): void;
  /** Ends the host with all its processes, as a power cut does: nobody is told. */
  kill(): void;
  /** Brings a killed host back: same address and home, /tmp empty, another boot id. */
  boot(): Promise<void>;
  /** Ends sshd with all its connections, but nothing that was started through it, and starts it again. */
  restartSshd(overrides?: string[]): Promise<void>;
  /** Ends sshd with all its connections. */
  stopSshd(): void;
  /** As a machine that was set up anew: another host key. */
  newHostKey(): Promise<string>;
  /** What sshd has said, since the first start. */
  log(): string;
  /** The command lines of what runs there, sshd included. */
  processes(): string[];
  /** Runs a shell command as root inside the host, not through ssh, and returns its output. */
  run(command: string): string;
}

interface HostParts {
  name: string;
  folder: string;
  address: string;
  /** The PATH of those who log in. */
  path: string;
  /** This machine's end of the host's wire. */
  wire: string;
}

/** A host that is laid out; `askToBoot` tells the keeper. */
export function openSshHost(parts: HostParts, askToBoot: () => void): SshHost {
  const { name, folder, address, path, wire } = parts;
  const configFile = join(folder, "sshd_config");
  const config = readFileSync(configFile, "utf8");
  const pidFile = join(folder, "sshd.pid");
  const bootIdFile = join(folder, "over/proc/sys/kernel/random/boot_id");
  mkdirSync(join(bootIdFile, ".."), { recursive: true });

  /** Waits for the host's first process, and ends with it. */
  const outermost = () => Number(readFileSync(join(folder, "pid"), "utf8"));
  const init = () => {
    const [pid] = readFileSync(`/proc/${outermost()}/task/${outermost()}/children`, "utf8").split(" ");
    if (!pid) throw new Error(`${name} is down`);
    return pid;
  };
  const inside = () => {
    const namespace = readlinkSync(`/proc/${init()}/ns/pid`);
    return listProcesses().filter((entry) => !isDead(entry) && namespaceOf(entry.pid) === namespace);
  };
  const run = (command: string) => {
    const args = ["--target", init(), "--all", "env", "-i", `PATH=${path}`, "HOME=/root", "sh", "-c", command];
    return execFileSync("nsenter", args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
  };
  const link = (...args: string[]) => execFileSync("ip", ["link", ...args], { stdio: "pipe" });
  const sshdListens = () =>
    until(() => existsSync(pidFile) && readFileSync(pidFile, "utf8") !== "", `sshd of ${name} listens`, 10_000);

  const host: SshHost = {
    name,
    address,
    port: 22,
    home: join(folder, "home"),
    bin: join(folder, "bin"),
    hostKey: fingerprint(folder),
    cut: () => void link("set", wire, "down"),
    mend: () => void link("set", wire, "up"),
    kill() {
      const all = [...inside().map((entry) => entry.pid), outermost()];
      const first = init();
      // The wire goes first: what dies would say goodbye to its peers.
      link("delete", wire);
      process.kill(Number(first), "SIGKILL");
      waitUntil(() => all.every(isGone));
    },
    async boot() {
      rmSync(pidFile, { force: true });
      rmSync(join(folder, "tmp"), { recursive: true, force: true });
      execFileSync("mkdir", ["-m", "1777", join(folder, "tmp")]);
      writeFileSync(bootIdFile, `${randomUUID()}\n`);
      askToBoot();
      try {
        await sshdListens();
      } catch (error) {
        throw new Error(`${String(error)}\n${readFileSync(join(folder, "boot.log"), "utf8")}\n${host.log()}`);
      }
    },
    stopSshd() {
      const daemons = inside().filter((entry) => isSshd(entry.pid));
      for (const { pid } of daemons) process.kill(pid, "SIGKILL");
      waitUntil(() => daemons.every((entry) => isGone(entry.pid)));
      rmSync(pidFile, { force: true });
    },
    async restartSshd(overrides = []) {
      host.stopSshd();
      writeFileSync(configFile, [...overrides, config].join("\n"));
      run(`/usr/sbin/sshd -f ${configFile} -E ${join(folder, "sshd.log")}`);
      await sshdListens();
    },
    async newHostKey() {
      const file = join(folder, "host_key");
      rmSync(file);
      execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "", "-f", file]);
      await host.restartSshd();
      host.hostKey = fingerprint(folder);
      return host.hostKey;
    },
    log: () => (existsSync(join(folder, "sshd.log")) ? readFileSync(join(folder, "sshd.log"), "utf8") : ""),
    processes: () =>
      inside()
        .filter((entry) => String(entry.pid) !== init())
        .map((entry) => commandLine(entry.pid)),
    run,
  };
  return host;
}

function fingerprint(folder: string): string {
  const listed = execFileSync("ssh-keygen", ["-l", "-f", join(folder, "host_key.pub")], { encoding: "utf8" });
  return listed.split(" ")[1] ?? "";
}

function namespaceOf(pid: number): string | null {
  try {
    return readlinkSync(`/proc/${pid}/ns/pid`);
  } catch {
    return null;
  }
}

/** By its program's name: its command line is a title that it writes anew at every login, and is empty meanwhile. */
function isSshd(pid: number): boolean {
  return processName(pid)?.startsWith("sshd") ?? false;
}

function commandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ").trim();
  } catch {
    return "";
  }
}

function isGone(pid: number): boolean {
  const entry = readProcess(pid);
  return entry === null || isDead(entry);
}

/** For what is over in a moment, where there is no waiting but by standing still. */
function waitUntil(condition: () => boolean): void {
  const cell = new Int32Array(new SharedArrayBuffer(4));
  for (let turn = 0; !condition(); turn += 1) {
    if (turn > 2000) throw new Error("what was killed does not end");
    Atomics.wait(cell, 0, 0, 2);
  }
}
