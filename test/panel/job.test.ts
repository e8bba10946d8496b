import { writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import type { Job } from "../../src/api/job.ts";
import { aPanel, noBrowser, obstacles, picture } from "../helpers/a_browser.ts";
import { aYard, type TestYard } from "../helpers/a_yard.ts";
import { until } from "../helpers/until.ts";

const script = `import math, runyard, sys
p = runyard.params(lr=0.0, opt="", width=0)
for step in range(200):
    runyard.metric(step, loss=abs(math.log10(p.lr) + 2) / 3 + math.exp(-step / (20 + p.width)) + 0.02 * math.sin(step * p.lr * 50))
runyard.progress(200, 200)
if p.opt == "sgd" and p.lr > 0.05:
    print("ValueError: loss is not finite at step %d" % (p.lr * 1000), file=sys.stderr)
    sys.exit(1)
runyard.result(accuracy=1 - abs(math.log10(p.lr) + 2) / 3 - (0.05 if p.opt == "sgd" else 0))`;

/** Real runs of a sweep over three parameters: most are well, some fail alike. */
async function aSweep(yard: TestYard): Promise<Job> {
  writeFileSync(`${yard.folder}/train.py`, script);
  const list = (texts: string[], quote = "") => ({
    kind: "list" as const,
    values: texts.map((text) => ({ text, json: `${quote}${text}${quote}` })),
  });
  const axes = [
    { name: "lr", values: list(["0.0001", "0.001", "0.01", "0.1"]) },
    { name: "opt", values: list(["adam", "sgd"], '"') },
    { name: "width", values: list(["16", "64", "256"]) },
  ];
  const command = { kind: "argv" as const, argv: ["python3", "train.py"] };
  const job = await yard.submit("", { name: "digits", work: { kind: "command", command, space: { axes } } });
  await yard.ends(job.id);
  return job;
}

test.skipIf(noBrowser)(
  "the runs of a sweep are chosen, sorted, compared and plotted",
  { timeout: 120_000 },
  async () => {
    const yard = await aYard();
    await aSweep(yard);
    const { page } = await aPanel(yard, { at: "/jobs/1" });
    const grid = page.getByRole("grid", { name: "Runs" });
    const rows = grid.getByRole("row");
    await page.getByText("24 runs", { exact: true }).waitFor();
    await page.getByRole("columnheader", { name: "accuracy" }).waitFor();
    await picture(page, "job");

    await grid.getByRole("button", { name: "accuracy" }).click();
    await rows.nth(1).filter({ hasText: "1.13" }).waitFor();
    expect((await rows.nth(1).innerText()).replaceAll(/\s+/g, " ")).toMatch(/1\.13 .*succeeded 0\.01 adam 16 1 /);
    expect(page.url()).toContain("sort=-result.accuracy");

    await page.keyboard.press("/");
    await page.keyboard.type("params.lr>=0.01, opt");
    await page.getByText(/may follow opt/).waitFor();
    await page.keyboard.press("Backspace");
    await page.keyboard.press("Backspace");
    await page.keyboard.press("Backspace");
    await page.keyboard.type("status=failed");
    await page.getByText("3 of 24 runs").waitFor();
    await page.keyboard.press("Escape");
    await page.keyboard.press("j");
    await page.keyboard.press("x");
    await page.keyboard.press("j");
    await page.keyboard.press("j");
    await page.keyboard.press("X");
    await page.getByText("3 runs selected").waitFor();
    await page.getByRole("button", { name: "Compare" }).click();
    const comparison = page.getByRole("region", { name: "Comparison" });
    await comparison.getByText(/width/).waitFor();
    expect(await comparison.getByRole("row", { name: /width/ }).innerText()).toContain("≠");
    expect(await comparison.getByRole("row", { name: /^\s*lr/ }).innerText()).not.toContain("≠");
    await picture(page, "job_compare");
    expect(await obstacles(page)).toEqual([]);

    await page.getByRole("link", { name: "Plots" }).click();
    await page.getByRole("button", { name: "Show all runs" }).click();
    await page.getByRole("region", { name: "What matters" }).getByRole("row", { name: /lr/ }).waitFor();
    await page.getByRole("region", { name: "Curves" }).getByText("24 curves").waitFor();
    expect(await obstacles(page)).toEqual([]);
    await picture(page, "job_plots");
  },
);

test.skipIf(noBrowser)(
  "what is drawn on an axis chooses runs, on the plots and in the table",
  { timeout: 120_000 },
  async () => {
    const yard = await aYard();
    await aSweep(yard);
    const { page } = await aPanel(yard, { at: "/jobs/1?part=plots" });
    /** On the first of four axes, so far from the top of the plot. */
    const onFirstAxis = async (many: RegExp, down: number) => {
      const plot = page.getByRole("img", { name: many });
      await plot.scrollIntoViewIfNeeded();
      const box = await plot.boundingBox();
      if (!box) throw new Error("the plot is nowhere");
      return [box.x + box.width / 8, box.y + down] as const;
    };
    await page.mouse.move(...(await onFirstAxis(/^24 runs by lr, opt, width, accuracy/, 50)));
    await page.mouse.down();
    await page.mouse.move(...(await onFirstAxis(/^24 runs by lr/, 150)), { steps: 4 });
    await page.mouse.up();
    const where = page.getByRole("textbox", { name: "Show runs where" });
    await until(
      async () => /^params\.lr>=\S+, params\.lr<=\S+$/.test(await where.inputValue()),
      "what was drawn is a condition",
    );
    await page.getByRole("img", { name: /^12 runs by lr/ }).waitFor();
    await page.getByRole("link", { name: "Runs" }).click();
    await page.getByText("12 of 24 runs").waitFor();
    await page.goBack();
    await page.getByRole("img", { name: /^12 runs by lr/ }).waitFor();
    await page.mouse.click(...(await onFirstAxis(/^12 runs by lr/, 100)));
    await until(async () => (await where.inputValue()) === "", "the condition is taken back");
  },
);

test.skipIf(noBrowser)(
  "failures stand by why they failed, and exactly those are run again",
  { timeout: 120_000 },
  async () => {
    const yard = await aYard();
    await aSweep(yard);
    const { page } = await aPanel(yard, { at: "/jobs/1?part=failures" });
    const card = page.getByRole("listitem").filter({ hasText: "ValueError: loss is not finite" });
    await card.getByText("3 runs").waitFor();
    expect(await obstacles(page)).toEqual([]);
    await picture(page, "job_failures");
    writeFileSync(`${yard.folder}/train.py`, "");
    await card.getByRole("button", { name: "Retry these 3" }).click();
    await page.getByText("3 failed runs queued again.").waitFor();
    await page.getByText("No run has failed").waitFor();
    expect((await yard.job(1)).runs).toMatchObject({ failed: 0 });
  },
);

test.skipIf(noBrowser)(
  "a sweep is extended, explained, paused and cancelled from its page",
  { timeout: 120_000 },
  async () => {
    const yard = await aYard({ slots: [""] });
    const values = [1, 2].map((x) => ({ text: `${x}`, json: `${x}` }));
    const axes = [{ name: "x", values: { kind: "list" as const, values } }];
    const command = { kind: "shell" as const, text: "sleep 600 # {x}" };
    await yard.submit("", { name: "long", work: { kind: "command", command, space: { axes } } });
    await yard.reaches("1.1", "running");
    const { page } = await aPanel(yard, { at: "/jobs/1" });
    await page.getByRole("button", { name: "Extend …" }).click();
    await page.getByRole("textbox", { name: "New values of x" }).fill("2,7..9");
    await page.getByText("3 runs more: 5 runs in all").waitFor();
    await page.getByText("x=7").waitFor();
    await picture(page, "job_extend");
    await page.getByRole("button", { name: "Add 3 runs" }).click();
    await page.getByText("5 runs", { exact: true }).waitFor();
    await page.getByRole("link", { name: /^Waiting/ }).click();
    await page
      .getByText(/core|slot/)
      .first()
      .waitFor();
    await picture(page, "job_waiting");
    expect(await obstacles(page)).toEqual([]);
    await page.getByRole("link", { name: "Definition" }).click();
    await page.getByText("Extension 1").waitFor();
    await picture(page, "job_definition");
    expect(await obstacles(page)).toEqual([]);
    await page.getByRole("button", { name: "Pause" }).click();
    await page.getByRole("button", { name: "Resume" }).waitFor();
    await page.getByRole("button", { name: "Cancel …" }).click();
    await page.getByText(/what it has not\s+saved is lost/).waitFor();
    await page.getByRole("button", { name: /^Cancel \d runs$/ }).click();
    await until(async () => (await yard.job(1)).endedAt !== null, "the job has been cancelled");
    await page.getByText("cancelled", { exact: true }).first().waitFor();
  },
);

test.skipIf(noBrowser)("what is shown can be taken along as a file", { timeout: 120_000 }, async () => {
  const yard = await aYard();
  await aSweep(yard);
  const { page } = await aPanel(yard, { at: "/jobs/1?where=status%3Dfailed&sort=-params.width" });
  await page.getByRole("button", { name: "Export" }).click();
  const download = page.waitForEvent("download");
  await page.getByRole("menuitem", { name: /^CSV/ }).click();
  const file = await download;
  expect(file.suggestedFilename()).toBe("job-1.csv");
  const chunks: Buffer[] = [];
  for await (const chunk of await file.createReadStream()) chunks.push(chunk as Buffer);
  const lines = Buffer.concat(chunks).toString("utf8").trim().split("\r\n");
  expect(lines.map((line) => line.split(",")[0])).toEqual(["run", "1.24", "1.23", "1.22"]);
});

test.skipIf(noBrowser)(
  "whatever users and their scripts say is shown as text, and does nothing",
  { timeout: 120_000 },
  async () => {
    const yard = await aYard();
    const hostile = `<img src=x onerror="document.title='taken'">`;
    writeFileSync(
      `${yard.folder}/train.py`,
      `import runyard, sys
runyard.metric(1, **{${JSON.stringify(hostile)}: 1.0})
runyard.result(**{"=1+1 \\x1b[31m": ${JSON.stringify(hostile)}})
print(${JSON.stringify(hostile)} + "\\x1b]0;taken\\x07", file=sys.stderr)
sys.exit(1)`,
    );
    const values = [hostile, "javascript:alert(1)"].map((text) => ({ text, json: JSON.stringify(text) }));
    const axes = [{ name: "x", values: { kind: "list" as const, values } }];
    const command = { kind: "argv" as const, argv: ["python3", "train.py"] };
    await yard.submit("", { name: hostile, tags: [hostile], work: { kind: "command", command, space: { axes } } });
    await yard.ends(1);
    const { page } = await aPanel(yard, { at: "/jobs/1", theme: "dark" });
    await page.getByRole("heading", { level: 1 }).getByText(hostile).waitFor();
    await page.getByRole("row", { name: /1\.1/ }).getByText(hostile).first().waitFor();
    await page.getByRole("link", { name: "Failures" }).click();
    await page.locator("code").getByText(hostile).waitFor();
    await page.getByRole("link", { name: "Definition" }).click();
    await page.getByText("How it runs").waitFor();
    await page.getByRole("link", { name: "Plots" }).click();
    await page.getByRole("region", { name: "Parallel coordinates" }).waitFor();
    expect(await page.locator("main img, main script").count()).toBe(0);
    expect(await page.title()).not.toContain("taken");
    expect(await obstacles(page)).toEqual([]);
  },
);
