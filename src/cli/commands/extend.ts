import type { Axis } from "../../core/axis.ts";
import type { Command } from "../../core/command.ts";
import { describeFailure } from "../../core/failure.ts";
import { counted } from "../../core/number_text.ts";
import { parseSetting } from "../../core/setting.ts";
import type { Space } from "../../core/space.ts";
import { extendSpace } from "../../core/space_extension.ts";
import { type CompiledWork, compileWork } from "../../core/work.ts";
import { ask } from "../ask.ts";
import { type Connection, connectToChange, connectToLook } from "../connect.ts";
import type { Declaration } from "../declaration.ts";
import { INTERRUPTED, wrongUsage } from "../stop.ts";
import { printCommands } from "../submit_job.ts";
import { good } from "../sweep_space.ts";
import { oneJob } from "../target.ts";
import { canAsk, note, print, printJson } from "../terminal.ts";

interface ExtendOptions {
  set: string[];
  dryRun?: boolean;
  yes?: boolean;
  json?: boolean;
}

export function declareExtend({ command, act }: Declaration): void {
  command
    .argument("<job>", "a sweep by its number, or last")
    .requiredOption(
      "--set <NAME=VALUES>",
      "more values of a parameter; may be repeated",
      (text, all: string[]) => [...all, text],
      [],
    )
    .option("--dry-run", "print the commands that would be added, one a line, and add nothing")
    .option("--yes", "do not ask before adding more than one run")
    .option("--json", "print JSON");
  act(command, () => extend(command.args, command.opts<ExtendOptions>()));
}

/** Only combinations that the sweep does not have yet are added. */
async function extend(words: readonly string[], options: ExtendOptions): Promise<number> {
  if (options.set.length === 0) throw wrongUsage("--set is missing: say which values to add, e.g. --set seed=6..10");
  const axes = options.set.map((text) => good(parseSetting(text)));
  const connection = options.dryRun ? await connectToLook() : await connectToChange({ quiet: options.json === true });
  const job = await oneJob(connection, words);
  const { before, extended } = await foreseen(connection, job, axes);
  if (options.dryRun) return printCommands(extended, before + 1);
  const more = extended.total - before;
  if (more > 1 && !options.yes && !options.json && canAsk()) {
    const answer = await ask(`Add ${counted(more, "run")} to job ${job}?`);
    if (answer !== "yes") {
      note("Nothing was queued.");
      return answer === "interrupted" ? INTERRUPTED : 1;
    }
  }
  const answer = await connection.client.call("extend", { params: { job }, body: { axes } });
  if (options.json) printJson(answer);
  else if (answer.added === 0) print(`Job ${job} has all these combinations already; nothing was added.`);
  else print(`Job ${job}: ${counted(answer.added, "run")} added, ${answer.job.runs.total} in all.`);
  return 0;
}

/** How many runs the job has, and what it would be with those that are added. */
async function foreseen(
  { client }: Connection,
  id: number,
  axes: readonly Axis[],
): Promise<{ before: number; extended: CompiledWork }> {
  const { job, definition } = await client.call("showJob", { params: { job: id } });
  const { command, spaces } = definition as { command: Command | null; spaces: Space[] };
  if (command === null || !spaces[0]?.axes.length) throw wrongUsage(describeFailure({ code: "not_a_sweep", job: id }));
  const added = good(extendSpace(spaces, axes)).spaces;
  const extended = good(compileWork({ kind: "command", command, spaces: [...spaces, ...added] }));
  return { before: job.runs.total, extended };
}
