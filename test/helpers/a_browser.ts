import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";
import { afterAll, expect, onTestFinished } from "vitest";
import type { TestYard } from "./a_yard.ts";

const CHROMIUM = "/usr/bin/chromium";
/** Where pictures of pages are put, to be looked at. */
const PICTURES = fileURLToPath(new URL("../../artifacts/panel/", import.meta.url));

/** Why no browser can be opened here, for `test.skip`; null: one can. */
export const noBrowser = existsSync(CHROMIUM) ? null : "there is no /usr/bin/chromium (Debian package chromium)";

let browser: Promise<Browser> | null = null;
afterAll(async () => (await browser)?.close());

function theBrowser(): Promise<Browser> {
  // Root has no sandbox in Chromium; everything that it opens here is ours.
  browser ??= chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox"] });
  return browser;
}

export interface PanelWishes {
  /** Default: 1280 by 800. */
  size?: { width: number; height: number };
  theme?: "light" | "dark";
  /** A path in the panel. Default: the queue. */
  at?: string;
  /** Whose browser it is. Default: the administrator's. */
  token?: string;
}

/** The panel of a yard in a browser of its own. */
export interface TestPanel {
  page: Page;
  context: BrowserContext;
  /** Another tab of the same browser. */
  tab(at: string): Promise<Page>;
  /** What scripts, the browser and its policies complained of: a test that expects some takes it out. */
  complaints: string[];
}

/**
 * Opens the panel as a user does, by a link that works once. When the test is over, nothing may have been asked of any other
 * host, and neither a script nor the policy of the pages may have complained.
 */
export async function aPanel(yard: TestYard, wishes: PanelWishes = {}): Promise<TestPanel> {
  const { size = { width: 1280, height: 800 }, theme = "light", at = "/", token } = wishes;
  const context = await (await theBrowser()).newContext({
    viewport: size,
    colorScheme: theme,
    reducedMotion: "reduce",
  });
  const complaints: string[] = [];
  context.on("request", (request) => {
    const { protocol, host } = new URL(request.url());
    if (protocol.startsWith("http") && host !== new URL(yard.url()).host) complaints.push(`asked ${request.url()}`);
  });
  context.on("console", (message) => {
    // Chromium logs every answer that is an error; what comes of those is what tests look at.
    if (message.type() === "error" && !message.text().startsWith("Failed to load resource"))
      complaints.push(message.text());
  });
  context.on("weberror", (error) => complaints.push(String(error.error())));
  onTestFinished(async () => {
    await context.close();
    expect(complaints).toEqual([]);
  });
  const page = await context.newPage();
  await page.goto(await loginLink(yard, at, token));
  // It is in: what comes next may leave the page, and with it a link that is on its way.
  await page.locator('nav[aria-label="Pages"]').waitFor();
  return {
    page,
    context,
    complaints,
    async tab(path) {
      const tab = await context.newPage();
      await tab.goto(`${yard.url()}${path}`);
      return tab;
    },
  };
}

/** As `runyard open` prints it. */
export async function loginLink(yard: TestYard, at = "/", token?: string): Promise<string> {
  const client = token === undefined ? yard.client : yard.clientWith(token);
  const { code } = await client.call("createLogin", { body: {} });
  return `${yard.url()}${at}#login=${code}`;
}

/** Keeps a picture of a page, as `<name>.png`. */
export async function picture(page: Page, name: string): Promise<void> {
  mkdirSync(PICTURES, { recursive: true });
  await page.screenshot({ path: join(PICTURES, `${name}.png`) });
}

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

interface AxeResult {
  violations: { id: string; help: string; nodes: { target: string[]; failureSummary?: string }[] }[];
}

/** What stands in the way of people with disabilities, by the rules of WCAG 2.2 AA that a program can check. */
export async function obstacles(page: Page): Promise<string[]> {
  // What has just been drawn gets its names and places in the order of tabs a moment later.
  await page.evaluate("new Promise((settled) => requestAnimationFrame(() => requestAnimationFrame(settled)))");
  await page.evaluate(axe);
  const { violations } = await page.evaluate<AxeResult>(
    `axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] })`,
  );
  return violations.flatMap(({ id, help, nodes }) =>
    nodes.map(({ target, failureSummary = "" }) => `${id}: ${help}: ${target.join(" ")}: ${failureSummary}`),
  );
}
