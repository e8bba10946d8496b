import type { Command } from "./command.ts";
import { runyardsOptions, type SbatchOption } from "./slurm.ts";

/** Options of sbatch that srun does not know, or takes for something else: `--wait`, `--signal=B:…`. */
const sbatchsOwn: ReadonlySet<string> = new Set([
  ...runyardsOptions,
  ...["batch", "export-file", "get-user-env", "ignore-pbs", "kill-on-invalid-dep", "signal", "wait-all-nodes"],
]);

/** A session on a node of a cluster. */
export interface Session {
  /** Those that come later count. */
  options: readonly SbatchOption[];
  /** Shell text before the command; empty: none. */
  env: string;
  /** Null: a shell to type into. */
  command: Command | null;
  /** Whether somebody sits in front of it. */
  isTerminal: boolean;
}

/** What srun is given for it. */
export function srunArguments({ options, env, command, isTerminal }: Session): string[] {
  const asked = options.filter(([name]) => !sbatchsOwn.has(name));
  const program = command === null ? shellWith(env) : programWith(env, command);
  return [
    ...asked.map(([name, value]) => `--${name}${value === null ? "" : `=${value}`}`),
    ...(isTerminal ? ["--pty"] : []),
    ...program,
  ];
}

/** The text is executed in the shell itself, behind the user's own start-up files: conda's would else undo it. */
function shellWith(env: string): string[] {
  if (env === "") return ["bash", "-l"];
  const start = `[ ! -f ~/.bashrc ] || . ~/.bashrc\n${env}`;
  return ["bash", "-lc", `exec bash --rcfile <(printf '%s\\n' "$0") -i`, start];
}

function programWith(env: string, command: Command): string[] {
  if (command.kind === "shell") return ["bash", "-lc", lines(env, command.text)];
  if (env === "") return [...command.argv];
  return ["bash", "-lc", lines(env, 'exec "$@"'), "bash", ...command.argv];
}

function lines(env: string, text: string): string {
  return env === "" ? text : `${env}\n${text}`;
}
