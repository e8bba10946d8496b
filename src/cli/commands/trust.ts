import { homedir } from "node:os";
import { basename, resolve } from "node:path";
import { describeLogin } from "../../core/login.ts";
import { printable, printableLines } from "../../core/printable.ts";
import { ask } from "../ask.ts";
import type { Declaration } from "../declaration.ts";
import { parsePoolsFile } from "../pools/pools_file.ts";
import type { SlurmPool } from "../pools/slurm_pool.ts";
import { isTrusted, trustFile } from "../pools/trusted_files.ts";
import { INTERRUPTED, wrongUsage } from "../stop.ts";
import { canAsk, colours, note, print } from "../terminal.ts";
import { isUnreadable, readTextFile } from "../text_file.ts";

export function declareTrust({ command, act }: Declaration): void {
  command
    .argument("[folder]", "with the runyard.yaml (default: the current one)")
    .option("--yes", "do not ask")
    .addHelpText("after", "\nUntil the file is changed, --on may name the pools that it defines.");
  act(command, () => trust(command.args[0] ?? ".", command.opts<{ yes?: boolean }>().yes === true));
}

async function trust(folder: string, isAgreed: boolean): Promise<number> {
  const path = resolve(folder, "runyard.yaml");
  const text = await readTextFile(path);
  if (isUnreadable(text)) throw wrongUsage(`${path}: ${text.unreadable}.`);
  const { slurm: pools } = parsePoolsFile(path, text, "defaults", homedir());
  if (pools.length === 0) {
    print(`${printable(path)} defines no pools; there is nothing to trust.`);
    return 0;
  }
  for (const pool of pools) show(pool);
  if (isTrusted(path, text)) {
    print(`${printable(path)} is trusted already as it stands.`);
    return 0;
  }
  if (!isAgreed) {
    if (!canAsk()) throw wrongUsage(`${path} is not trusted yet. Look at its pools, then agree with --yes.`);
    const answer = await ask(`Trust ${basename(path)} with these pools?`);
    if (answer !== "yes") {
      note("It is not trusted.");
      return answer === "interrupted" ? INTERRUPTED : 1;
    }
  }
  await trustFile(path, text);
  print(`${printable(path)} is trusted until it is changed.`);
  return 0;
}

function show({ name, login, conf, spool, env, resources }: SlurmPool): void {
  print(colours.bold(name));
  say("login", login ? describeLogin(login) : "this machine");
  if (login?.key) say("identity", login.key);
  if (conf !== null) say("conf", conf);
  if (spool !== null) say("spool", spool);
  if (env !== "") say("env", env);
  for (const [option, value] of resources) say("#SBATCH", `--${option}${value === null ? "" : `=${value}`}`);
}

function say(what: string, text: string): void {
  print(`  ${what.padEnd(9)} ${printableLines(text).replaceAll("\n", `\n${" ".repeat(12)}`)}`);
}
