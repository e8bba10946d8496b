import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import type { SshHost } from "../test/testbed/ssh_hosts/host.ts";
import { type SshHosts, startSshHosts } from "../test/testbed/ssh_hosts.ts";
import { openStage, type Stage } from "./stage.ts";
import { type BenchYard, startYard } from "./yard.ts";

/** A yard and machines behind ssh: real OpenSSH hosts, made for it alone. */
export interface BenchLab {
  stage: Stage;
  yard: BenchYard;
  hosts: SshHost[];
  /** An ssh_config that knows the hosts by their names. */
  sshConfig: string;
  /** Runs at once on each host. */
  slots: number;
  /** A new folder, with these files and empty folders in it. */
  folder(name: string, files: Record<string, string>, folders?: string[]): string;
  /** The hosts' pool. */
  pool: string;
  /** How a batch names all hosts by their machine files. */
  byFiles: string[];
  /**
   * Runs `runyard batch FILE …` in a folder and resolves with what it prints. Lines ask for next to nothing.
   *
   * @param options  where, and what else. Default: on all hosts, by their files
   */
  batch(folder: string, file: string, options?: string[]): Promise<string>;
  close(): Promise<void>;
}

const LITTLE = ["--num-cpus", "0", "--memory-required", "1", "--no-gpu-required"];

/** Null, and a line that says why, where there can be no hosts. The yard that comes back knows all machines. */
export async function openLab(names: string[], slots: number): Promise<BenchLab | null> {
  const stage = openStage();
  const started = await startSshHosts(names);
  if ("missing" in started) {
    console.log(`\nLeft out: ${started.missing}`);
    stage.clear();
    return null;
  }
  const hosts = names.map((name) => started.host(name));
  for (const host of hosts) moveHomeToMemory(host);
  const yard = await startYard(stage, "yard", { environment: { RUNYARD_SSH_CONFIG: started.config } });
  const byFiles = ["--machines", ...hosts.map((host) => machineFile(stage, started, host, slots))];
  const lab: BenchLab = {
    stage,
    yard,
    hosts,
    sshConfig: started.config,
    slots,
    pool: "ssh",
    byFiles,
    folder(name, files, folders = []) {
      const path = `${stage.folder}/${name}`;
      for (const one of [path, ...folders.map((inner) => `${path}/${inner}`)]) mkdirSync(one);
      for (const [file, text] of Object.entries(files)) writeFileSync(`${path}/${file}`, text);
      return path;
    },
    async batch(folder, file, options = byFiles) {
      const args = ["batch", file, ...options, "--queue", "--yes", ...LITTLE];
      const { code, stdout, stderr } = await yard.cli(args, folder);
      if (code !== 0) throw new Error(`runyard batch ended with ${code}: ${stderr}`);
      return stdout;
    },
    async close() {
      await yard.stop();
      stage.clear();
      await started.stop();
    },
  };
  await lab.batch(lab.folder("warm-up", { lines: "true\n".repeat(hosts.length * 2) }), "lines");
  return lab;
}

/** What is written on a host costs there what it costs here: nothing of it waits for a disk. */
function moveHomeToMemory(host: SshHost): void {
  host.run("cp -a /root/.ssh /tmp/ && mount -t tmpfs -o mode=700 tmpfs /root && cp -a /tmp/.ssh /root/");
}

function machineFile(stage: Stage, { key }: SshHosts, host: SshHost, slots: number): string {
  const path = `${stage.folder}/${host.name}.yaml`;
  const { address, port } = host;
  const text = `username: root\nip: ${address}\nport: ${port}\nssh_key_path: ${key}\nmaxRuns: ${slots}\n`;
  writeFileSync(path, text);
  return path;
}

/** Everything in which the files differ from what they should hold. */
export function compareFiles(expected: Map<string, string>): string[] {
  return [...expected].flatMap(([path, text]) => {
    const found = read(path);
    return found === text ? [] : [`${path} holds ${JSON.stringify(found)}, not ${JSON.stringify(text)}`];
  });
}

function read(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null;
  }
}
