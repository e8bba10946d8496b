import { execFileSync } from "node:child_process";
import { accessSync, constants, mkdirSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const SYSTEM_PATH = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];

const PACKAGES = ["openssh-server", "openssh-client", "iproute2", "util-linux", "rsync", "csh", "fish"];

/** Why there can be no hosts here; null: there can. Installs what is missing where that is ours to do. */
export function whatIsMissing(): string | null {
  if (process.getuid?.() !== 0) return "hosts of one's own need root";
  const needed = ["sshd", "ssh", "ssh-keygen", "ip", "unshare", "nsenter", "setpriv"];
  const absent = () => needed.filter((program) => findProgram(program) === null);
  const forTests = ["rsync", "csh", "fish"].filter((program) => findProgram(program) === null);
  if (process.env["CI"] === "true" && (absent().length > 0 || forTests.length > 0)) install();
  if (absent().length > 0) return `${absent().join(", ")} missing; apt-get install ${PACKAGES.join(" ")} brings all`;
  try {
    execFileSync("unshare", ["--mount", "--net", "--uts", "--ipc", "--pid", "--fork", "true"], { stdio: "pipe" });
    return null;
  } catch {
    return "this system lets nobody make namespaces";
  }
}

function install(): void {
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  execFileSync("apt-get", ["update", "-q"], { env, stdio: "ignore" });
  execFileSync("apt-get", ["install", "-qy", "--no-install-recommends", ...PACKAGES], { env, stdio: "ignore" });
}

/** Where hosts find a program: theirs is the system's PATH, not that of the test. */
function findProgram(name: string): string | null {
  return SYSTEM_PATH.map((folder) => join(folder, name)).find(isExecutable) ?? null;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * The PATH of a host whose own programs lie in `bin`: the system's behind it, or, where it does `without` some, a folder
 * of links to all the others.
 */
export function pathWithout(without: readonly string[], bin: string, links: string): string {
  const absent = without.filter((name) => findProgram(name) !== null);
  if (absent.length === 0) return [bin, ...SYSTEM_PATH].join(":");
  mkdirSync(links);
  const linked = new Set(absent);
  for (const folder of SYSTEM_PATH) {
    for (const name of readdirSync(folder)) {
      if (linked.has(name)) continue;
      linked.add(name);
      symlinkSync(join(folder, name), join(links, name));
    }
  }
  return `${bin}:${links}`;
}

/** Puts a scripted nvidia-smi into `bin`; it needs no Python on the host's PATH. */
export function scriptGpus(host: string, count: number, bin: string, script: string): void {
  const python = findProgram("python3");
  if (python === null) throw new Error("a scripted nvidia-smi needs Python: apt-get install python3");
  const gpus = Array.from({ length: count }, (_, index) => ({
    uuid: `GPU-${Buffer.from(host).toString("hex")}-${index}`,
    name: "NVIDIA A100-SXM4-40GB",
    memory_mib: 40_960,
  }));
  writeFileSync(join(bin, "gpus.json"), JSON.stringify({ gpus }));
  const lines = ["#!/bin/sh", `RUNYARD_TESTBED_GPUS='${bin}/gpus.json' exec ${python} '${script}' "$@"`, ""];
  writeFileSync(join(bin, "nvidia-smi"), lines.join("\n"), { mode: 0o755 });
}
