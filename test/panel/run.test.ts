import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { aPanel, noBrowser, obstacles, picture } from "../helpers/a_browser.ts";
import { aYard, type TestYard } from "../helpers/a_yard.ts";
import { until } from "../helpers/until.ts";

const withBrowser = test.skipIf(noBrowser);

/** A training that tells of itself, and goes on until there is a file `enough`. */
const trains = `
import os, sys, time
import runyard
step = 0
print("\\033[32mgreen\\033[0m and plain \\033[1;31mred\\033[0m \\033[38;5;208morange\\033[0m", flush=True)
print("starting over", file=sys.stderr, flush=True)
while not os.path.exists("enough"):
    step += 1
    print(f"step {step}", flush=True)
    runyard.metric(step, loss=1 / step, accuracy=1 - 1 / step)
    runyard.progress(step, 1000)
    time.sleep(0.02)
runyard.result(accuracy=0.97)
`;

async function aTraining(): Promise<TestYard> {
  const yard = await aYard({ slots: ["", ""] });
  const values = [{ text: "0.10", json: "0.10" }];
  await yard.submit("", {
    name: "trains",
    resumable: true,
    work: {
      kind: "command",
      command: { kind: "argv", argv: ["python3", "-c", trains] },
      space: { axes: [{ name: "lr", values: { kind: "list", values } }] },
    },
    environment: { PATH: process.env["PATH"] ?? "" },
  });
  await yard.reaches(1, "running");
  return yard;
}

function theLog(page: Page) {
  return page.getByRole("log", { name: "Output" });
}

withBrowser("a run is followed while it runs: its output, how far it is, what it tells, and its end", async () => {
  const yard = await aTraining();
  const { page } = await aPanel(yard, { at: "/jobs/1/runs/1" });
  // The end stays in sight.
  const latest = async () => Number(/step (\d+)\s*$/.exec(await theLog(page).innerText())?.[1]);
  const seen = await until(latest, "its last step is shown");
  await until(async () => (await latest()) > seen + 20, "what comes is shown as it comes");
  await page.getByRole("progressbar", { name: "Progress" }).waitFor();
  await page.getByText("--lr=0.10").waitFor();
  await page.getByText("Errors", { exact: true }).click();
  await page.getByRole("log", { name: "Errors" }).getByText("starting over").waitFor();
  await page.getByText("Both", { exact: true }).click();
  await theLog(page).waitFor();
  expect(await obstacles(page)).toEqual([]);
  await picture(page, "run_both");
  await yard.submit("touch enough");
  await yard.ends(1);
  await page.getByRole("heading", { name: /Run 1\.1.*succeeded/ }).waitFor();
  await page.getByText("0.97", { exact: true }).waitFor();
  await page.getByRole("button", { name: "Run again" }).waitFor();
});

