import { fileURLToPath } from "node:url";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";
import type { BenchYard } from "./yard.ts";

const measures = fileURLToPath(new URL("panel_page.js", import.meta.url));

/** Debian's own. Root has no sandbox in it; what it opens here is the yard's. */
export function openBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox"] });
}

/** A browser that the yard lets in and that has nothing of the panel yet. */
export async function aVisitor(browser: Browser, yard: BenchYard): Promise<BrowserContext> {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  await context.addInitScript({ path: measures });
  const { url } = await yard.client.call("status");
  const { code } = await yard.client.call("createLogin", { body: {} });
  await context.request.post(`${url}/api/v1/session`, { data: { code }, headers: { origin: url } });
  return context;
}

/** Asks what measures in the page: see panel_page.js. */
export function measured<Answer>(page: Page, what: string): Promise<Answer> {
  return page.evaluate<Answer>(`measured.${what}`);
}

/** Until the first row of the table is like the pattern, painted, by the page's own clock: in ms since it was asked for. */
export function painted(page: Page, pattern: string): Promise<number> {
  return measured<number>(page, `painted(${JSON.stringify(pattern)})`);
}

/** From an act to the paint of another first row, which it brings about, in ms. */
export async function untilPainted(page: Page, pattern: string, act: () => Promise<void>): Promise<number> {
  const [at, row] = await page.evaluate<[number, string]>("[performance.now(), measured.firstRow()]");
  await act();
  return (await measured<number>(page, `painted(${JSON.stringify(pattern)}, ${JSON.stringify(row)})`)) - at;
}

/** What a tab's scripts hold once the garbage is gone, in MB. */
export async function heapMb(page: Page): Promise<number> {
  const devtools = await page.context().newCDPSession(page);
  await devtools.send("HeapProfiler.collectGarbage");
  await devtools.send("Performance.enable");
  const { metrics } = await devtools.send("Performance.getMetrics");
  return (metrics.find(({ name }) => name === "JSHeapUsedSize")?.value ?? Number.NaN) / 1024 ** 2;
}
