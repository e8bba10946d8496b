import { writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { printLimits, printTitle, timed } from "./figures.ts";
import { openStage } from "./stage.ts";
import { startYard } from "./yard.ts";

const COMMANDS = 100_000;
const SUBMIT_MS = 5000;
const CANCEL_MS = 3000;
const SERVED_MS = 500;

/** Many distinct commands in one file; cancelling them while others ask for something. */
export async function manyCommands(): Promise<boolean> {
  const stage = openStage();
  const yard = await startYard(stage, "yard");
  const file = `${stage.folder}/commands`;
  writeFileSync(
    file,
    Array.from({ length: COMMANDS }, (_, i) => `python3 train.py --lr 0.1 --seed ${i} --out run-${i}\n`).join(""),
  );
  const submitted = await timed(() => yard.cli(["run", "--yes", "--paused", "--json", "--from", file]));
  const { id } = JSON.parse(submitted.value.stdout).job;

  let slowestMs = 0;
  let isOver = false;
  const asking = (async () => {
    while (!isOver) {
      const { ms } = await timed(() => yard.client.call("status"));
      slowestMs = Math.max(slowestMs, ms);
      await sleep(5);
    }
  })();
  const cancelled = await timed(() => yard.cli(["cancel", "--yes", String(id)]));
  isOver = true;
  await asking;
  const { job } = await yard.client.call("showJob", { params: { job: id } });
  if (job.runs.cancelled !== COMMANDS)
    throw new Error(`${job.runs.cancelled} runs were cancelled: ${cancelled.value.stderr}`);
  await yard.stop();
  stage.clear();

  printTitle(`${COMMANDS} distinct commands`);
  return printLimits([
    { what: "run --from", value: submitted.ms, atMost: SUBMIT_MS, unit: "ms" },
    { what: "cancel", value: cancelled.ms, atMost: CANCEL_MS, unit: "ms" },
    { what: "slowest answer to others meanwhile", value: slowestMs, atMost: SERVED_MS, unit: "ms" },
  ]);
}
