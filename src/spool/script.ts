import type { Gang } from "../core/assignment.ts";
import { isShellWord } from "../core/command_line.ts";
import type { Slot } from "../core/demand.ts";
import { shellQuote } from "../core/shell_quote.ts";

/** All that a run's script is made of. */
export interface ScriptSpec {
  job: number;
  n: number;
  attempt: string;
  /** Counts the tries of the run, from 1. */
  try: number;
  command: { kind: "argv"; argv: string[] } | { kind: "shell"; text: string };
  /** A JSON object. */
  params: string;
  slot: Slot;
  gang: Gang | null;
  cwd: string;
  umask: string;
  limits: Record<string, string>;
  /** The worker's folder in the spool. */
  folder: string;
  /** A file of `export` lines. */
  environment: string;
  /** What stands before the command on a machine that has its own surroundings; null: those of `environment` are all. */
  login: LoginSurroundings | null;
  /** Shell text before the command on a node of a cluster, whose surroundings are those of Slurm. Absent: it is none. */
  cluster?: {
    env: string;
    /** A script that sets and defines what a login shell has there, if that could be seen. */
    login: string;
  };
  /** The folder of the Python client library; null: not to be had here. */
  python: string | null;
}

/** A login's own surroundings, on a machine behind ssh. */
export interface LoginSurroundings {
  /** A file of `export` lines: its variables. bash's interactive files (`.bashrc`, and with it conda) are read after it. */
  environment: string;
  /** Shell text of the machine's owner, to run before each command; null: none. */
  before: string | null;
}

/** Over this many bytes the parameters go into a file: one argument or variable of a program may hold 128 KiB on Linux. */
export const LARGEST_PARAMS_BYTES = 100_000;

/**
 * The POSIX script that sets up a run's world, and becomes its command unless `shellText` has that. What a launcher gives it
 * as "$@" stands before the command.
 */
export function runScript(spec: ScriptSpec): string {
  const { folder, slot, login, cluster } = spec;
  const lines = [
    ...(login === null ? [] : loginLines(login, folder)),
    ...(cluster ? clusterLines(spec, cluster) : []),
    `umask ${spec.umask}`,
    ...Object.entries(spec.limits).map(([letter, limit]) => `ulimit -S -${letter} ${limit} 2>/dev/null`),
    `cannot() { echo "$1" > ${shellQuote(`${folder}/could_not_start`)}; echo "runyard: could not start: $1" >&2; exit 127; }`,
    `[ -r ${shellQuote(spec.environment)} ] || cannot 'its environment is gone from the spool'`,
    `. ${shellQuote(spec.environment)}`,
    ...variables(spec).map(([name, value]) => `export ${name}=${shellQuote(value)}`),
    ...(spec.python === null ? [] : [`export PYTHONPATH=${shellQuote(spec.python)}"\${PYTHONPATH:+:$PYTHONPATH}"`]),
    ...(slot.gpus.length === 0 && slot.cpus > 0 ? [`export OMP_NUM_THREADS="\${OMP_NUM_THREADS:-${slot.cpus}}"`] : []),
    ...(login?.before ? [login.before] : []),
    `cd ${shellQuote(spec.cwd)} || cannot ${shellQuote(`the folder ${oneLine(spec.cwd)} cannot be entered`)}`,
    ...(cluster && cluster.env !== "" ? [cluster.env] : []),
    ...(spec.command.kind === "argv" ? argvLines(spec.command.argv) : ["unset -f cannot"]),
    ...(spec.command.kind === "shell" && (login !== null || cluster) ? [`eval ${shellQuote(spec.command.text)}`] : []),
  ];
  return `${lines.join("\n")}\n`;
}

/**
 * What the shell goes on with where its script has set up the world; null: the script goes on itself. A shell that is given
 * its text as an argument becomes the last command in it, so that the launcher sees how that ends.
 */
export function shellText({ command, login }: Pick<ScriptSpec, "command" | "login">): string | null {
  return command.kind === "shell" && login === null ? command.text : null;
}

/**
 * The script goes on within an interactive bash, where there is one: only that reads what `.bashrc` sets and defines. What
 * its files print goes nowhere; a bash that is interactive would ignore SIGTERM.
 */
function loginLines({ environment }: LoginSurroundings, folder: string): string[] {
  const within = `set +H; exec >&8 2>&9 8>&- 9>&-; trap "exit 143" TERM; . "$0"`;
  const script = shellQuote(`${folder}/run.sh`);
  return [
    `if [ -z "\${RUNYARD_WITHIN-}" ]; then`,
    `  . ${shellQuote(environment)}`,
    "  export RUNYARD_WITHIN=1",
    `  command -v bash >/dev/null 2>&1 || exec "$@" /bin/sh ${script}`,
    "  exec 8>&1 9>&2 >/dev/null 2>&1",
    `  exec "$@" bash -i -c ${shellQuote(within)} ${script}`,
    "fi",
    "unset RUNYARD_WITHIN",
  ];
}

