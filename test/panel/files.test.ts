import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { aPanel, noBrowser, obstacles, picture } from "../helpers/a_browser.ts";
import { aYard, type TestYard } from "../helpers/a_yard.ts";

const SCRIPT =
  "<svg xmlns='http://www.w3.org/2000/svg' onload='document.title=1'><script>document.title=1</script></svg>";

/** A picture of four pixels. */
const PNG =
  "iVBORw0KGgoAAAANSUhEUgAAAAIAAAACCAIAAAD91JpzAAAAFElEQVR4nGP8z8DAwMDAxMDAwMDAAAANHQEDasKb6QAAAABJRU5ErkJggg==";

async function aRunWithFiles(): Promise<TestYard> {
  const yard = await aYard();
  const lines = [
    "mkdir -p plots deep/er",
    `echo '{"loss": [0.5, 0.25], "done": true, "note": "<b>x</b>"}' >result.json`,
    `echo ${PNG} | base64 -d >plots/loss.png`,
    "echo no picture >plots/broken.png",
    `echo "${SCRIPT}" >report.svg`,
    `echo "${SCRIPT}" >report.html`,
    "seq 1 300000 >large.log",
    "head -c 5000 /dev/zero >model.bin",
    "mkfifo pipe",
    "echo fine >deep/er/file.txt",
    "touch '<img src=x onerror=document.title=1>'",
  ];
  await yard.client.call("submit", {
    body: { work: { kind: "command", command: { kind: "shell", text: lines.join(" && ") } }, name: "makes files" },
  });
  await yard.reaches(1, "succeeded");
  return yard;
}

test.skipIf(noBrowser)("a run's files are looked at by keyboard alone, and nothing in them is executed", async () => {
  const yard = await aRunWithFiles();
  const { page } = await aPanel(yard, { at: "/jobs/1/runs/1?tab=files" });
  const enter = async (name: RegExp) => {
    await page.getByRole("button", { name }).focus();
    await page.keyboard.press("Enter");
  };
  await enter(/^Folder results/);
  const files = page.getByRole("list", { name: "Files" });
  await page.getByRole("button", { name: /^large\.log/ }).waitFor();
  expect(await files.getByRole("listitem").count()).toBe(8);
  await picture(page, "files");
  expect(await obstacles(page)).toEqual([]);

  await enter(/^result\.json/);
  await page.getByText("2 items").waitFor();
  expect(await page.getByLabel("JSON").innerText()).toContain('note: "<b>x</b>"');
  await picture(page, "files-json");
  expect(await obstacles(page)).toEqual([]);

  await enter(/^results$/);
  await enter(/^large\.log/);
  await page.getByText("The first 1.0 MB of 1.9 MB are shown.").waitFor();
  expect(await page.locator("pre").innerText()).toMatch(/^1\n2\n3\n/);

  for (const name of ["report.svg", "report.html"]) {
    await enter(/^results$/);
    await enter(new RegExp(`^${name.replace(".", "\\.")}`));
    await expect.poll(() => page.locator("pre").innerText()).toContain("<script>");
  }

  await enter(/^results$/);
  await enter(/^model\.bin/);
  await page.getByText("This is no text").waitFor();

  await enter(/^results$/);
  await enter(/^Folder plots/);
  await enter(/^loss\.png/);
  await page.getByText("2 × 2").waitFor();
  expect(await obstacles(page)).toEqual([]);
  await enter(/^plots$/);
  await enter(/^broken\.png/);
  await page.getByText("This is no such picture").waitFor();
  // The folder stands in the address.
  expect(new URL(page.url()).searchParams.get("path")).toBe("results/plots");
  expect(await page.title()).not.toBe("1");
});

test.skipIf(noBrowser)("a file and a folder are downloaded under their names", async () => {
  const yard = await aRunWithFiles();
  const { page } = await aPanel(yard, { at: "/jobs/1/runs/1?tab=files&path=results" });
  await page.getByRole("button", { name: /^large\.log/ }).click();
  const [file] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("link", { name: "Download", exact: true }).click(),
  ]);
  expect(file.suggestedFilename()).toBe("large.log");
  expect(readFileSync(await file.path(), "utf8").length).toBe(1_988_895);
  await page.getByRole("button", { name: "results", exact: true }).click();
  const [folder] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("link", { name: "Download the folder" }).click(),
  ]);
  expect(folder.suggestedFilename()).toBe("1.1-results.tar");
});

test.skipIf(noBrowser)("where there is nothing to look at, it is said where the files are", async () => {
  const yard = await aYard();
  await yard.submit("true");
  await yard.ends(1);
  const { page } = await aPanel(yard, {
    at: "/jobs/1/runs/1?tab=files",
    size: { width: 390, height: 844 },
    theme: "dark",
  });
  await page.getByText(`It worked in ${yard.folder} on local`).waitFor();
  await picture(page, "files-none-phone");
  expect(await obstacles(page)).toEqual([]);
});

test.skipIf(noBrowser).each([
  { name: "phone", size: { width: 390, height: 844 } },
  { name: "wall", size: { width: 2560, height: 1440 } },
])("files can be looked at on a $name, dark", async ({ name, size }) => {
  const yard = await aRunWithFiles();
  const { page } = await aPanel(yard, { at: "/jobs/1/runs/1?tab=files&path=results", size, theme: "dark" });
  await page.getByRole("button", { name: /^result\.json/ }).waitFor();
  expect(await page.evaluate<number>("document.querySelector('main').scrollWidth")).toBeLessThanOrEqual(size.width);
  await picture(page, `files-${name}-dark`);
  await page.getByRole("button", { name: /^large\.log/ }).click();
  await page.getByText("The first 1.0 MB of 1.9 MB are shown.").waitFor();
  await picture(page, `files-text-${name}-dark`);
  await page.getByRole("button", { name: "results", exact: true }).click();
  await page.getByRole("button", { name: /^report\.html/ }).click();
  await page.locator("pre").getByText("onload=").waitFor();
  expect(await obstacles(page)).toEqual([]);
});
