import { chownSync, copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { pathWithout, scriptGpus } from "./programs.ts";
import { accountOf, ownFiles, type SshHostWishes, sshdConfig } from "./wishes.ts";

const testbed = fileURLToPath(new URL("..", import.meta.url));

export interface HostPlan {
  name: string;
  /** Where what it is made of lies; its host key is there already. */
  folder: string;
  address: string;
  wishes: SshHostWishes;
}

/** Writes all that makes up a host, and returns the PATH of those who log in to it. */
export function layOutHost(plan: HostPlan, etcHosts: string, publicKey: string): string {
  const { name, folder, address, wishes } = plan;
  const bin = join(folder, "bin");
  mkdirSync(bin);
  if (wishes.gpus !== undefined) {
    // Copies: where this checkout lies may be hidden inside of the host.
    for (const file of ["nvidia-smi", "scripted_gpus.py"]) copyFileSync(join(testbed, file), join(folder, file));
    scriptGpus(name, wishes.gpus, bin, join(folder, "nvidia-smi"));
  }
  const without = [...(wishes.without ?? []), ...(wishes.gpus === undefined ? ["nvidia-smi"] : [])];
  const path = pathWithout(without, bin, join(folder, "links"));

  const over = join(folder, "over");
  const system = { passwd: readFileSync("/etc/passwd", "utf8"), group: readFileSync("/etc/group", "utf8") };
  for (const [file, content] of Object.entries(ownFiles(wishes, { ...system, hosts: etcHosts }))) {
    mkdirSync(dirname(join(over, file)), { recursive: true });
    writeFileSync(join(over, file), content, { mode: file === "etc/shadow" ? 0o600 : 0o644 });
  }
  writeFileSync(join(folder, "sshd_config"), sshdConfig(wishes, folder, address, path));
  if (wishes.banner !== undefined) writeFileSync(join(folder, "banner"), wishes.banner);
  writeFileSync(join(folder, "home.path"), `${accountOf(wishes).home}\n`);
  furnishHome(join(folder, "home"), wishes, publicKey);
  return path;
}

/** With the owners and modes on which sshd's StrictModes insists. */
function furnishHome(home: string, wishes: SshHostWishes, publicKey: string): void {
  const { id } = accountOf(wishes);
  const own = (path: string) => chownSync(path, id, id);
  const folder = (path: string) => {
    mkdirSync(path, { mode: 0o700 });
    own(path);
  };
  const file = (path: string, content: string) => {
    writeFileSync(path, content, { mode: 0o600 });
    own(path);
  };
  folder(home);
  folder(join(home, ".ssh"));
  file(join(home, ".ssh/authorized_keys"), readFileSync(publicKey, "utf8"));
  for (const [name, content] of Object.entries(wishes.files ?? {})) {
    name
      .split("/")
      .slice(0, -1)
      .reduce((parent, part) => {
        const path = join(parent, part);
        if (part !== ".ssh") folder(path);
        return path;
      }, home);
    file(join(home, name), content);
  }
}
