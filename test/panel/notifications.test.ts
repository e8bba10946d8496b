import type { BrowserContext, Page } from "playwright-core";
import { expect, test } from "vitest";
import { aPanel, noBrowser, obstacles, picture } from "../helpers/a_browser.ts";
import { aReceiver } from "../helpers/a_receiver.ts";
import { aTellingYard, aUser } from "../helpers/a_telling_yard.ts";
import { aYard, type TestYard } from "../helpers/a_yard.ts";
import { until } from "../helpers/until.ts";

const AT = "/notifications";

/** Notes what the browser is asked to show, beside showing it. */
async function noteNotifications(context: BrowserContext): Promise<void> {
  await context.addInitScript(`{
    const Real = Notification;
    globalThis.shownNotices = [];
    globalThis.Notification = class extends Real {
      constructor(title, options) {
        super(title, options);
        globalThis.shownNotices.push(options.tag + " | " + title + " | " + options.body);
      }
    };
  }`);
}

async function shownOn(page: Page): Promise<string[]> {
  return page.evaluate("globalThis.shownNotices");
}

/** A yard whose administrator is told at several places, of which some do not work. */
async function aYardThatTells(): Promise<{ yard: TestYard; url: string }> {
  const yard = await aTellingYard();
  const receiver = await aReceiver((response, { path }) =>
    response.writeHead(path.startsWith("/broken") ? 503 : 204).end(),
  );
  const gone = await aReceiver((response) => response.writeHead(410).end());
  await yard.client.call("setNoticeSettings", {
    body: {
      smtp: { host: "127.0.0.1", port: 9, tls: "none", from: "runyard@example.org" },
      commands: { pager: ["/bin/true"] },
    },
  });
  for (const [target, on] of [
    ["email:ada.lovelace@experiments.example.org", ["failed", "help"]],
    [`slack:${receiver.url}/services/canary`, ["ended"]],
    [`webhook:${gone.url}/hooks/runyard`, []],
    ["command:pager", ["help"]],
  ] as const) {
    await yard.client.call("addNoticeTarget", { body: { target, on: [...on] } });
  }
  await yard.submit("true", { name: "digits, all learning rates", notify: ["me"] });
  await yard.ends(1);
  await yard.submit("exit 3", { name: "resnet50 with a rather long name that goes on and on until it does not fit" });
  await yard.ends(2);
  return { yard, url: receiver.url };
}

test.skipIf(noBrowser)("a target is added, tried, told of a job's end, and taken away", async () => {
  const yard = await aTellingYard();
  const receiver = await aReceiver();
  const { page } = await aPanel(yard, { at: AT });
  await page.getByText("Nowhere yet.").waitFor();
  const adding = page.getByRole("region", { name: "Add a target" });
  await adding.getByLabel("By").selectOption("email");
  await adding.getByText("This yard sends no mail yet.").waitFor();
  expect(await adding.getByRole("button", { name: "Add" }).isDisabled()).toBe(true);
  await adding.getByLabel("By").selectOption("slack");
  await adding.getByLabel("Address of the incoming webhook").fill("hooks.slack.com");
  await page.keyboard.press("Enter");
  await adding.getByText("It takes a whole address: https://hooks.example.org/…").waitFor();
  await adding.getByLabel("Address of the incoming webhook").fill(`${receiver.url}/services/canary`);
  await page.keyboard.press("Enter");
  const shown = `http://127.0.0.1:${receiver.port}/…`;
  await page.getByText(`You are told at slack:${shown} of jobs that end and what needs help.`).waitFor();
  const target = page.getByRole("region", { name: "Where you are told" }).getByRole("listitem");
  await target.getByText("Slack, told of jobs that end and what needs help").waitFor();
  expect(await page.content()).not.toContain("canary");

  await page.getByRole("button", { name: `Send a test to ${shown}` }).click();
  await page.getByText(`A test has been sent to slack:${shown}.`).waitFor();
  await receiver.has(1);
  const told = page.getByRole("region", { name: "What you were told" });
  await told.getByText("Runyard: a test").waitFor();

  // Live: nobody asks for it anew.
  await yard.submit("exit 3", { name: "went wrong" });
  await told
    .getByRole("listitem")
    .filter({ hasText: /told\s*Job 1 failed: went wrong/ })
    .waitFor();
  await told.getByRole("link", { name: "Job 1 failed: went wrong" }).click();
  await page.waitForURL(/\/jobs\/1$/);
  await page.goBack();

  await page.getByRole("button", { name: `Remove ${shown}` }).click();
  await page.getByRole("button", { name: "Remove it" }).click();
  await page.getByText("Nowhere yet.").waitFor();
  expect((await yard.client.call("listNoticeTargets")).targets).toEqual([]);
});

test.skipIf(noBrowser)("what the yard refuses is said, and what was typed stays", async () => {
  const yard = await aTellingYard();
  await yard.client.call("setNoticeSettings", { body: { disallow: ["127.0.0.0/8"] } });
  const { page } = await aPanel(yard, { at: AT });
  const adding = page.getByRole("region", { name: "Add a target" });
  await adding.getByLabel("By").selectOption("webhook");
  await adding.getByLabel("Address").fill("http://169.254.169.254/latest");
  await page.keyboard.press("Enter");
  await page
    .getByRole("alert")
    .getByText(/169\.254\.169\.254 is not gone to: its address is link-local/)
    .waitFor();
  expect(await adding.getByLabel("Address").inputValue()).toBe("http://169.254.169.254/latest");
});

