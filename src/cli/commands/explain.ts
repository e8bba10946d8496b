import { connectToLook } from "../connect.ts";
import type { Declaration } from "../declaration.ts";
import { grouped } from "../number_text.ts";
import { printable } from "../printable.ts";
import { selection } from "../selection_words.ts";
import { statusGlyph } from "../statuses.ts";
import { colours, note, print, printJson } from "../terminal.ts";

export function declareExplain({ command, act }: Declaration): void {
  command
    .argument("[what...]", "jobs or runs: 12, 12.3, last (default: all that are open)")
    .option("--json", "print JSON");
  act(command, () => explain(command.args, command.opts<{ json?: boolean }>()));
}

async function explain(words: readonly string[], { json }: { json?: boolean }): Promise<number> {
  const select = words.length === 0 ? "all" : selection(words);
  const { client } = await connectToLook();
  const { runs } = await client.call("explain", { query: { select } });
  if (json) {
    printJson({ runs });
    return 0;
  }
  if (runs.length === 0) note("No run waits or runs.");
  for (const run of runs) {
    const others = run.runs > 1 ? colours.dim(` (and ${grouped(run.runs - 1)} more like it)`) : "";
    print(`${statusGlyph(run.status, colours)} ${run.id} ${run.status}: ${printable(run.because.text)}${others}`);
  }
  return 0;
}
