import { isMisread, type Misread, misread } from "../core/option_values.ts";

/** A word of a `#SBATCH` line, and the number of that line, from 1. */
export interface SbatchWord {
  text: string;
  line: number;
}

/** An option as a script gives it, under its long name; value null: none. */
export interface GivenSbatchOption {
  name: string;
  value: string | null;
  line: number;
}

// What sbatch 22.05 knows: `sbatch --help`, and what getopt offers for each letter.
const SWITCHES =
  "contiguous help hold ignore-pbs no-requeue overcommit oversubscribe parsable quiet reboot requeue spread-job " +
  "test-only usage use-min-nodes verbose version wait";
// Only behind = : what follows as a word is not theirs.
const OPTIONAL = "exclusive get-user-env nice no-kill propagate";
const VALUED =
  "account acctg-freq array batch bb bbf begin chdir cluster-constraint clusters comment constraint container context " +
  "core-spec cores-per-socket cpu-freq cpus-per-gpu cpus-per-task deadline delay-boot dependency distribution error " +
  "exclude export export-file extra-node-info gid gpu-bind gpu-freq gpus gpus-per-node gpus-per-socket gpus-per-task " +
  "gres gres-flags hint input job-name kill-on-invalid-dep licenses mail-type mail-user mcs-label mem mem-bind " +
  "mem-per-cpu mem-per-gpu mincpus network nodefile nodelist nodes ntasks ntasks-per-core ntasks-per-gpu " +
  "ntasks-per-node ntasks-per-socket ntasks-per-tres open-mode output partition power prefer priority profile qos " +
  "reservation signal sockets-per-node switches tasks-per-node thread-spec threads-per-core time time-min tmp uid " +
  "wait-all-nodes wckey wrap";
const switches = new Set(SWITCHES.split(" "));
const optional = new Set(OPTIONAL.split(" "));
const valued = new Set(VALUED.split(" "));
const names = [...switches, ...optional, ...valued];

const shortNames = new Map(
  (
    "a:array b:begin c:cpus-per-task d:dependency e:error h:help i:input k:no-kill m:distribution n:ntasks o:output " +
    "p:partition q:qos s:oversubscribe t:time v:verbose w:nodelist x:exclude A:account B:extra-node-info C:constraint " +
    "D:chdir F:nodefile G:gpus H:hold J:job-name L:licenses M:clusters N:nodes O:overcommit Q:quiet S:core-spec " +
    "V:version W:wait"
  )
    .split(" ")
    .map((pair): [string, string] => [pair.slice(0, 1), pair.slice(2)]),
);

/** The words of what stands behind `#SBATCH`, as sbatch reads them: quotes, `\` before any character, `#` ends the line. */
export function sbatchWords(text: string): string[] | Misread {
  const words: string[] = [];
  let word: string | null = null;
  let quote: string | null = null;
  for (let i = 0; i < text.length; i += 1) {
    const char = text.charAt(i);
    if (quote === null && /\s/.test(char)) {
      if (word !== null) words.push(word);
      word = null;
    } else if (quote === null && char === "#") break;
    else if (char === quote) quote = null;
    else if (quote === null && (char === '"' || char === "'")) {
      quote = char;
      word ??= "";
    } else if (char !== "\\") word = (word ?? "") + char;
    else if (quote !== null || /\S/.test(text.charAt(i + 1))) {
      i += 1;
      word = (word ?? "") + text.charAt(i);
    }
  }
  if (quote !== null) return misread(`A ${quote} has no second one.`);
  return word === null ? words : [...words, word];
}

/** Every option in the order given. Those that sbatch 22.05 does not know pass as they stand. */
export function readSbatchOptions(
  words: readonly SbatchWord[],
  refuse: (line: number, message: string) => Error,
): GivenSbatchOption[] {
  const rest = [...words];
  const given: GivenSbatchOption[] = [];
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    const { text, line } = word;
    const long = /^--([^=]+)(?:=(.*))?$/.exec(text);
    if (long) give(wholeName(long[1] ?? ""), long[2] ?? null, line);
    else if (/^-[^-]/.test(text)) giveShort(text.slice(1), line);
    else if (/^(het|pack)job$/.test(text))
      throw refuse(line, "Jobs of several parts (hetjob) are not supported. Submit a script for each part.");
    else throw refuse(line, `${JSON.stringify(text)} is no option of sbatch. Options begin with - or --.`);
  }
  return given;

  function give(name: string, attached: string | null, line: number): void {
    const value = valueFor(name, attached, rest);
    if (isMisread(value)) throw refuse(line, value.misread);
    given.push({ name, value, line });
  }

  /** `-p gpu`, `-pgpu`, `-HQn2`. */
  function giveShort(letters: string, line: number): void {
    const name = shortNames.get(letters.charAt(0));
    if (name === undefined) throw refuse(line, `sbatch has no option -${letters.charAt(0)}.`);
    const more = letters.slice(1);
    give(name, more === "" || switches.has(name) ? null : more, line);
    if (more !== "" && switches.has(name)) giveShort(more, line);
  }
}

function valueFor(name: string, attached: string | null, rest: SbatchWord[]): string | null | Misread {
  if (switches.has(name)) return attached === null ? null : misread(`--${name} takes no value.`);
  if (attached !== null || optional.has(name)) return attached;
  if (valued.has(name)) return rest.shift()?.text ?? misread(`--${name} needs a value.`);
  return rest[0] === undefined || rest[0].text.startsWith("-") ? null : (rest.shift()?.text ?? null);
}

/** `--part` is `--partition`, where only one begins so. */
function wholeName(written: string): string {
  if (names.includes(written)) return written;
  const [name, ...others] = names.filter((one) => one.startsWith(written));
  return name !== undefined && others.length === 0 ? name : written;
}
