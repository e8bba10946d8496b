import { execFileSync } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { expect, onTestFinished, test } from "vitest";
import { noSmallDisk } from "../helpers/a_small_disk.ts";
import { aYard } from "../helpers/a_yard.ts";
import { until } from "../helpers/until.ts";

/** What a run may do to its own folder, by accident or not. `$F` is that folder. */
const mischief: [string, string][] = [
  ["makes a folder of its events", `mkdir "$F/events.jsonl"; sleep 0.6`],
  ["makes a folder of its output", `rm "$F/out"; mkdir "$F/out"`],
  ["makes a link of its output", `rm "$F/out"; head -c 200000 /dev/zero > big; ln -s "$PWD/big" "$F/out"`],
  ["makes pipes of its files", `rm "$F/out" "$F/pid"; mkfifo "$F/out" "$F/events.jsonl" "$F/pid"; sleep 0.6`],
  ["makes a file of its checkpoints", `rmdir "$F/keep"; echo x > "$F/keep"`],
  ["makes a link of its checkpoints", `rmdir "$F/keep"; ln -s /tmp "$F/keep"`],
  ["writes nonsense where its end will stand", `echo nonsense > "$F/exit"; sleep 0.6`],
  ["removes its folder", `rm -rf "$F"; sleep 0.6`],
  ["makes a file of its folder", `rm -rf "$F"; echo > "$F"; sleep 0.6`],
];

test.each(mischief)("a run that %s ends all the same, and harms no other", async (_, text) => {
  const yard = await aYard({ slots: ["", ""] });
  await yard.submit("until [ -e go ]; do sleep 0.02; done; echo other");
  await yard.reaches(1, "running");
  const agent = yard.agentPid();
  await yard.submit(`F=$(dirname "$RUNYARD_EVENTS"); ${text}; touch done; exit 3`);
  const run = await yard.reaches(2, "failed");
  expect(yard.read("done")).toBe("");
  expect(run.exitCode ?? run.cause?.code).toBeOneOf([3, "lost"]);
  await yard.submit("touch go");
  await yard.reaches(3, "succeeded");
  await yard.reaches(1, "succeeded");
  expect(await yard.output(1)).toBe("other\n");
  expect(yard.agentPid()).toBe(agent);
});

test.skipIf(noSmallDisk !== null)(
  "a folder that cannot be removed keeps no other run from ending, or its folder",
  async () => {
    const yard = await aYard({ slots: [""] });
    await yard.submit(
      `F=$(dirname "$RUNYARD_EVENTS"); mkdir "$F/disk"; mount -t tmpfs none "$F/disk"; echo "$F" > folder`,
    );
    await yard.reaches(1, "succeeded");
    onTestFinished(() => void execFileSync("umount", [`${yard.read("folder").trim()}/disk`]));
    for (const job of [2, 3]) {
      await yard.submit("true");
      await yard.reaches(job, "succeeded");
    }
    await until(() => yard.spooled().length === 1, "the folders of the others are gone");
    expect(yard.log()).toMatch(/1\.1\.1-\w+ cannot be removed: .*remove it by hand/);
  },
);

test("results that cannot be told from the code any more are kept together with it", async () => {
  const yard = await aYard();
  writeFileSync(`${yard.folder}/code.sh`, "echo result > result; until [ -e ../../../../../go ]; do sleep 0.02; done");
  await yard.cli(["run", "--snapshot", "--", "sh", "code.sh"]);
  await yard.reaches(1, "running");
  rmSync(`${yard.home}/files/snapshots`, { recursive: true });
  writeFileSync(`${yard.home}/go`, "");
  await yard.reaches(1, "succeeded");
  const { results } = (await yard.attempts(1))[0] ?? {};
  expect(readFileSync(`${results}/result`, "utf8")).toBe("result\n");
  expect(readFileSync(`${results}/code.sh`, "utf8")).toMatch(/^echo result/);
});
