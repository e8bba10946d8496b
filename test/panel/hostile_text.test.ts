import { expect, test } from "vitest";
import { aPanel, noBrowser } from "../helpers/a_browser.ts";
import { aYard } from "../helpers/a_yard.ts";
import { until } from "../helpers/until.ts";

/** What would run, or at least become an element, were it taken for HTML anywhere. */
const hostile = `"><img src=x onerror="window.hacked=1" data-hacked><script>window.hacked=1</script>{{7*7}}\u202e\x1b]0;t\x07`;

const tells = `
import json, os, sys
bad = os.environ["BAD"]
def say(**event):
    with open(os.environ["RUNYARD_EVENTS"], "a") as events:
        events.write(json.dumps(event) + "\\n")
for step in range(3):
    say(t=1.0 + step, kind="metric", step=step, values={bad: 0.5, "loss": 1.0 / (1 + step)})
say(t=5.0, kind="progress", done=1, of=2)
say(t=5.0, kind="log", text=bad)
say(t=5.0, kind="result", values={bad: bad, "accuracy": 0.5})
print(bad)
print(bad, file=sys.stderr)
sys.exit(bad if os.environ["RUNYARD_PARAMS"].count("fails") else 0)
`;

test.skipIf(noBrowser)("whatever users write, anywhere, is shown as text", async () => {
  const yard = await aYard({ slots: ["", ""] });
  const { token, secret } = await yard.client.call("createToken", {
    body: { user: hostile, role: "user", label: hostile },
  });
  await yard.client.call("setPool", { params: { pool: "local" }, body: { shared: true } });
  const mallory = yard.clientWith(secret);
  const values = [hostile, "fails"].map((text) => ({ text, json: JSON.stringify(text) }));
  const space = { axes: [{ name: "lr", values: { kind: "list" as const, values } }] };
  const command = { kind: "argv" as const, argv: ["python3", "-c", tells] };
  const { job } = await mallory.call("submit", {
    body: {
      name: hostile,
      work: { kind: "command", command, space },
      tags: [hostile],
      cwd: yard.folder,
      environment: { PATH: process.env["PATH"] ?? "", BAD: hostile },
    },
  });
  await yard.ends(job.id);
  await mallory.call("submit", {
    body: {
      work: { kind: "lines", lines: [[1, `echo '${hostile.replace(/\n/g, "")}'`]] },
      name: hostile,
      cwd: yard.folder,
      environment: {},
      paused: true,
    },
  });
  await mallory.call("submit", {
    body: { work: { kind: "command", command: { kind: "argv", argv: [hostile] } }, cwd: yard.folder, environment: {} },
  });
  await yard.ends(3);
  await yard.client.call("addMachine", { body: { name: "far", pool: hostile, login: { host: "127.0.0.1", port: 9 } } });

  const panel = await aPanel(yard);
  const { page } = panel;
  page.on("dialog", (dialog) => panel.complaints.push(`a dialog: ${dialog.message()}`));
  await page
    .getByRole("link", { name: /onerror/ })
    .first()
    .waitFor();
  const pages = [
    "/",
    `/?search=${encodeURIComponent(hostile)}&tag=${encodeURIComponent(hostile)}`,
    ...["runs", "plots", "failures", "waiting", "definition"].map((tab) => `/jobs/1?tab=${tab}`),
    "/jobs/2",
    "/jobs/3",
    ...["output", "metrics", "files", "attempts"].flatMap((tab) => [
      `/jobs/1/runs/1?tab=${tab}`,
      `/jobs/1/runs/2?tab=${tab}`,
    ]),
    "/jobs/3/runs/1",
    "/machines",
    "/new?from=1",
    "/new?from=2",
    "/notifications",
    `/${encodeURIComponent(hostile)}`,
  ];
  for (const path of pages) {
    await page.goto(`${yard.url()}${path}`);
    await page.getByRole("navigation", { name: "Pages" }).waitFor();
    await until(async () => (await page.getByText(/^Loading/).count()) === 0, `${path} has loaded`);
    const harm = await page.evaluate(() => ({
      hacked: "hacked" in window,
      elements: document.querySelectorAll("[data-hacked], #content script, [onerror]").length,
      isTurned: document.body.innerText.includes("\u202e"),
    }));
    expect({ path, ...harm }).toEqual({ path, hacked: false, elements: 0, isTurned: false });
  }
  await page.goto(`${yard.url()}/jobs/1/runs/1`);
  await page
    .getByRole("log")
    .getByText(/onerror="window\.hacked=1"/)
    .waitFor();
  await yard.client.call("revokeToken", { params: { token: token.id } });
});
