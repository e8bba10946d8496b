import { setTimeout as sleep } from "node:timers/promises";
import type { Browser } from "playwright-core";
import { type Limit, percentile, printLimits, printTitle } from "./figures.ts";
import { aLargeSweep } from "./large_sweep.ts";
import { cpuMs } from "./memory.ts";
import { aVisitor, heapMb, measured, openBrowser, painted, untilPainted } from "./panel_browser.ts";
import { openStage } from "./stage.ts";
import { type BenchYard, startYard } from "./yard.ts";

const RUNS = 100_000;
const STEPS = 1000;
const PANELS = 50;
const WATCHED_MS = 20_000;

/** The panel in Chromium: a job of 100,000 runs, an output that is followed, and fifty who watch. */
export async function panel(): Promise<boolean> {
  const stage = openStage();
  const yard = await startYard(stage, "yard", { slots: 4 });
  await yard.stop();
  console.log(`making ${RUNS} runs`);
  await aLargeSweep({ home: `${stage.folder}/yard/home`, runs: RUNS, steps: STEPS });
  await yard.start();
  const browser = await openBrowser();
  const limits: Limit[] = [];
  for (const look of [atFirst, atLargeJob, atOutput, byMany]) limits.push(...(await look(browser, yard)));
  await browser.close();
  printTitle(`The panel, with a job of ${RUNS} runs`);
  const isKept = printLimits(limits);
  await yard.stop();
  stage.clear();
  return isKept;
}

async function atFirst(browser: Browser, yard: BenchYard): Promise<Limit[]> {
  const limits: Limit[] = [];
  for (const { page: name, path } of [
    { page: "the queue", path: "/" },
    { page: "the job", path: "/jobs/1" },
  ]) {
    const context = await aVisitor(browser, yard);
    const page = await context.newPage();
    await page.goto(await urlOf(yard, path));
    const value = await painted(page, "succeeded|failed");
    const kb = (await measured<number>(page, "scriptBytes()")) / 1000;
    limits.push({ what: `packed scripts of ${name}`, value: kb, atMost: 200, unit: "kB" });
    limits.push({ what: `its first row, nothing cached`, value, atMost: 1000, unit: "ms" });
    await context.close();
  }
  return limits;
}

async function atLargeJob(browser: Browser, yard: BenchYard): Promise<Limit[]> {
  const limits: Limit[] = [];
  const context = await aVisitor(browser, yard);
  const page = await context.newPage();
  await page.goto(await urlOf(yard, "/jobs/1"));
  await painted(page, "1\\.1");
  // Whoever looks at a job for a moment has its columns made meanwhile.
  await yard.get("/api/v1/jobs/1/columns");
  const box = page.getByRole("textbox", { name: "Show runs where" });
  for (const { what, where, pattern } of [
    { what: "a filter by how runs ended", where: "status=failed", pattern: "failed" },
    { what: "by a parameter and a metric", where: "params.opt=lion, metrics.loss<0.5", pattern: "lion" },
    { what: "all of them again", where: "", pattern: "1\\.1(?!\\d)" },
  ]) {
    await box.fill(where);
    const value = await untilPainted(page, pattern, () => box.press("Enter"));
    limits.push({ what, value, atMost: 300, unit: "ms" });
  }
  for (const { name, pattern } of [
    { name: "accuracy", pattern: "0\\.99" },
    { name: "opt", pattern: "sgd|lion|adamw" },
  ]) {
    const header = page.getByRole("columnheader", { name }).getByRole("button");
    const value = await untilPainted(page, pattern, () => header.click());
    limits.push({ what: `sorted by ${name}`, value, atMost: 300, unit: "ms" });
  }
  const { longestMs, rows } = await measured<{ longestMs: number; rows: number }>(page, "scrolled(5000)");
  limits.push({ what: "longest frame while it is scrolled", value: longestMs, atMost: 50, unit: "ms" });
  limits.push({ what: "rows in the page, at most", value: rows, atMost: 300, unit: "rows" });
  limits.push({ what: "the tab's heap", value: await heapMb(page), atMost: 150, unit: "MB" });
  await context.close();
  return limits;
}

/** 200 lines a second, each with the time at which it was printed. */
async function atOutput(browser: Browser, yard: BenchYard): Promise<Limit[]> {
  const prints = "import time\nwhile True:\n  print('at', int(time.time() * 1000), flush=True)\n  time.sleep(0.005)";
  const job = await yard.submit({ work: python(prints) });
  const context = await aVisitor(browser, yard);
  const page = await context.newPage();
  await page.goto(await urlOf(yard, `/jobs/${job.id}/runs/1`));
  await page
    .getByRole("log")
    .getByText(/^at \d+$/)
    .first()
    .waitFor();
  const { lags, longestMs } = await measured<{ lags: number[]; longestMs: number }>(page, "followed(10000)");
  await context.close();
  await yard.client.call("cancel", { body: { select: `${job.id}`, graceMs: 0 } });
  return [
    { what: "of 200 lines a second the latest is this old", value: percentile(lags, 0.5), atMost: 500, unit: "ms" },
    { what: "95th percentile", value: percentile(lags, 0.95), atMost: 1000, unit: "ms" },
    { what: "longest frame meanwhile", value: longestMs, atMost: 50, unit: "ms" },
  ];
}

/** What fifty open panels cost the yard while runs tell of themselves, beside what it does without them. */
async function byMany(browser: Browser, yard: BenchYard): Promise<Limit[]> {
  const tells =
    "import runyard, time\nfor n in range(10**6):\n  runyard.metric(n, loss=1 / (n + 1))\n  time.sleep(0.1)";
  const busy = await yard.submit({ work: { ...python(tells), space: { repeat: 4 } } });
  await sleep(3000);
  const without = await shareOfCore(yard);
  const contexts = [];
  for (let i = 0; i < PANELS; i += 1) {
    const context = await aVisitor(browser, yard);
    contexts.push(context);
    const page = await context.newPage();
    await page.goto(await urlOf(yard, "/"));
    await page.getByRole("row").nth(1).waitFor();
  }
  await sleep(3000);
  const within = await shareOfCore(yard);
  for (const context of contexts) await context.close();
  await yard.client.call("cancel", { body: { select: `${busy.id}`, graceMs: 0 } });
  console.log(`of one core the yard takes ${without.toFixed(1)} %, with ${PANELS} panels ${within.toFixed(1)} %`);
  return [{ what: `${PANELS} open panels, of one core`, value: within - without, atMost: 10, unit: "%" }];
}

async function shareOfCore(yard: BenchYard): Promise<number> {
  const before = cpuMs(yard.pids().yard);
  await sleep(WATCHED_MS);
  return (100 * (cpuMs(yard.pids().yard) - before)) / WATCHED_MS;
}

function python(text: string) {
  return { kind: "command" as const, command: { kind: "argv" as const, argv: ["python3", "-c", text] } };
}

async function urlOf(yard: BenchYard, path: string): Promise<string> {
  return `${(await yard.client.call("status")).url}${path}`;
}
