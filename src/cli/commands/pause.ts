import { connectToChange } from "../connect.ts";
import type { Declaration } from "../declaration.ts";
import { selection } from "../selection_words.ts";
import { print, printJson } from "../terminal.ts";

export function declarePause(declaration: Declaration): void {
  declare(declaration, "pause");
}

export function declareResume(declaration: Declaration): void {
  declare(declaration, "resume");
}

function declare({ command, act }: Declaration, verb: "pause" | "resume"): void {
  command
    .argument("[what...]", "jobs: 12, 3,5,7-9, last; all (or nothing): the whole queue")
    .option("--json", "print JSON");
  act(command, () => steer(verb, command.args, command.opts<{ json?: boolean }>()));
}

/** What runs already goes on either way. */
async function steer(verb: "pause" | "resume", words: readonly string[], options: { json?: boolean }): Promise<number> {
  const select = words.length === 0 ? "all" : selection(words);
  const { client } = await connectToChange({ quiet: options.json === true });
  const changed = await client.call(verb, { body: { select } });
  if (options.json) printJson(changed);
  else print(wording(verb, select, changed.jobs));
  return 0;
}

function wording(verb: "pause" | "resume", select: string, jobs: readonly number[]): string {
  const done = verb === "pause" ? "paused" : "resumed";
  if (select === "all")
    return `The queue is ${done}.${verb === "pause" ? " What runs goes on; go on with: runyard resume" : ""}`;
  const which = `Job${jobs.length === 1 ? "" : "s"} ${jobs.join(", ")} ${done}.`;
  return verb === "pause" ? `${which} What runs goes on; go on with: runyard resume ${select}` : which;
}
