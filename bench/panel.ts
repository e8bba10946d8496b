import { setTimeout as sleep } from "node:timers/promises";
import type { Browser, Page } from "playwright-core";
import { type Limit, median, percentile, printLimits, printTitle } from "./figures.ts";
import { openHistory } from "./history.ts";
import { cpuMs } from "./memory.ts";
import { aVisitor, heapMb, measured, openBrowser, painted, untilPainted } from "./panel_browser.ts";
import { openStage } from "./stage.ts";
import { type BenchYard, startYard } from "./yard.ts";

/** A sweep of real runs, as far as a machine runs them in a few minutes; the rest of the history is written. */
const REAL_RUNS = 2000;
const RUNS = 100_000;
const JOBS = 10_000;
const STEPS = 1000;
const VISITS = 5;
const PANELS = 50;
const WATCHED_MS = 20_000;

/** The panel in Chromium: a job of 100,000 runs among 10,000 jobs, an output that is followed, and fifty who watch. */
export async function panel(): Promise<boolean> {
  const stage = openStage();
  const yard = await startYard(stage, "yard", { slots: 4 });
  console.log(`running ${REAL_RUNS} runs`);
  const seeds = { name: "seed", values: { kind: "range" as const, from: "1", to: `${REAL_RUNS}`, step: "1" } };
  const real = await yard.submit({ name: "real runs", work: { ...python(trains), space: { axes: [seeds] } } });
  await yard.ended(real.id);
  await yard.stop();
  console.log(`making a job of ${RUNS} runs, and ${JOBS} jobs in all`);
  const history = await openHistory(`${stage.folder}/yard/home`);
  const large = await history.sweep({ name: "a large sweep", runs: RUNS, steps: STEPS });
  for (let job = large + 1; job <= JOBS; job += 1) await history.sweep({ name: `sweep ${job}`, runs: 4, steps: 0 });
  await history.close();
  await yard.start();
  const browser = await openBrowser();
  const limits: Limit[] = [];
  limits.push(...(await atFirst(browser, yard, "the queue", "/")));
  limits.push(...(await atFirst(browser, yard, "a job of real runs", `/jobs/${real.id}`)));
  limits.push(...(await atFirst(browser, yard, "the large job", `/jobs/${large}`)));
  limits.push(...(await atQueue(browser, yard)));
  limits.push(...(await atLargeJob(browser, yard, large)));
  limits.push(...(await atOutput(browser, yard)));
  limits.push(...(await byMany(browser, yard)));
  await browser.close();
  printTitle(`The panel, with a job of ${RUNS} runs among ${JOBS} jobs`);
  const isKept = printLimits(limits);
  await yard.stop();
  stage.clear();
  return isKept;
}

/** As many metrics as those that are written have, and every tenth fails. */
const trains = `
import os, runyard
n = int(os.environ["RUNYARD_RUN"].split(".")[1])
for step in range(${STEPS}):
  runyard.metric(step, loss=1 / (1 + step / n), val_loss=1.1 / (1 + step / n))
if n % 10 == 0:
  raise ValueError(f"run {n} diverges")
runyard.result(accuracy=1 - 1 / n)
`;

/** Each visit with a browser that has nothing of the panel yet; of the times, the one in the middle. */
async function atFirst(browser: Browser, yard: BenchYard, name: string, path: string): Promise<Limit[]> {
  const times: number[] = [];
  let kb = 0;
  for (let visit = 0; visit < VISITS; visit += 1) {
    const context = await aVisitor(browser, yard);
    const page = await context.newPage();
    await page.goto(await urlOf(yard, path));
    times.push(await painted(page, "succeeded|failed"));
    kb = (await measured<number>(page, "scriptBytes()")) / 1000;
    await context.close();
  }
  console.log(`first rows of ${name}: ${times.map((ms) => ms.toFixed(0)).join(", ")} ms`);
  return [
    { what: `packed scripts of ${name}`, value: kb, atMost: 200, unit: "kB" },
    { what: `its first rows, nothing cached`, value: median(times), atMost: 1000, unit: "ms" },
  ];
}

async function atQueue(browser: Browser, yard: BenchYard): Promise<Limit[]> {
  const context = await aVisitor(browser, yard);
  const page = await context.newPage();
  await page.goto(await urlOf(yard, "/"));
  await painted(page, "succeeded|failed");
  const limits: Limit[] = [];
  const status = page.getByLabel("Status");
  for (const { what, choice, pattern } of [
    { what: "a filter by how jobs ended", choice: "failed", pattern: "failed" },
    { what: "all of them again", choice: "", pattern: `sweep ${JOBS}` },
  ]) {
    const value = await untilPainted(page, pattern, async () => void (await status.selectOption(choice)));
    limits.push({ what, value, atMost: 300, unit: "ms" });
  }
  const box = page.getByLabel("Search in names and commands");
  const value = await untilPainted(page, "sweep 77", () => box.fill("sweep 77"));
  limits.push({ what: "a search, 200 ms after the last letter", value: value - 200, atMost: 300, unit: "ms" });
  await untilPainted(page, `sweep ${JOBS}`, () => box.fill(""));
  for (const { name, pattern } of [
    { name: "Name", pattern: "a large sweep" },
    { name: "ID", pattern: `sweep ${JOBS}` },
  ]) {
    const header = page.getByRole("columnheader", { name }).getByRole("button");
    const value = await untilPainted(page, pattern, () => header.click());
    limits.push({ what: `sorted by ${name}`, value, atMost: 300, unit: "ms" });
  }
  limits.push(...(await whileScrolled(page)));
  await context.close();
  return limits;
}

async function atLargeJob(browser: Browser, yard: BenchYard, job: number): Promise<Limit[]> {
  const limits: Limit[] = [];
  const context = await aVisitor(browser, yard);
  const page = await context.newPage();
  await page.goto(await urlOf(yard, `/jobs/${job}`));
  await painted(page, `${job}\\.1`);
  // Whoever looks at a job for a moment has its columns made meanwhile.
  await yard.get(`/api/v1/jobs/${job}/columns`);
  const box = page.getByRole("textbox", { name: "Show runs where" });
  for (const { what, where, pattern } of [
    { what: "a filter by how runs ended", where: "status=failed", pattern: "failed" },
    { what: "by a parameter and a metric", where: "params.opt=lion, metrics.loss<0.5", pattern: "lion" },
    { what: "all of them again", where: "", pattern: `${job}\\.1(?!\\d)` },
  ]) {
    await box.fill(where);
    const value = await untilPainted(page, pattern, () => box.press("Enter"));
    limits.push({ what, value, atMost: 300, unit: "ms" });
  }
  for (const { name, pattern } of [
    { name: "accuracy", pattern: "0\\.99" },
    { name: "opt", pattern: "sgd" },
  ]) {
    const header = page.getByRole("columnheader", { name }).getByRole("button");
    const value = await untilPainted(page, pattern, () => header.click());
    limits.push({ what: `sorted by ${name}`, value, atMost: 300, unit: "ms" });
  }
  limits.push(...(await whileScrolled(page)));
  await context.close();
  return limits;
}

async function whileScrolled(page: Page): Promise<Limit[]> {
  const { longestMs, rows } = await measured<{ longestMs: number; rows: number }>(page, "scrolled(5000)");
  return [
    { what: "longest frame while it is scrolled", value: longestMs, atMost: 50, unit: "ms" },
    { what: "rows in the page, at most", value: rows, atMost: 300, unit: "rows" },
    { what: "the tab's heap", value: await heapMb(page), atMost: 150, unit: "MB" },
  ];
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
