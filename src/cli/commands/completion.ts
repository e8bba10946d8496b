import { Command } from "commander";
import type { Declaration } from "../declaration.ts";
import { wrongUsage } from "../stop.ts";
import { print } from "../terminal.ts";

export function declareCompletion(declaration: Declaration): void {
  const { command, act } = declaration;
  command.argument("<shell>", "bash or zsh").addHelpText(
    "after",
    `
Examples:
  runyard completion bash > ~/.local/share/bash-completion/completions/runyard
  eval "$(runyard completion zsh)"`,
  );
  act(command, async () => {
    const [shell = ""] = command.args;
    if (shell !== "bash" && shell !== "zsh")
      throw wrongUsage(`"${shell}" is not known here; there are completions for bash and zsh.`);
    print(script(shell, await optionsByVerb(declaration)));
    return 0;
  });
}

async function optionsByVerb({ doors, verbs }: Declaration): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (const [name, verb] of Object.entries(verbs)) {
    if (verb.group === null) continue;
    const command = new Command(name);
    const declare = await verb.load();
    declare({ command, exact: null, doors, verbs, act: () => {} });
    const words = [...command.commands.map((sub) => sub.name()), ...command.options.flatMap(({ long }) => long ?? [])];
    found.set(name, words.join(" "));
  }
  return found;
}

/** After `--` the command's own words are completed as files. */
function script(shell: "bash" | "zsh", options: Map<string, string>): string {
  const cases = [...options].map(([verb, words]) => `    ${verb}) words="${words} --help" ;;`).join("\n");
  const bash = `_runyard() {
  local words="" current="\${COMP_WORDS[COMP_CWORD]}" i
  for ((i = 1; i < COMP_CWORD; i++)); do [ "\${COMP_WORDS[i]}" = -- ] && { COMPREPLY=($(compgen -f -- "$current")); return; }; done
  case "\${COMP_WORDS[1]}" in
${cases}
  esac
  [ "$COMP_CWORD" -eq 1 ] && words="${[...options.keys()].join(" ")} help"
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _runyard runyard`;
  return shell === "bash" ? bash : `autoload -U +X bashcompinit && bashcompinit\n${bash}`;
}
