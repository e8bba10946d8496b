import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { aPanel, noBrowser, obstacles, picture } from "../helpers/a_browser.ts";
import { aYard } from "../helpers/a_yard.ts";
import { aZip } from "../helpers/a_zip.ts";

/** Goes on with Tab until something with that name has the focus. */
async function tabTo(page: Page, name: RegExp): Promise<void> {
  for (let presses = 0; presses < 80; presses += 1) {
    await page.keyboard.press("Tab");
    const focused = await page.evaluate<string>(
      `(({ ariaLabel, labels, textContent }) => ariaLabel ?? labels?.[0]?.textContent ?? textContent)(document.activeElement)`,
    );
    if (name.test(focused.trim())) return;
  }
  throw new Error(`nothing called ${name} was reached`);
}

function lineOf(page: Page) {
  return page.getByRole("region", { name: "What comes of it" }).locator("code").first();
}

test.skipIf(noBrowser)("a sweep is submitted by keyboard alone, and runs as it was shown", async () => {
  const yard = await aYard();
  const { page } = await aPanel(yard, { at: "/new" });
  await page.getByRole("heading", { name: "New job" }).waitFor();
  await tabTo(page, /^Command$/);
  await page.keyboard.type("echo lr={lr}");
  await tabTo(page, /^Add a parameter$/);
  await page.keyboard.press("Enter");
  await page.keyboard.press("Shift+Tab");
  await page.keyboard.press("Shift+Tab");
  await page.keyboard.press("Shift+Tab");
  await page.keyboard.type("lr");
  await page.keyboard.press("Tab");
  await page.keyboard.type("0.10,0.01");
  await tabTo(page, /^Add a parameter$/);
  await page.keyboard.press("Enter");
  await page.getByLabel("Name of parameter 2").focus();
  await page.keyboard.type("seed");
  await page.keyboard.press("Tab");
  await page.keyboard.type("1..3");
  await tabTo(page, /^GPUs$/);
  await page.keyboard.type("0");
  await tabTo(page, /^Tags$/);
  await page.keyboard.type("digits");
  const outcome = page.getByRole("region", { name: "What comes of it" });
  await outcome.getByText("6 runs", { exact: true }).waitFor();
  expect(await outcome.getByRole("listitem").allInnerTexts()).toContain("1\necho lr=0.10 --seed=1");
  await expect
    .poll(() => lineOf(page).innerText())
    .toBe("runyard sweep --set lr=0.10,0.01 --set seed=1..3 --gpus 0 --tag digits -- echo 'lr={lr}'");
  await picture(page, "new-job");
  await page.keyboard.press("Control+Enter");
  await page.waitForURL(/\/jobs\/1$/);
  const job = await yard.ends(1);
  expect([job.runs.succeeded, job.tags]).toEqual([6, ["digits"]]);
  expect(await yard.output("1.4")).toBe("lr=0.01 --seed=1\n");
});

test.skipIf(noBrowser)("the line that is shown makes the same job where it is typed", async () => {
  const yard = await aYard();
  const { page } = await aPanel(yard, { at: "/new" });
  await page.getByLabel("Command", { exact: true }).fill(`echo "it's  $HOME" && true`);
  await page.getByRole("button", { name: "Add a parameter" }).click();
  await page.getByLabel("Name of parameter 1").fill("opt");
  await page.getByLabel("Values of parameter 1").fill('"a,b",c');
  await page.getByLabel("A folder on the yard's machine").check();
  await page.getByLabel("Folder", { exact: true }).fill(yard.folder);
  await page.getByLabel("Time limit").fill("90m");
  // What is typed is read in a moment.
  await expect.poll(() => lineOf(page).innerText()).toContain("--time-limit 1h30m");
  const line = await lineOf(page).innerText();
  await page.getByRole("button", { name: "Queue 2 runs" }).click();
  await page.waitForURL(/\/jobs\/1$/);
  const { command, environment } = yard.program;
  const asFunction = `runyard() { ${command.map((word) => `'${word}'`).join(" ")} "$@"; }`;
  execFileSync("sh", ["-c", `${asFunction}\n${line}`], { env: environment, cwd: yard.folder });
  const definitions = await Promise.all(
    [1, 2].map((job) => yard.client.call("showJob", { params: { job } }).then(({ definition }) => definition)),
  );
  const said = definitions.map(({ command, spaces, demand, timeLimitMs, cwd }) => ({
    command,
    spaces,
    demand,
    timeLimitMs,
    cwd,
  }));
  expect(said[0]).toEqual(said[1]);
});

