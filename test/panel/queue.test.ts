import { expect, test } from "vitest";
import { aPanel, noBrowser, picture } from "../helpers/a_browser.ts";
import { aYard, type TestYard } from "../helpers/a_yard.ts";

/** Two slots, a job that runs, one that waits, one that went well and one that did not. */
async function aBusyYard(): Promise<TestYard> {
  const yard = await aYard({ slots: ["", ""] });
  await yard.submit("true", { name: "went well", tags: ["digits"] });
  await yard.submit("exit 3", { name: "went wrong" });
  await yard.ends(1);
  await yard.ends(2);
  await yard.submit("sleep 600", { name: "runs", demand: { cpus: 1 } });
  await yard.reaches(3, "running");
  await yard.submit("sleep 600", { name: "waits", paused: true, priority: 20 });
  return yard;
}

test.skipIf(noBrowser)("the queue shows every job, how it stands, and what changes while one looks", async () => {
  const yard = await aBusyYard();
  const { page } = await aPanel(yard);
  const rows = page.getByRole("grid", { name: "Jobs" }).getByRole("row");
  await expect.poll(() => rows.count()).toBe(5);
  const texts = await rows.allInnerTexts();
  expect(texts[1]).toMatch(/paused[\s\S]*waits/);
  expect(texts[2]).toMatch(/running[\s\S]*runs/);
  expect(texts[3]).toMatch(/failed[\s\S]*went wrong/);
  expect(texts[4]).toMatch(/succeeded[\s\S]*went well/);
  await yard.submit("true", { name: "came later" });
  await page.getByRole("row", { name: /came later/ }).waitFor();
  await page.getByRole("row", { name: /succeeded.*came later/ }).waitFor();
  await picture(page, "queue");
});
