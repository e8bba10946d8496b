import { spawnSync } from "node:child_process";
import { median, printLimits, printTable, printTitle } from "./figures.ts";
import { openStage } from "./stage.ts";
import { startYard } from "./yard.ts";

const AT_MOST_MS = 200;

/** How long the command line takes, start to end, beside Node itself. */
export async function startUp(samples: number): Promise<boolean> {
  const stage = openStage();
  const yard = await startYard(stage, "yard");
  const commands: [string, () => Promise<unknown> | unknown][] = [
    ["node -e 0", () => spawnSync(process.execPath, ["-e", "0"])],
    ["runyard --version", () => yard.cli(["--version"])],
    ["runyard ls", () => yard.cli(["ls"])],
    ["runyard run -- true", () => yard.cli(["run", "--", "true"])],
    ["runyard run --wait -- true", () => yard.cli(["run", "--wait", "--", "true"])],
  ];
  const times = new Map<string, number[]>(commands.map(([name]) => [name, []]));
  for (let i = 0; i < samples; i += 1) {
    for (const [name, run] of commands) {
      const startedAt = performance.now();
      await run();
      times.get(name)?.push(performance.now() - startedAt);
    }
  }
  await yard.stop();
  stage.clear();
  printTitle(`The command line from its start to its end, ${samples} times`);
  const medians = [...times].map(([name, list]): [string, number] => [name, median(list)]);
  printTable(
    ["", "median ms", "fastest ms"],
    medians.map(([name, ms]) => [name, ms.toFixed(0), Math.min(...(times.get(name) ?? [])).toFixed(0)]),
  );
  return printLimits(
    medians.slice(1, 3).map(([what, value]) => ({ what, value, atMost: AT_MOST_MS, unit: "ms" as const })),
  );
}
