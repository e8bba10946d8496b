import { readFileSync } from "node:fs";
import { median, printLimits, printTable, printTitle } from "./figures.ts";
import { openLab } from "./lab.ts";

const LINES = 10;
const SLOTS = 8;
const AT_MOST_S = 1.5;

/** From Enter to the first instruction of the first line on a host, for small batches; the yard is up and knows the machines. */
export async function sshFirst(samples: number): Promise<boolean> {
  const lab = await openLab(["lab1", "lab2", "lab3"], SLOTS);
  if (lab === null) return true;
  const ways = { "--machines": lab.byFiles, "--on": ["--on", lab.pool] };
  const seconds = new Map(Object.keys(ways).map((way): [string, number[]] => [way, []]));
  for (let sample = 0; sample < samples; sample += 1) {
    for (const [way, machines] of Object.entries(ways)) {
      // Something has changed since the batch before, as it does: code goes along each time.
      const edited = `${way} ${sample}\n`;
      const lines = "echo $EPOCHREALTIME\n".repeat(LINES);
      const folder = lab.folder(`${way}-${sample}`, { lines, edited });
      const enterAt = Date.now() / 1000;
      await lab.batch(folder, "lines", machines);
      const startedAt = Array.from({ length: LINES }, (_, i) => readTime(`${folder}/job_results/lines.${i + 1}.out`));
      seconds.get(way)?.push(Math.min(...startedAt) - enterAt);
    }
  }
  await lab.close();
  printTitle(`From Enter to the first of ${LINES} lines having started on its host, ${samples} times`);
  const each = (values: number[]) => values.map((value) => value.toFixed(2)).join(" ");
  printTable(
    ["runyard batch", "seconds"],
    [...seconds].map(([way, values]) => [way, each(values)]),
  );
  return printLimits(
    [...seconds].flatMap(([way, values]) => [
      { what: `${way}: median`, value: median(values), atMost: AT_MOST_S, unit: "s" as const },
      { what: `${way}: worst`, value: Math.max(...values), atMost: AT_MOST_S, unit: "s" as const },
    ]),
  );
}

/** In seconds. The hosts have this machine's clock. */
function readTime(file: string): number {
  const text = readFileSync(file, "utf8");
  if (!/^\d+\.\d{6}\n$/.test(text)) throw new Error(`${file} is no time: ${JSON.stringify(text)}`);
  return Number(text);
}
