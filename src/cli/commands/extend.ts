import { parseSetting } from "../../core/setting.ts";
import { ask } from "../ask.ts";
import { connectToChange } from "../connect.ts";
import type { Declaration } from "../declaration.ts";
import { counted } from "../number_text.ts";
import { INTERRUPTED, wrongUsage } from "../stop.ts";
import { good } from "../sweep_space.ts";
import { oneJob } from "../target.ts";
import { canAsk, note, print, printJson } from "../terminal.ts";

interface ExtendOptions {
  set: string[];
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
    .option("--yes", "do not ask")
    .option("--json", "print JSON");
  act(command, () => extend(command.args, command.opts<ExtendOptions>()));
}

/** Only combinations that the sweep does not have yet are added. */
async function extend(words: readonly string[], options: ExtendOptions): Promise<number> {
  if (options.set.length === 0) throw wrongUsage("--set is missing: say which values to add, e.g. --set seed=6..10");
  const axes = options.set.map((text) => good(parseSetting(text)));
  const connection = await connectToChange({ quiet: options.json === true });
  const job = await oneJob(connection, words);
  if (!options.yes && !options.json && canAsk()) {
    const answer = await ask(`Add the new combinations to job ${job}?`);
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
