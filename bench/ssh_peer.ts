import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import type { BenchLab } from "./lab.ts";

export interface ParallelWishes {
  args: string[];
  /** Runs the command with 1 to this. */
  numbers: number;
  /** Sessions of one connection a host, which stays open, instead of a login each: what the user's ssh_config can do. */
  shared?: boolean;
}

/** Runs GNU parallel over the lab's hosts in a folder, with as many runs at once on each as Runyard has there. */
export async function runParallel(lab: BenchLab, folder: string, wishes: ParallelWishes): Promise<void> {
  const logins = `${lab.stage.folder}/logins`;
  writeFileSync(logins, lab.hosts.map(({ name }) => `${lab.slots}/${name}\n`).join(""));
  const config = wishes.shared ? sharingConfig(lab) : lab.sshConfig;
  const child = spawn("parallel", ["--ssh", `ssh -F ${config}`, "--sshloginfile", logins, ...wishes.args], {
    cwd: folder,
    env: lab.stage.environment,
    stdio: ["pipe", "ignore", "pipe"],
  });
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    said += text;
  });
  child.stdin.end(Array.from({ length: wishes.numbers }, (_, i) => `${i + 1}\n`).join(""));
  // Not "close": a connection that stays holds on to stderr.
  const code = await new Promise((resolve, reject) => child.once("error", reject).once("exit", resolve));
  if (code !== 0) throw new Error(`parallel ended with ${code}: ${said.slice(0, 2000)}`);
}

/** With its own flag parallel shares no connection where it is told which ssh to use. */
function sharingConfig({ stage, sshConfig }: BenchLab): string {
  const path = `${stage.folder}/sharing_config`;
  const sharing = ["ControlMaster auto", `ControlPath ${stage.folder}/%C`, "ControlPersist yes"];
  writeFileSync(path, ["Host *", ...sharing.map((line) => `  ${line}`), `Include ${sshConfig}`, ""].join("\n"));
  return path;
}
