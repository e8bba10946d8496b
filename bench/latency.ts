import { spawnSync } from "node:child_process";
import { constants, openSync } from "node:fs";
import { Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { type Limit, percentile, printLimits, printTitle } from "./figures.ts";
import { openStage } from "./stage.ts";
import { type BenchYard, startYard } from "./yard.ts";

const P50_MS = 15;
const P99_MS = 60;
const WAITING = 100_000;
const WAITING_JOBS = 100;

/** From the moment a POST is sent to the first thing its command does (it writes into a pipe), one at a time. */
export async function latency(samples: number): Promise<boolean> {
  const stage = openStage();
  const yard = await startYard(stage, "yard");
  const pipe = `${stage.folder}/pipe`;
  spawnSync("mkfifo", [pipe]);
  const ear = new Socket({
    fd: openSync(pipe, constants.O_RDWR | constants.O_NONBLOCK),
    readable: true,
    writable: false,
  });

  const idle = await measure(yard, ear, pipe, samples);
  for (let i = 0; i < WAITING_JOBS; i += 1) {
    const command = { kind: "argv" as const, argv: ["true"] };
    await yard.submit({ work: { kind: "command", command, space: { repeat: WAITING / WAITING_JOBS } }, paused: true });
  }
  const crowded = await measure(yard, ear, pipe, samples);

  ear.destroy();
  await yard.stop();
  stage.clear();
  const limits = (name: string, values: number[], times: number): Limit[] => [
    { what: `${name}: p50`, value: percentile(values, 0.5), atMost: P50_MS * times, unit: "ms" },
    { what: `${name}: p99`, value: percentile(values, 0.99), atMost: P99_MS * times, unit: "ms" },
  ];
  printTitle(`From the POST to the command's first instruction, ${samples} times`);
  return printLimits([...limits("idle", idle, 1), ...limits(`${WAITING} runs waiting, paused`, crowded, 2)]);
}

async function measure(yard: BenchYard, ear: Socket, pipe: string, samples: number): Promise<number[]> {
  const taken: number[] = [];
  const warmUp = 20;
  for (let i = 0; i < samples + warmUp; i += 1) {
    const heard = new Promise<number>((resolve) => ear.once("data", () => resolve(performance.now())));
    const sentAt = performance.now();
    const command = { kind: "shell" as const, text: `echo ${i} >${pipe}` };
    const job = await yard.submit({ work: { kind: "command", command } });
    const tookMs = (await heard) - sentAt;
    if (i >= warmUp) taken.push(tookMs);
    await yard.ended(job.id);
    await sleep(20);
  }
  return taken;
}
