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
  cwd: string;
  umask: string;
  limits: Record<string, string>;
  /** The worker's folder in the spool. */
  folder: string;
  /** A file of `export` lines. */
  environment: string;
  /** The folder of the Python client library; null: not to be had here. */
  python: string | null;
}

/** Over this many bytes the parameters go into a file: one argument or variable of a program may hold 128 KiB on Linux. */
export const LARGEST_PARAMS_BYTES = 100_000;

/** The POSIX script that sets up a run's world and becomes its command. */
export function runScript(spec: ScriptSpec): string {
  const { folder, slot } = spec;
  const lines = [
    `umask ${spec.umask}`,
    ...Object.entries(spec.limits).map(([letter, limit]) => `ulimit -S -${letter} ${limit} 2>/dev/null`),
    `cannot() { echo "$1" > ${shellQuote(`${folder}/could_not_start`)}; echo "runyard: could not start: $1" >&2; exit 127; }`,
    `[ -r ${shellQuote(spec.environment)} ] || cannot 'its environment is gone from the spool'`,
    `. ${shellQuote(spec.environment)}`,
    ...variables(spec).map(([name, value]) => `export ${name}=${shellQuote(value)}`),
    ...(spec.python === null ? [] : [`export PYTHONPATH=${shellQuote(spec.python)}"\${PYTHONPATH:+:$PYTHONPATH}"`]),
    ...(slot.gpus.length === 0 && slot.cpus > 0 ? [`export OMP_NUM_THREADS="\${OMP_NUM_THREADS:-${slot.cpus}}"`] : []),
    `cd ${shellQuote(spec.cwd)} || cannot ${shellQuote(`the folder ${oneLine(spec.cwd)} cannot be entered`)}`,
    ...(spec.command.kind === "argv"
      ? argvLines(spec.command.argv)
      : [`exec /bin/sh -c ${shellQuote(spec.command.text)}`]),
  ];
  return `${lines.join("\n")}\n`;
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
    `exec ${argv.map(shellQuote).join(" ")}`,
  ];
}

/** `command -v` knows what the shell does itself, `exec` does not. */
function isOnPath(name: string): string {
  const file = `"\${folder:-.}/"${shellQuote(name)}`;
  return `( set -f; IFS=:; for folder in $PATH; do [ -f ${file} ] && [ -x ${file} ] && exit 0; done; exit 1 )`;
}

function variables(spec: ScriptSpec): [string, string][] {
  const { folder, slot } = spec;
  const params: [string, string] =
    Buffer.byteLength(spec.params) > LARGEST_PARAMS_BYTES
      ? ["RUNYARD_PARAMS_FILE", `${folder}/params.json`]
      : ["RUNYARD_PARAMS", spec.params];
  return [
    ["CUDA_VISIBLE_DEVICES", slot.devices],
    // HIP reads either of these, but takes an empty one as not set; ROCr, the layer below, takes it as none. Both layers
    // count from 0 what the other has let through, so only one of them may name GPUs.
    ["HIP_VISIBLE_DEVICES", slot.devices],
    ...(slot.devices === "" ? [["ROCR_VISIBLE_DEVICES", ""] satisfies [string, string]] : []),
    ["RUNYARD_JOB", `${spec.job}`],
    ["RUNYARD_RUN", `${spec.job}.${spec.n}`],
    ["RUNYARD_ATTEMPT", spec.attempt],
    ["RUNYARD_TRY", `${spec.try}`],
    params,
    ["RUNYARD_EVENTS", `${folder}/events.jsonl`],
    ["RUNYARD_CHECKPOINTS", `${folder}/keep`],
  ];
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
