import type { Changed } from "../../api/steering.ts";
import { counted } from "../../core/number_text.ts";
import { parseDurationMs } from "../../core/quantity.ts";
import { ask } from "../ask.ts";
import { connectToLook } from "../connect.ts";
import type { Declaration } from "../declaration.ts";
import { selection } from "../selection_words.ts";
import { INTERRUPTED, wrongUsage } from "../stop.ts";
import { canAsk, note, print, printJson } from "../terminal.ts";

interface CancelOptions {
  grace: string;
  yes?: boolean;
  json?: boolean;
}

export function declareCancel({ command, act }: Declaration): void {
  command
    .argument("<what...>", "jobs or runs: 12, 12.3, 12.1-5, 3,5,7-9, last, all")
    .option("--grace <TIME>", "between SIGTERM and SIGKILL", "10s")
    .option("--yes", "do not ask before cancelling all")
    .option("--json", "print JSON");
  act(command, () => cancel(selection(command.args), command.opts<CancelOptions>()));
}

async function cancel(select: string, options: CancelOptions): Promise<number> {
  const graceMs = graceFrom(options.grace);
  // Without a yard there is nothing to cancel: none is started for it.
  const { client } = await connectToLook();
  if (select === "all" && !options.yes && !options.json && canAsk()) {
    const { queued, running } = await client.call("status");
    const isAny = queued + running > 0;
    const question = `Cancel ${counted(queued, "waiting run")} and ${counted(running, "running one")}?`;
    const answer = isAny ? await ask(question) : "yes";
    if (answer !== "yes") {
      note("Nothing was cancelled.");
      return answer === "interrupted" ? INTERRUPTED : 1;
    }
  }
  const changed = await client.call("cancel", { body: { select, graceMs } });
  if (options.json) printJson(changed);
  else print(cancelText(changed));
  return 0;
}

export function cancelText({ runs, stopping }: Changed): string {
  if (runs === 0 && stopping === 0) return "There was nothing left to cancel.";
  const parts = [];
  if (runs > 0) parts.push(`${counted(runs, "waiting run")} cancelled`);
  if (stopping > 0) parts.push(`${counted(stopping, "running one")} being stopped`);
  return `${parts.join(", ")}.`;
}

export function graceFrom(text: string): number {
  const graceMs = text === "0" || text === "0s" ? 0 : parseDurationMs(text);
  if (graceMs === null || graceMs > 3_600_000)
    throw wrongUsage(`--grace ${text}: it takes a duration up to 1h, e.g. 30s.`);
  return graceMs;
}
