import type { Command } from "../../core/command.ts";
import { isShellWord } from "../../core/command_line.ts";
import { escapeInSingleQuotes, shellQuote } from "../../core/shell_quote.ts";
import type { Work } from "../../core/work.ts";
import { wrongUsage } from "../stop.ts";

/**
 * The same work with shell text before each command, in the same shell. Parameters still stand where `{name}` stood, or
 * behind the command. Refuses an `env` in which a parameter would be put too.
 */
export function workAfterEnv(env: string, work: Work): Work {
  if (env === "") return work;
  if (work.kind === "lines")
    return { kind: "lines", lines: work.lines.map(([line, text]) => [line, `${env}\n${text}`]) };
  const names = work.spaces.flatMap(({ axes }) => axes.map(({ name }) => name));
  const hit = names.find((name) => env.includes(`{${name}}`));
  if (hit !== undefined) {
    throw wrongUsage(
      `{${hit}} stands in what runs before the command, and is a parameter as well. Give one of them another name.`,
    );
  }
  return { ...work, command: { kind: "shell", text: `${env}\n${shellText(work.command)}` } };
}

/** What a shell does as the program would: in quotes, a `{name}` gets its value as it is. */
function shellText(command: Command): string {
  if (command.kind === "shell") return command.text;
  const [program = "", ...args] = command.argv;
  const first = program.includes("=") ? `'${escapeInSingleQuotes(program)}'` : shellQuote(program);
  // A shell's own echo may resolve \n, the program does not.
  const isShells = isShellWord(program) || program === "echo";
  return [...(isShells ? ["env"] : []), first, ...args.map(shellQuote)].join(" ");
}
