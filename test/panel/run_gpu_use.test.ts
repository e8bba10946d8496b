import { writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { aPanel, noBrowser, obstacles, picture } from "../helpers/a_browser.ts";
import { aYard } from "../helpers/a_yard.ts";
import { scriptedGpus } from "../helpers/scripted_gpus.ts";
import { until } from "../helpers/until.ts";

test.skipIf(noBrowser)("a run's page shows how its GPUs were used while it had them", async () => {
  const { gpus, say, environment } = await scriptedGpus(3);
  const [first, second, third] = gpus;
  say({
    gpus: [
      { ...first, percent: 90, used_mib: 12_000 },
      { ...second, percent: 30, used_mib: 3000 },
      // While a GPU cannot be used the agent looks more often.
      { ...third, value: "[Unknown Error]" },
    ],
  });
  const yard = await aYard({ environment });
  await yard.submit("until [ -e go ]; do sleep 0.02; done", { demand: { gpus: 2 } });
  await yard.reaches(1, "running");
  await until(async () => {
    const { workers } = await yard.client.call("runUse", { params: { job: 1, n: 1 }, query: {} });
    return workers[0]?.gpus[1]?.peak.some((peak) => peak === 0.3);
  }, "its GPUs were looked at");
  const { page } = await aPanel(yard, { at: "/jobs/1/runs/1?tab=gpus" });
  const attempt = page.getByRole("region", { name: "Attempt 1, on local" });
  const charts = attempt.getByRole("figure");
  await charts.first().waitFor();
  expect(await charts.count()).toBe(4);
  expect((await charts.nth(0).innerText()).replaceAll(/\s+/g, " ")).toMatch(/^GPU 0, use 90 % 100 % 0 %/);
  expect((await charts.nth(3).innerText()).replaceAll(/\s+/g, " ")).toMatch(/^GPU 1, memory 2\.9 GB 16 GB 0 B/);
  expect(await obstacles(page)).toEqual([]);
  await picture(page, "run_gpu_use");
  writeFileSync(`${yard.folder}/go`, "");
  await yard.reaches(1, "succeeded");
  await yard.submit("true", { demand: { gpus: 0 } });
  await yard.reaches(2, "succeeded");
  await page.goto(`${yard.url()}/jobs/2/runs/1?tab=gpus`);
  await page.getByRole("heading", { name: "It had no GPU" }).waitFor();
});