test.skipIf(noBrowser)("many jobs in one text are queued all or none, and each mistake leads to its line", async () => {
  const yard = await aYard();
  writeFileSync(`${yard.folder}/taken.out`, "mine");
  const { page } = await aPanel(yard, { at: "/new" });
  await page.getByText("Many at once", { exact: true }).click();
  const area = page.getByLabel("Commands", { exact: true });
  await area.fill(
    `one;;\n${yard.folder}/1.out;;\necho 1;;;\n\ntwo;;\n echo 2;;;\nthree;; ${yard.folder}/taken.out;; echo 'open;;;`,
  );
  const mistakes = page.getByRole("list", { name: "Mistakes in the text" });
  await expect
    .poll(() => mistakes.getByRole("button").allInnerTexts())
    .toEqual(["Line 5:1", expect.stringMatching(/^Line 7:\d+$/)]);
  await picture(page, "new-job-mistakes");
  expect(await obstacles(page)).toEqual([]);
  await page.getByRole("button", { name: "Queue it" }).click();
  expect((await yard.client.call("listJobs")).jobs).toEqual([]);
  await mistakes.getByRole("button", { name: "Line 5:1" }).click();
  const marked =
    "(({ value, selectionStart, selectionEnd }) => value.slice(selectionStart, selectionEnd))(document.activeElement)";
  expect(await page.evaluate(marked)).toBe("two;;");

  // Now it can be read, and the yard has something against one of them: still none is queued.
  await area.fill(
    `one;; ${yard.folder}/1.out;; echo 1;;;\nthree;; ${yard.folder}/taken.out;; echo "a  b" && echo 3;;;`,
  );
  await page.getByRole("button", { name: "Queue 2 runs" }).click();
  await page
    .getByRole("alert")
    .getByText(/^Line 2, three: The output file .*taken\.out must be new/)
    .waitFor();
  expect((await yard.client.call("listJobs")).jobs).toEqual([]);
  expect(yard.read("1.out")).toBe("");

  await area.fill((await area.inputValue()).replace("taken.out", "3.out"));
  await page.getByRole("button", { name: "Queue 2 runs" }).click();
  await page.getByRole("grid", { name: "Jobs" }).waitFor();
  for (const job of [1, 2]) await yard.ends(job);
  expect([yard.read("1.out"), yard.read("3.out"), yard.read("taken.out")]).toEqual(["1\n", "a  b\n3\n", "mine"]);
  expect((await yard.job(2)).name).toBe("three");
});

test.skipIf(noBrowser)("a project is dropped as a zip, says what of it went along, and runs", async () => {
  const yard = await aYard();
  const { page } = await aPanel(yard, { at: "/new" });
  await page.getByLabel("A project that I upload").check();
  const zip = aZip([
    { name: "digits/train.py", content: "import word\nprint(word.it)\n" },
    { name: "digits/word.py", content: "it = 'from the zip'\n" },
    { name: "digits/.env", content: "KEY=1" },
  ]);
  const dropped = await page.evaluateHandle(`(() => {
    const data = new DataTransfer();
    data.items.add(new File([new Uint8Array(${JSON.stringify([...zip])})], "digits.zip"));
    return data;
  })()`);
  await page.getByRole("group", { name: "Project as a zip" }).dispatchEvent("drop", { dataTransfer: dropped });
  await page.getByText("digits.zip in digits/: 2 files, 47 B; left out: .env 5 B").waitFor();
  await page.getByLabel("Command", { exact: true }).fill("python3 train.py");
  await picture(page, "new-job-zip");
  await page.getByRole("button", { name: "Queue 1 run" }).click();
  await page.waitForURL(/\/jobs\/1$/);
  await yard.ends(1);
  expect(await yard.output(1)).toBe("from the zip\n");

  await page.goto(`${yard.url()}/new`);
  await page.getByLabel("A project that I upload").check();
  const chosen = page.getByLabel("Zip of the project");
  await chosen.setInputFiles({
    name: "bad.zip",
    mimeType: "application/zip",
    buffer: aZip([{ name: "../x", content: "" }]),
  });
  await page.getByText('The zip is refused: its entry "../x" leads out of its folder.').waitFor();
});