/**
 * What is more than a program with its arguments goes on in a bash that leads a session of its own. `trap`: the launcher keeps
 * this signal from itself.
 */
function clusterLines({ folder, command }: ScriptSpec, { env, login }: { env: string; login: string }): string[] {
  const within = [
    `if [ -z "\${RUNYARD_WITHIN-}" ]; then`,
    `  RUNYARD_WITHIN=1 exec "$@" /bin/bash ${shellQuote(`${folder}/run.sh`)}`,
    "fi",
    "unset RUNYARD_WITHIN",
  ];
  return [
    "trap - USR1",
    '[ -z "${login_locale-}" ] || export LC_ALL="$login_locale"',
    ...(command.kind === "argv" && env === "" ? [] : within),
    `[ ! -r ${shellQuote(login)} ] || . ${shellQuote(login)} 2>/dev/null`,
  ];
}

function argvLines(argv: string[]): string[] {
  const name = argv[0] ?? "";
  const word = shellQuote(name);
  const cannot = (why: string) => `cannot ${shellQuote(`${oneLine(name)}: ${why}`)}`;
  return [
    ...(name.includes("/")
      ? [
          `[ -e ${word} ] || ${cannot("no such command")}`,
          `[ -x ${word} ] && [ ! -d ${word} ] || ${cannot("this is no program that may be executed")}`,
        ]
      : isShellWord(name)
        ? [`${isOnPath(name)} || ${cannot("the shell does this, no program; give the command as one text")}`]
        : [`command -v ${word} >/dev/null 2>&1 || ${cannot("no such command")}`]),
    `exec "$@" ${argv.map(shellQuote).join(" ")}`,
  ];
}

/** `command -v` knows what the shell does itself, `exec` does not. */
function isOnPath(name: string): string {
  const file = `"\${folder:-.}/"${shellQuote(name)}`;
  return `( set -f; IFS=:; for folder in $PATH; do [ -f ${file} ] && [ -x ${file} ] && exit 0; done; exit 1 )`;
}

function variables(spec: ScriptSpec): [string, string][] {
  const { folder } = spec;
  const params: [string, string] =
    Buffer.byteLength(spec.params) > LARGEST_PARAMS_BYTES
      ? ["RUNYARD_PARAMS_FILE", `${folder}/params.json`]
      : ["RUNYARD_PARAMS", spec.params];
  return [
    // Scripts go there; sbatch was called elsewhere.
    ...(spec.cluster ? [["SLURM_SUBMIT_DIR", spec.cwd] satisfies [string, string]] : deviceVariables(spec.slot)),
    ["RUNYARD_JOB", `${spec.job}`],
    ["RUNYARD_RUN", `${spec.job}.${spec.n}`],
    ["RUNYARD_ATTEMPT", spec.attempt],
    ["RUNYARD_TRY", `${spec.try}`],
    ...(spec.gang === null ? [] : gangVariables(spec.gang, spec.cluster !== undefined)),
    params,
    ["RUNYARD_EVENTS", `${folder}/events.jsonl`],
    ["RUNYARD_CHECKPOINTS", `${folder}/keep`],
  ];
}

/** Slurm sets these as the site has it. */
function deviceVariables({ devices }: Slot): [string, string][] {
  return [
    ["CUDA_VISIBLE_DEVICES", devices],
    // HIP reads either of these, but takes an empty one as not set; ROCr, the layer below, takes it as none. Both layers
    // count from 0 what the other has let through, so only one of them may name GPUs.
    ["HIP_VISIBLE_DEVICES", devices],
    ...(devices === "" ? [["ROCR_VISIBLE_DEVICES", ""] satisfies [string, string]] : []),
  ];
}

/** Where the others are on a cluster its launcher says, which is there. */
function gangVariables({ rank, hosts, port }: Gang, isOnCluster: boolean): [string, string][] {
  const own: [string, string][] = [
    ["RUNYARD_RANK", `${rank}`],
    ["RUNYARD_WORLD_SIZE", `${hosts.length}`],
  ];
  if (isOnCluster) return own;
  return [...own, ["RUNYARD_HOSTS", hosts.join()], ["RUNYARD_PORT", `${port}`]];
}

function oneLine(text: string): string {
  return text.replaceAll(/[\x00-\x1f\x7f]/g, "?");
}

/** A file of `export` lines: the submitting terminal's variables, and what is set unless the user did. */
export function environmentScript(variables: Record<string, string>): string {
  const all = { PYTHONUNBUFFERED: "1", CUDA_DEVICE_ORDER: "PCI_BUS_ID", ...variables };
  return Object.entries(all)
    .filter(([name]) => /^[A-Za-z_][A-Za-z0-9_]*$/.test(name))
    .map(([name, value]) => `export ${name}=${shellQuote(value)}\n`)
    .join("");
}
