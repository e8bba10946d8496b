import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { aPanel, noBrowser, obstacles, picture } from "../helpers/a_browser.ts";
import { aYard, type TestYard } from "../helpers/a_yard.ts";
import { until } from "../helpers/until.ts";

const withBrowser = test.skipIf(noBrowser);

/** Two slots, a job that runs, one that waits, one that went well and one that did not. */
async function aBusyYard(): Promise<TestYard> {
  const yard = await aYard({ slots: ["", ""] });
  await yard.submit("true", { name: "went well", tags: ["digits"] });
  await yard.submit("exit 3", { name: "went wrong" });
  await yard.ends(1);
  await yard.ends(2);
  await yard.submit("sleep 600", { name: "runs" });
  await yard.reaches(3, "running");
  await yard.submit("sleep 600", { name: "waits", paused: true, priority: 20 });
  return yard;
}

function rowOf(page: Page, name: string) {
  return page.getByRole("row", { name: new RegExp(name) });
}

/** The names of the jobs, from above. */
async function names(page: Page): Promise<string[]> {
  const links = page.getByRole("grid", { name: "Jobs" }).getByRole("link");
  return (await links.allInnerTexts()).map((text) => text.trim());
}

async function areShown(page: Page, ...expected: string[]): Promise<void> {
  await expect.poll(() => names(page), { timeout: 15_000 }).toEqual(expected);
}

/** How a job stands on the page: the row's text. */
async function reads(page: Page, name: string, pattern: RegExp): Promise<void> {
  await until(async () => pattern.test(await rowOf(page, name).innerText()), `the row of "${name}" reads ${pattern}`);
}

withBrowser("the queue shows every job, how it stands, and what changes while one looks", async () => {
  const yard = await aBusyYard();
  const { page } = await aPanel(yard);
  await areShown(page, "waits", "runs", "went wrong", "went well");
  await reads(page, "waits", /paused/);
  await reads(page, "runs", /running/);
  await reads(page, "went wrong", /failed/);
  await reads(page, "went well", /succeeded[\s\S]*digits/);
  await yard.submit("true", { name: "came later" });
  await reads(page, "came later", /succeeded/);
  await yard.client.call("cancel", { body: { select: "3", graceMs: 0 } });
  await reads(page, "runs", /cancelled/);
});

withBrowser(
  "jobs are found by what they are called, how they stand and whose they are, and the address says so",
  async () => {
    const yard = await aBusyYard();
    const panel = await aPanel(yard);
    const { page } = panel;
    await areShown(page, "waits", "runs", "went wrong", "went well");
    await page.keyboard.press("/");
    await page.keyboard.type("went");
    await areShown(page, "went wrong", "went well");
    await page.getByRole("combobox", { name: "Status" }).selectOption("failed");
    await areShown(page, "went wrong");
    expect(new URL(page.url()).searchParams.get("status")).toBe("failed");
    const other = await panel.tab(new URL(page.url()).pathname + new URL(page.url()).search);
    await areShown(other, "went wrong");
    await page.getByRole("searchbox").fill("no such thing");
    await page.getByRole("button", { name: "Show all jobs" }).click();
    await areShown(page, "waits", "runs", "went wrong", "went well");
    await page.getByRole("columnheader", { name: "Name" }).getByRole("button").click();
    await areShown(page, "runs", "waits", "went well", "went wrong");
  },
);

withBrowser("by keyboard alone jobs are reached, selected, steered and opened", async () => {
  const yard = await aBusyYard();
  const { page } = await aPanel(yard);
  await areShown(page, "waits", "runs", "went wrong", "went well");
  for (const key of ["j", "j", "x", "j", "x"]) await page.keyboard.press(key);
  const bar = page.getByRole("region", { name: "Selected jobs" });
  await bar.getByText("2 jobs selected").waitFor();
  await bar.getByRole("button", { name: "Retry failed" }).focus();
  await page.keyboard.press("Enter");
  await page.getByText("1 failed run queued again.").waitFor();
  await until(async () => (await yard.attempts(2)).length === 2, "the failed run was tried again");
  await yard.ends(2);

  await page.getByRole("button", { name: "Select none" }).focus();
  await page.keyboard.press("Enter");
  for (const key of ["k", "x"]) await page.keyboard.press(key);
  await bar.getByRole("button", { name: "Cancel …" }).focus();
  await page.keyboard.press("Enter");
  const question = page.getByRole("alertdialog", { name: "Cancel 1 job?" });
  await question.waitFor();
  await page.keyboard.press("Escape");
  await question.waitFor({ state: "hidden" });
  expect((await yard.run(2)).status).toBe("failed");

  await page.keyboard.press("Home");
  await page.keyboard.press("j");
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/jobs\/3$/);
  await page.keyboard.press("?");
  await page.getByRole("dialog", { name: "Keyboard shortcuts" }).waitFor();
});