test.skipIf(noBrowser)("a job is cloned, edited and submitted again", async () => {
  const yard = await aYard();
  await yard.submit("echo {lr}", {
    name: "digits",
    tags: ["old"],
    work: {
      kind: "command",
      command: { kind: "shell", text: "echo {lr}" },
      space: { axes: [{ name: "lr", values: { kind: "list", values: [{ text: "0.1", json: "0.1" }] } }] },
    },
  });
  await yard.ends(1);
  const { page } = await aPanel(yard, { at: "/new?from=1" });
  await page.getByRole("heading", { name: "A job like 1" }).waitFor();
  expect(await page.getByLabel("Folder", { exact: true }).inputValue()).toBe(yard.folder);
  await page.getByLabel("Values of parameter 1").fill("0.1,0.2");
  await page.getByRole("button", { name: "Queue 2 runs" }).click();
  await page.waitForURL(/\/jobs\/2$/);
  await yard.ends(2);
  expect([await yard.output("2.2"), (await yard.job(2)).tags, (await yard.job(2)).name]).toEqual([
    "0.2\n",
    ["old"],
    "digits",
  ]);
  await page.goto(`${yard.url()}/new?from=99`);
  await page.getByText("There is no job 99.").waitFor();
});

test.skipIf(noBrowser)("each mistake stands by its field, and the first gets the focus", async () => {
  const yard = await aYard();
  const { page } = await aPanel(yard, { at: "/new" });
  await page.getByRole("button", { name: "Queue it" }).click();
  await page.getByText("Write the command that is to run.").waitFor();
  await expect.poll(() => page.evaluate("document.activeElement.tagName")).toBe("TEXTAREA");
  await page.keyboard.type("true");
  await page.getByLabel("Memory", { exact: true }).fill("24 apples");
  await page.getByText("It takes a size: 800M, 24G.").waitFor();
  expect(await page.getByLabel("Memory", { exact: true }).getAttribute("aria-invalid")).toBe("true");
  await page.getByLabel("Memory", { exact: true }).fill("900T");
  await page.getByRole("button", { name: "Queue 1 run" }).click();
  await page
    .getByRole("alert")
    .getByText(/^The run asks for .*local has/)
    .waitFor();
  expect(await obstacles(page)).toEqual([]);
  // What was typed is still there for one who comes back.
  await page.getByRole("link", { name: "Queue", exact: true }).click();
  await page.getByText("The queue is empty").waitFor();
  await page.getByRole("link", { name: "New job" }).click();
  expect(await page.getByLabel("Command", { exact: true }).inputValue()).toBe("true");
});

test.skipIf(noBrowser).each([
  { name: "phone", size: { width: 390, height: 844 }, theme: "dark" },
  { name: "laptop", size: { width: 1280, height: 800 }, theme: "dark" },
  { name: "wall", size: { width: 2560, height: 1440 }, theme: "light" },
] as const)("the form can be used on a $name, $theme", async ({ name, size, theme }) => {
  const yard = await aYard({ slots: ["", ""] });
  const { page } = await aPanel(yard, { at: "/new", size, theme });
  await page.getByLabel("Command", { exact: true }).fill("python3 train.py --epochs 20");
  for (const [i, [parameter, values]] of [
    ["lr", "log:1e-4..1e-1:4"],
    ["model", "small,large"],
    ["seed", "1..5"],
  ].entries()) {
    await page.getByRole("button", { name: "Add a parameter" }).click();
    await page.getByLabel(`Name of parameter ${i + 1}`).fill(parameter ?? "");
    await page.getByLabel(`Values of parameter ${i + 1}`).fill(values ?? "");
  }
  await page.getByText("2 of 2 slots free").waitFor();
  expect(await obstacles(page)).toEqual([]);
  expect(await page.evaluate<number>("document.querySelector('main').scrollWidth")).toBeLessThanOrEqual(size.width);
  await page.getByLabel("Command", { exact: true }).focus();
  await picture(page, `new-job-${name}-${theme}`);
  if (name !== "phone") return;
  await page.getByRole("region", { name: "What comes of it" }).scrollIntoViewIfNeeded();
  await picture(page, "new-job-phone-outcome");
});
