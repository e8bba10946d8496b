import { expect, test } from "vitest";
import { aYard } from "../helpers/a_yard.ts";
import { until } from "../helpers/until.ts";

test("how long runs and jobs still take is told by what was said, by progress, and by runs that finished", async () => {
  const yard = await aYard({ slots: ["", "", "", "", ""] });
  await yard.submit("until [ -e go ]; do sleep 0.05; done", { expectedMs: 3_600_000 });
  const report = `echo "{\\"t\\":1,\\"kind\\":\\"progress\\",\\"done\\":$i,\\"of\\":4000}" >> "$RUNYARD_EVENTS"`;
  await yard.submit(`i=0; until [ -e go ]; do i=$((i + 1)); ${report}; sleep 0.1; done`);
  const text = 'case "$RUNYARD_RUN" in 3.[123]) sleep 6 ;; *) until [ -e go ]; do sleep 0.05; done ;; esac';
  await yard.submit(text, { work: { kind: "command", command: { kind: "shell", text }, space: { repeat: 5 } } });
  const eta = async (job: number) => (await yard.job(job)).remaining;
  await until(async () => (await eta(1)) !== null && (await eta(2)) !== null, "both are told of", 20_000);
  expect(await eta(1)).toMatchObject({ source: "declared" });
  expect((await eta(1))?.seconds).toBeGreaterThan(3500);
  expect(await eta(2)).toMatchObject({ source: "progress" });
  expect((await yard.run(2)).remaining).toMatchObject({ source: "progress" });
  expect((await yard.cli(["ls"])).stdout).toMatch(/ETA.*\n(.*\n)*.* 1h/);
  expect((await yard.cli(["show", "1"])).stdout).toMatch(/ETA +1h.*, by what was expected/);
  await until(async () => (await yard.run("3.4")).remaining?.source === "finished", "those that finished tell", 20_000);
  await yard.submit("touch go");
  for (const job of [1, 2, 3]) await yard.ends(job);
  expect([await eta(1), (await yard.run(1)).remaining]).toEqual([null, null]);
});

test("runs of other jobs with the same tags tell, where none of its own has finished", async () => {
  const yard = await aYard({ slots: ["", "", ""] });
  await yard.submit("sleep 9", { tags: ["resnet", "short"] });
  await yard.reaches(1, "succeeded");
  const waiting = "until [ -e go ]; do sleep 0.05; done";
  await yard.submit(waiting, { tags: ["short", "resnet"] });
  await yard.submit(waiting, { tags: ["resnet", "long"] });
  const eta = async (job: number) => (await yard.job(job)).remaining;
  await until(async () => (await eta(2)) !== null, "it is told of", 20_000);
  expect(await eta(2)).toMatchObject({ source: "finished" });
  expect(await eta(3)).toBeNull();
  await yard.submit("touch go");
  for (const job of [2, 3]) await yard.ends(job);
});