withBrowser("colours of a terminal are shown, and are fit to be read", async () => {
  const yard = await aTraining();
  const { page } = await aPanel(yard, { at: "/jobs/1/runs/1" });
  await page.getByRole("button", { name: /To the start/ }).click();
  const green = theLog(page).getByText("green", { exact: true });
  await green.waitFor();
  const colours = await page.evaluate(() => {
    const coloured = [...document.querySelectorAll('[role="log"] span')];
    const of = (text: string) => {
      const span = coloured.find((one) => one.textContent === text);
      return span ? [getComputedStyle(span).color, getComputedStyle(span).fontWeight] : null;
    };
    return { green: of("green"), red: of("red"), orange: of("orange") };
  });
  expect(colours).toEqual({
    green: ["rgb(20, 119, 58)", "400"],
    red: ["rgb(179, 38, 30)", "700"],
    orange: [expect.stringMatching(/^color\(srgb 0\.45\d* 0\.27\d* 0\.08/), "400"],
  });
  expect(await theLog(page).innerText()).not.toContain("\x1b");
});

withBrowser(
  "a run is stopped with a checkpoint, tried again, and cancelled, and each try stands there with its end",
  async () => {
    const yard = await aTraining();
    const { page } = await aPanel(yard, { at: "/jobs/1/runs/1" });
    await page.getByRole("button", { name: "Stop with checkpoint …" }).click();
    expect(await page.getByRole("alertdialog").innerText()).toMatch(/has a minute to save its state/);
    await page.getByRole("button", { name: "Stop the run" }).click();
    await page.getByRole("heading", { name: /cancelled/ }).waitFor();
    await page.getByRole("button", { name: "Run again" }).click();
    await page.getByRole("heading", { name: /running/ }).waitFor();
    await theLog(page)
      .getByText(/^step \d+$/)
      .first()
      .waitFor();
    await page.getByRole("tab", { name: "Attempts (2)" }).click();
    await page.getByText("Attempt 2").waitFor();
    const tries = await page.getByRole("listitem").allInnerTexts();
    expect(tries[0]).toMatch(/Attempt 1[\s\S]*local[\s\S]*cancelled/);
    expect(tries[1]).toMatch(/Attempt 2[\s\S]*It runs/);
    expect(await obstacles(page)).toEqual([]);
    await picture(page, "run_attempts");
    await page.getByRole("button", { name: "Cancel …" }).click();
    await page.getByRole("button", { name: "Cancel the run" }).click();
    await page.getByRole("heading", { name: /cancelled/ }).waitFor();
    await page.getByRole("tab", { name: "Output" }).click();
    await page.getByRole("combobox", { name: "Attempt" }).selectOption({ label: "Attempt 1" });
    await theLog(page)
      .getByText(/^step \d+$/)
      .first()
      .waitFor();
  },
);

withBrowser("a search goes on until it has looked through all, however long that is", async () => {
  const yard = await aYard({ slots: [""] });
  await yard.submit("yes 'nobody looks for this line' | head -c 300000000; echo; echo 'the NEEDLE'");
  await yard.ends(1);
  const { page } = await aPanel(yard, { at: "/jobs/1/runs/1" });
  await theLog(page).getByText("the NEEDLE").waitFor();
  await page.keyboard.press("/");
  await page.keyboard.type("needle");
  await page.keyboard.press("Enter");
  await page.getByText(/^Searching, 2\d\d MB looked through …$/).waitFor();
  await page.getByText(/1 of 1 line/).waitFor();
  await page.getByRole("searchbox").fill("no such words");
  await page.keyboard.press("Enter");
  await page.getByText("It is not in there.").waitFor();
});

withBrowser("of a very long output any part is reached, and all of it is searched and saved", async () => {
  const yard = await aYard({ slots: [""] });
  await yard.submit(
    "seq -f 'line %.0f of a very long output that goes on and on' 1000000 | sed '700000s/$/ NEEDLE here/'; echo the end",
  );
  await yard.ends(1);
  const { page } = await aPanel(yard, { at: "/jobs/1/runs/1" });
  const log = theLog(page);
  await log.getByText("the end").waitFor();
  expect(await log.locator("div[data-index]").count()).toBeLessThan(200);
  await page.keyboard.press("g");
  await log.getByText("line 1 of", { exact: false }).first().waitFor();
  await until(async () => (await log.innerText()).startsWith("line 1 of"), "its first line is at the top");
  await page.keyboard.press("/");
  await page.keyboard.type("needle");
  await page.keyboard.press("Enter");
  await log.getByText("line 700000 of").waitFor();
  await page.getByText(/1 of 1 line/).waitFor();
  expect(await log.locator("mark").innerText()).toBe("NEEDLE");
  await picture(page, "run_search");
  await page.getByRole("searchbox").fill("no such words");
  await page.keyboard.press("Enter");
  await page.getByText("It is not in there.").waitFor();
  await page.keyboard.press("Escape");
  // What comes before is read when somebody scrolls there.
  await until(async () => {
    await log.evaluate((element) => {
      element.scrollTop = 0;
    });
    return Number(/line (\d+) of/.exec(await log.innerText())?.[1]) < 690_000;
  }, "earlier lines are shown");
  await page.keyboard.press("G");
  await log.getByText("the end").waitFor();

  const saving = page.waitForEvent("download");
  await page.getByRole("link", { name: "Download all of it" }).click();
  const saved = await saving;
  expect(saved.suggestedFilename()).toBe("1.1.out");
  const text = await (await saved.createReadStream()).toArray();
  expect(Buffer.concat(text).toString("utf8")).toMatch(/^line 1 of[\s\S]*the end\n$/);
});

withBrowser("a run that has not started says so, and one that there is not, too", async () => {
  const yard = await aYard({ slots: [] });
  await yard.submit("true", { paused: true });
  const panel = await aPanel(yard, { at: "/jobs/1/runs/1" });
  await panel.page.getByText("It has not started").waitFor();
  expect(await obstacles(panel.page)).toEqual([]);
  const other = await panel.tab("/jobs/7/runs/1");
  await other.getByText("There is no job 7.").waitFor();
  expect(await obstacles(other)).toEqual([]);
});

const sizes = {
  phone: { width: 390, height: 844 },
  laptop: { width: 1280, height: 800 },
  wall: { width: 2560, height: 1440 },
};

test.skipIf(noBrowser).for(["light", "dark"] as const)(
  "the page of a run is fit for all to use, %s, from phone to wall",
  async (theme) => {
    const yard = await aTraining();
    for (const [name, size] of Object.entries(sizes)) {
      const { page } = await aPanel(yard, { size, theme, at: "/jobs/1/runs/1" });
      await theLog(page)
        .getByText(/^step \d+$/)
        .first()
        .waitFor();
      expect(await obstacles(page)).toEqual([]);
      expect(await page.evaluate(() => document.documentElement.scrollWidth > innerWidth)).toBe(false);
      await picture(page, `run_${name}_${theme}`);
    }
  },
);
