import { spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { constants } from "node:os";
import type { SlurmInput } from "../api/job.ts";
import { shellQuote } from "../core/shell_quote.ts";
import { type LoginCommand, remoteCommand } from "../shells/attended.ts";
import { sshPlace } from "../shells/client.ts";
import { stopWith } from "./stop.ts";
import { yardPlace } from "./yard_place.ts";

/**
 * Executes srun where the pool's Slurm is, in this terminal, and answers its exit code.
 *
 * @param words  its arguments
 */
export async function executeSrun(
  pool: string,
  { login, conf }: SlurmInput,
  words: readonly string[],
  isTerminal: boolean,
): Promise<number> {
  if (!login) return execute({ argv: ["srun", ...words], cwd: process.cwd() }, slurmsEnvironment(conf ?? null));
  const found = await remoteCommand(pool, allOf(login), placeOfLogins(), remoteText(conf ?? null, words), isTerminal);
  if (!found.ok) throw stopWith({ code: found.problem.code, message: found.problem.text, exitCode: 3 });
  return execute(found.value, process.env);
}

function allOf({ host, user = null, port = null, key = null, hostKey = null }: NonNullable<SlurmInput["login"]>) {
  return { host, user, port, key, hostKey };
}

/** A login shell there, as site's Slurm is often found by its profile alone. */
function remoteText(conf: string | null, words: readonly string[]): string {
  const setting = conf === null ? "" : `export SLURM_CONF=${shellQuote(conf)}; `;
  return `exec bash -lc ${shellQuote(`${setting}exec ${["srun", ...words].map(shellQuote).join(" ")}`)}`;
}

/** Where the connections of this account's own yard are; it need not run. */
function placeOfLogins() {
  const place = yardPlace(process.env);
  if (place.kind === "elsewhere") {
    const message =
      "Sessions behind a login go through a yard of this machine, and runyard login has chosen another one.";
    throw stopWith({ code: "usage", message, exitCode: 2 });
  }
  mkdirSync(place.home.folder, { recursive: true, mode: 0o700 });
  return sshPlace(place.home.ssh, process.env);
}

/** Without what an earlier job, or this terminal's own habits, would ask of srun. */
function slurmsEnvironment(conf: string | null): NodeJS.ProcessEnv {
  const others = Object.entries(process.env).filter(([name]) => !/^(SLURM|SBATCH|SRUN|SALLOC)_/.test(name));
  return { ...Object.fromEntries(others), ...(conf !== null && { SLURM_CONF: conf }) };
}

function execute({ argv: [program = "", ...args], cwd }: LoginCommand, env: NodeJS.ProcessEnv): number {
  // Ctrl-C while it waits for a node is for srun, which takes its request back.
  process.on("SIGINT", () => {});
  const { error, status, signal } = spawnSync(program, args, { cwd, env, stdio: "inherit" });
  if (error) {
    const message = `${program} cannot be started: ${error.message}. A pool of Slurm's without a login needs Slurm's commands on this machine.`;
    throw stopWith({ code: "no_slurm", message, exitCode: 3 });
  }
  return status ?? 128 + (signal ? constants.signals[signal] : 0);
}