withBrowser("what would be lost is said before a job is cancelled", async () => {
  const yard = await aBusyYard();
  const { page } = await aPanel(yard);
  await rowOf(page, "runs").getByRole("checkbox").check();
  await page.getByRole("button", { name: "Cancel …" }).click();
  const question = page.getByRole("alertdialog");
  expect(await question.innerText()).toMatch(/1 run will be told to stop, and what it has not saved is lost/);
  expect(await obstacles(page)).toEqual([]);
  await picture(page, "queue_cancel");
  await question.getByRole("button", { name: "Cancel 1 job" }).click();
  await page.getByText("1 run told to stop.").waitFor();
  await yard.reaches(3, "cancelled");
  await reads(page, "runs", /cancelled/);
});

withBrowser("a priority is changed where it stands, for many at once, and by dragging a job to its place", async () => {
  const yard = await aYard({ slots: [] });
  for (const name of ["first", "second", "third"]) await yard.submit("true", { name, paused: true });
  const { page } = await aPanel(yard, { at: "/?sort=-priority" });
  await areShown(page, "first", "second", "third");
  const field = page.getByRole("textbox", { name: "Priority of job 3" });
  await field.fill("40");
  await field.press("Enter");
  await areShown(page, "third", "first", "second");
  await field.fill("1001");
  await field.press("Enter");
  await page.getByText(/"1001" is no priority/).waitFor();
  await field.fill("7");
  await field.press("Escape");
  expect((await yard.job(3)).priority).toBe(40);

  await rowOf(page, "second").dragTo(rowOf(page, "third"), { targetPosition: { x: 300, y: 4 } });
  await areShown(page, "second", "third", "first");
  expect((await yard.job(2)).priority).toBe(40);

  await rowOf(page, "first").getByRole("checkbox").check();
  await rowOf(page, "third").getByRole("checkbox").check();
  await page.getByRole("button", { name: "Priority …" }).click();
  await page.getByRole("textbox", { name: "Priority", exact: true }).fill("60");
  await page.getByRole("button", { name: "Set", exact: true }).click();
  await page.getByText("2 jobs changed.").waitFor();
  await areShown(page, "first", "third", "second");
  await page.getByRole("button", { name: "Tag …" }).click();
  await page.getByRole("textbox", { name: "Tag", exact: true }).fill("tonight");
  await page.getByRole("button", { name: "Set", exact: true }).click();
  await until(async () => (await yard.job(3)).tags.includes("tonight"), "they are tagged");
  expect((await yard.job(2)).tags).toEqual([]);
});

withBrowser("a queue that is paused says so, and is resumed from there", async () => {
  const yard = await aYard({ slots: [""] });
  await yard.client.call("pause", { body: { select: "all" } });
  const { page } = await aPanel(yard);
  await page.getByText("The queue is empty").waitFor();
  await page.getByText(/Paused: local/).waitFor();
  expect(await obstacles(page)).toEqual([]);
  await page.getByRole("button", { name: "Resume the queue" }).click();
  await page.getByText(/Paused: local/).waitFor({ state: "hidden" });
  expect((await yard.client.call("status")).paused).toEqual([]);
});

withBrowser(
  "while the yard is gone the page says since when it is stale, and goes on by itself when it is back",
  async () => {
    const yard = await aBusyYard();
    const panel = await aPanel(yard);
    const other = await panel.tab("/");
    await areShown(panel.page, "waits", "runs", "went wrong", "went well");
    await areShown(other, "waits", "runs", "went wrong", "went well");
    await yard.killYard();
    for (const page of [panel.page, other]) await page.getByText(/Not live: the yard has not answered since/).waitFor();
    expect(await obstacles(panel.page)).toEqual([]);
    await picture(panel.page, "queue_stale");
    await yard.start();
    await yard.submit("true", { name: "after the break" });
    for (const page of [panel.page, other]) {
      await page.getByText(/Not live/).waitFor({ state: "hidden" });
      await reads(page, "after the break", /succeeded/);
    }
  },
);

