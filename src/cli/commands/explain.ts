import type { Explanation } from "../../api/run.ts";
import { grouped } from "../../core/number_text.ts";
import { printable } from "../../core/printable.ts";
import { connectToLook } from "../connect.ts";
import type { Declaration } from "../declaration.ts";
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
  for (const stretch of stretches(runs)) print(wording(stretch));
  return 0;
}

/** More runs of one job than this that stand alike, one after the other, are told in one line. */
const TOLD_ONE_BY_ONE = 5;

function stretches(runs: readonly Explanation[]): Explanation[][] {
  const alike: Explanation[][] = [];
  for (const run of runs) {
    const stretch = alike.at(-1);
    const before = stretch?.at(-1);
    if (before && follows(run, before)) stretch?.push(run);
    else alike.push([run]);
  }
  return alike.flatMap((stretch) => (stretch.length > TOLD_ONE_BY_ONE ? [stretch] : stretch.map((run) => [run])));
}

function follows(run: Explanation, before: Explanation): boolean {
  const [job, n] = run.id.split(".");
  return (
    before.id === `${job}.${Number(n) - 1}` && run.status === before.status && run.because.text === before.because.text
  );
}

function wording(stretch: readonly Explanation[]): string {
  const [first, last] = [stretch[0], stretch.at(-1)];
  if (!first || !last) return "";
  const id = first === last ? first.id : `${first.id}-${last.id.split(".")[1]}`;
  const others = last.runs > 1 ? colours.dim(` (and ${grouped(last.runs - 1)} more like it)`) : "";
  return `${statusGlyph(first.status, colours)} ${id} ${first.status}: ${printable(first.because.text)}${others}`;
}