test.skipIf(noBrowser)(
  "this browser shows how one's own jobs end and what needs help, once it is turned on, in every tab as one",
  async () => {
    const yard = await aTellingYard();
    const bob = await aUser(yard, "bob");
    const panel = await aPanel(yard, { at: AT });
    const { page, context } = panel;
    await context.grantPermissions(["notifications"], { origin: yard.url() });
    await noteNotifications(context);
    await page.reload();
    const card = page.getByRole("region", { name: "In this browser" });
    await card.getByText("Off", { exact: true }).waitFor();
    await yard.submit("true", { name: "before" });
    await yard.ends(1);
    await card.getByRole("button", { name: "Turn on" }).click();
    await card.getByText("On", { exact: true }).waitFor();
    const other = await panel.tab("/");
    await other.getByRole("row", { name: /before/ }).waitFor();
    await bob.call("submit", {
      body: { work: { kind: "command", command: { kind: "shell", text: "true" } }, cwd: yard.folder, environment: {} },
    });
    await yard.submit("exit 3", { name: "went wrong" });
    await yard.ends(3);
    const failed = expect.stringMatching(/^job 3 \S+ \| Job 3 failed: went wrong \| Of 1 run: 1 failed\.$/);
    for (const tab of [page, other]) await expect.poll(() => shownOn(tab)).toEqual([failed]);
    // The same tag in both: of two with one tag a browser shows one.
    expect((await shownOn(page))[0]).toBe((await shownOn(other))[0]);

    await yard.client.call("setNoticeSettings", { body: { helpAfterMs: 1000 } });
    await yard.client.call("addMachine", {
      body: { name: "lab9", pool: "lab9", login: { host: "127.0.0.1", port: 9, user: "nobody" } },
    });
    await expect
      .poll(() => shownOn(page), { timeout: 40_000 })
      .toEqual([failed, expect.stringMatching(/^trouble \S.* \| Runyard needs help \| lab9 cannot be reached: /)]);
    await page
      .getByRole("region", { name: "What needs help now" })
      .getByText(/lab9 cannot be reached/)
      .waitFor();
    await picture(page, "notifications-help");

    await card.getByRole("button", { name: "Turn off" }).click();
    await card.getByText("Off", { exact: true }).waitFor();
    await yard.submit("true", { name: "after" });
    await yard.ends(4);
    await other.getByRole("row", { name: /succeeded.*after/ }).waitFor();
    expect(await shownOn(page)).toHaveLength(2);
    expect(await shownOn(other)).toHaveLength(2);
  },
  120_000,
);

test.skipIf(noBrowser)("a browser that was told to show nothing says so", async () => {
  const yard = await aTellingYard();
  const { page } = await aPanel(yard, { at: AT });
  const card = page.getByRole("region", { name: "In this browser" });
  // Chromium without a window asks nobody: it says no.
  await card.getByRole("button", { name: "Turn on" }).click();
  await card.getByText("Not allowed").waitFor();
  expect(await card.getByRole("button").count()).toBe(0);
});

test.skipIf(noBrowser)(
  "the page works from a phone to a wall, light and dark, for everybody",
  async () => {
    const { yard } = await aYardThatTells();
    for (const theme of ["light", "dark"] as const) {
      for (const [width, height] of [
        [390, 844],
        [1280, 900],
        [2560, 1440],
      ] as const) {
        const { page } = await aPanel(yard, { at: AT, theme, size: { width, height } });
        const told = page.getByRole("region", { name: "What you were told" });
        await told
          .getByText(/given up/)
          .first()
          .waitFor();
        await told
          .getByText(/It is tried again in|It is tried again now/)
          .first()
          .waitFor();
        expect(await obstacles(page)).toEqual([]);
        const isWide = "document.scrollingElement.scrollWidth > document.scrollingElement.clientWidth";
        expect(await page.evaluate(isWide), `${width}`).toBe(false);
        await picture(page, `notifications-${theme}-${width}`);
      }
    }
  },
  120_000,
);

test.skipIf(noBrowser)("a job that is typed into the form tells of its end", async () => {
  const yard = await aTellingYard();
  const receiver = await aReceiver();
  const { page } = await aPanel(yard, { at: "/new" });
  await page.getByLabel("Command", { exact: true }).fill("exit 3");
  await page.getByText(/being told, how many at once/).click();
  await page.getByLabel("Tell when it has ended").fill(`failed=webhook:${receiver.url}/x`);
  await page.keyboard.press("Control+Enter");
  await page.waitForURL(/\/jobs\/1$/);
  await receiver.has(1);
});

test.skipIf(noBrowser)("how a job of one's own has ended is said on pages that do not show it", async () => {
  const yard = await aYard({ slots: [""] });
  const { page } = await aPanel(yard, { at: "/machines" });
  await page.getByRole("heading", { name: "Machines" }).waitFor();
  await yard.submit("exit 3", { name: "went wrong" });
  const message = page
    .getByRole("region", { name: "Messages" })
    .getByText("Job 1 failed: went wrong. Of 1 run: 1 failed.");
  await message.waitFor();
  await page.getByRole("link", { name: "Open" }).click();
  await page.getByRole("heading", { name: /went wrong/ }).waitFor();
  await yard.client.call("retry", { body: { select: "1" } });
  await until(async () => (await yard.attempts(1)).length === 2, "it has been tried again");
  await yard.ends(1);
  expect(await message.count()).toBe(0);
});