withBrowser("two tabs share one stream of events", async () => {
  const yard = await aBusyYard();
  const panel = await aPanel(yard);
  const tabs = [panel.page, await panel.tab("/"), await panel.tab("/"), await panel.tab("/"), await panel.tab("/")];
  tabs.push(await panel.tab("/"), await panel.tab("/"));
  for (const tab of tabs) await areShown(tab, "waits", "runs", "went wrong", "went well");
  await yard.client.call("setJob", { params: { job: 1 }, body: { name: "has another name" } });
  for (const tab of tabs) await areShown(tab, "waits", "runs", "went wrong", "has another name");
});

const sizes = {
  phone: { width: 390, height: 844 },
  laptop: { width: 1280, height: 800 },
  wall: { width: 2560, height: 1440 },
};

test.skipIf(noBrowser).for(["light", "dark"] as const)(
  "the queue is fit for all to use, %s, from phone to wall",
  async (theme) => {
    const yard = await aBusyYard();
    for (const [name, size] of Object.entries(sizes)) {
      const { page } = await aPanel(yard, { size, theme });
      await areShown(page, "waits", "runs", "went wrong", "went well");
      expect(await obstacles(page)).toEqual([]);
      const isTooWide = await page.evaluate("document.documentElement.scrollWidth > innerWidth");
      expect(isTooWide).toBe(false);
      await picture(page, `queue_${name}_${theme}`);
    }
  },
);

withBrowser("another theme is on the whole page at once, for who wants less motion too", async () => {
  const yard = await aBusyYard();
  const { page } = await aPanel(yard);
  await areShown(page, "waits", "runs", "went wrong", "went well");
  const left = await page.evaluate<number>(`
    (() => {
      const inkOf = (element) => getComputedStyle(element).color;
      const inked = [...document.querySelectorAll("body *")].filter((each) => inkOf(each) === inkOf(document.body));
      document.documentElement.dataset.theme = "dark";
      const ink = document.body.appendChild(document.createElement("i"));
      ink.style.color = "var(--ink)";
      return inked.filter((each) => inkOf(each) !== inkOf(ink)).length;
    })()`);
  expect(left).toBe(0);
});

withBrowser("what changed between the first answers and the first event is shown too", async () => {
  const yard = await aBusyYard();
  const { context } = await aPanel(yard);
  const tab = await context.newPage();
  // The yard is slow to say who looks, and events are heard only then.
  let letIn = (): void => undefined;
  const held = new Promise<void>((resolve) => {
    letIn = resolve;
  });
  await tab.route("**/api/v1/session", async (route) => {
    await held;
    await route.continue();
  });
  const listed = tab.waitForResponse(/\/api\/v1\/jobs\?/);
  await tab.goto(yard.url());
  await (await listed).finished();
  await yard.client.call("cancel", { body: { select: "3", graceMs: 0 } });
  await until(async () => (await yard.job(3)).status === "cancelled", "job 3 is cancelled");
  letIn();
  await reads(tab, "runs", /cancelled/);
});

withBrowser("what will be lost is told as things are, not as they were when the job was selected", async () => {
  const yard = await aBusyYard();
  const { page } = await aPanel(yard);
  await rowOf(page, "runs").getByRole("checkbox").check();
  const cancel = page.getByRole("region", { name: "Selected jobs" }).getByRole("button", { name: /Cancel/ });
  await cancel.click();
  await page.getByRole("alertdialog").getByText("1 run will be told to stop").waitFor();
  await page.keyboard.press("Escape");
  await yard.client.call("cancel", { body: { select: "3", graceMs: 0 } });
  await reads(page, "runs", /cancelled/);
  await cancel.click();
  await expect.poll(() => page.getByRole("alertdialog").innerText()).toContain("What has ended keeps its results.");
  expect(await page.getByRole("alertdialog").innerText()).not.toContain("will be told to stop");
});
